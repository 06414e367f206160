"""``watcher mute``, ``mutes`` and ``unmute``: what need not be told for a while, and why."""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from watcher.adapters.sql.opening import SqlStore, open_store
from watcher.app import compose, telling
from watcher.app.mutes import Mutes
from watcher.cli import codes, show
from watcher.cli.commands import Config, app
from watcher.engine.muting import parsed
from watcher.errors import ConfigError
from watcher.model.mutes import Mute
from watcher.settings import Settings, duration, load


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
    with ExitStack() as stack:
        made = _mutes(config, stack).make(parsed(matchers), _duration(lasts), reason)
    typer.echo(f"muted {_line(made)}")
    return codes.WELL


@app.command()
def mutes(config: Config = None) -> int:
    """List the mutes in force, those of the settings too."""
    with ExitStack() as stack:
        settings = load(config)
        store = compose.reading_store(settings, stack)
        if store.first_watch() is None:
            show.complain(
                f"{store.place}: no watch is in this store yet: name the settings of the"
                " watcher that you mean with --config"
            )
        held = _of(settings, store).listed()
    for each in held:
        typer.echo(_line(each))
    typer.echo(f"{len(held)} mutes")
    return codes.WELL


@app.command()
def unmute(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `watcher mutes` lists it.")],
    config: Config = None,
) -> int:
    """End a mute before its time."""
    with ExitStack() as stack:
        ended = _mutes(config, stack).end(id_)
    typer.echo(f"ended {_line(ended)}")
    return codes.WELL


def _mutes(config: Path | None, stack: ExitStack) -> Mutes:
    settings = load(config)
    store = stack.enter_context(open_store(settings.store, settings.retention, make=False))
    return _of(settings, store)


def _of(settings: Settings, store: SqlStore) -> Mutes:
    return Mutes(store=store, windows=telling.windows(settings), clock=compose.clock)


def _duration(said: str) -> timedelta:
    try:
        found = duration(said)
    except ValueError as error:
        raise ConfigError(f"--for: {error}") from None
    return found if isinstance(found, timedelta) else timedelta(0)


def _line(one: Mute) -> str:
    match = " ".join(f"{name}={glob}" for name, glob in one.match)
    return f"{one.id}: {match} until {one.until:%Y-%m-%d %H:%M} UTC: {one.reason}"
