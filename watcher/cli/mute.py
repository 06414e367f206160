"""``watcher mute``, ``mutes`` and ``unmute``: what need not be told for a while, and why."""

from contextlib import ExitStack
from typing import Annotated

import typer

from watcher.cli import codes
from watcher.cli.options import Config, app


@app.command()
def mute(
    matchers: Annotated[
        list[str],
        typer.Argument(metavar="NAME=GLOB...", help="All must fit, such as namespace=payments."),
    ],
    lasts: Annotated[str, typer.Option("--for", help="For how long, such as 2h.")],
    reason: Annotated[str, typer.Option(help="Why, for those who read the inspection.")],
    config: Config = None,
) -> int:
    """Tell nobody of losses that fit, for a while. They are still seen, shown and counted."""
    from watcher.cli.durations import stretch
    from watcher.cli.kept_mutes import line, opened
    from watcher.engine.muting import parsed

    with ExitStack() as stack:
        made = opened(config, stack).make(parsed(matchers), stretch("--for", lasts), reason)
    typer.echo(f"muted {line(made)}")
    return codes.WELL


@app.command()
def mutes(config: Config = None) -> int:
    """List the mutes in force, those of the settings too."""
    from watcher.app.stores import reading_store
    from watcher.cli import show
    from watcher.cli.kept_mutes import line, of_store
    from watcher.settings import load

    with ExitStack() as stack:
        settings = load(config)
        store = reading_store(settings, stack)
        if store.first_watch() is None:
            show.complain(
                f"{store.place}: no watch is in this store yet: name the settings of the"
                " watcher that you mean with --config"
            )
        held = of_store(settings, store).listed()
    for each in held:
        typer.echo(line(each))
    typer.echo(f"{len(held)} mute{'' if len(held) == 1 else 's'}")
    return codes.WELL


@app.command()
def unmute(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `watcher mutes` lists it.")],
    config: Config = None,
) -> int:
    """End a mute before its time."""
    from watcher.cli.kept_mutes import line, opened

    with ExitStack() as stack:
        ended = opened(config, stack).end(id_)
    typer.echo(f"ended {line(ended)}")
    return codes.WELL
