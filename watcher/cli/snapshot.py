"""``watcher snapshot``: all jobs before an upgrade, and what became of them after it."""

from contextlib import ExitStack
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from watcher.cli import codes
from watcher.cli.options import INDENT, Config, PrometheusUrl, app
from watcher.errors import ConfigError

group: Final = typer.Typer(
    help="Save all jobs with their states, and later tell what became of them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(group, name="snapshot")


class DiffFormat(StrEnum):
    """How a difference is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


@group.command()
def save(
    file: Annotated[Path, typer.Argument(help="Where to write it, - for standard output.")],
    config: Config = None,
    prometheus_url: PrometheusUrl = None,
) -> int:
    """Look once, and write every expected job with its state and numbers of targets to FILE."""
    from watcher.cli import show
    from watcher.cli.looking import opened
    from watcher.cli.moments import moment
    from watcher.web.snapshot_document import as_file

    with ExitStack() as stack:
        now = moment(opened(config, prometheus_url, stack))
    show.text(as_file(now), None if str(file) == "-" else file)
    if not now.complete:
        show.complain("not everything could be read: see `watcher once`")
    return codes.WELL if now.complete and now.jobs else codes.CANNOT_TELL


@group.command()
def diff(
    file: Annotated[Path, typer.Argument(help="The snapshot from before.")],
    file2: Annotated[
        Path | None, typer.Argument(help="The one from after; absent: as it is now.")
    ] = None,
    config: Config = None,
    prometheus_url: PrometheusUrl = None,
    wait: Annotated[
        str | None,
        typer.Option(help="Look again until nothing is lost or worse, for as long as 10m."),
    ] = None,
    output: Annotated[
        DiffFormat, typer.Option("--format", "-f", help="How to print.")
    ] = DiffFormat.TEXT,
) -> int:
    """Tell what became of every job since FILE; exit code 1 when one was lost or is worse."""
    from watcher.cli import outcome, show
    from watcher.cli.durations import stretch
    from watcher.cli.looking import opened
    from watcher.cli.moments import awaited, read
    from watcher.engine.difference import differences
    from watcher.web.document import as_json
    from watcher.web.snapshot_document import difference_document, markdown

    before = read(file)
    if file2 is not None:
        if wait is not None:
            raise ConfigError("--wait: only without FILE2, which does not change by waiting")
        after = read(file2)
        told = difference_document(before, after, differences(before, after))
    else:
        patience = timedelta(0) if wait is None else stretch("--wait", wait)
        with ExitStack() as stack:
            told = awaited(before, opened(config, prometheus_url, stack), patience)
    match output:
        case DiffFormat.TEXT:
            show.differences(told)
        case DiffFormat.MARKDOWN:
            show.text(markdown(told), None)
        case DiffFormat.JSON:
            show.raw(as_json(told, indent=INDENT))
    return outcome.of_differences(told)
