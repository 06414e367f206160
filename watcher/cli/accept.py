"""``watcher accept``: say that what is gone was meant to go."""

from contextlib import ExitStack
from typing import Annotated

import typer

from watcher.cli import codes
from watcher.cli.options import Config, app
from watcher.errors import ConfigError


@app.command()
def accept(
    jobs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[JOB]...", help="These: globs over pools or monitors."),
    ] = None,
    config: Config = None,
    all_in: Annotated[
        str | None,
        typer.Option(metavar="NAMESPACE", help="Every removal of monitors in this namespace."),
    ] = None,
) -> int:
    """Accept removals: a job that is no longer declared is forgotten at once, not after retire_after."""
    if bool(jobs) == bool(all_in):
        raise ConfigError(
            "name the JOBs whose removal is meant, or --all-in NAMESPACE: one of them"
        )
    from watcher.app.stores import accepting
    from watcher.settings import load

    settings = load(config)
    with ExitStack() as stack:
        removals = accepting(settings, stack)
        accepted = removals.all_in(all_in) if all_in else removals.named(jobs or ())
    for job in sorted(accepted, key=lambda job: (job.prometheus, job.pool)):
        typer.echo(f"accepted: {job.prometheus} {job.pool}")
    if not accepted:
        typer.echo(f"nothing in namespace {all_in} is gone")
    return codes.WELL
