"""``watcher snapshot``: all jobs before an upgrade, and what became of them after it."""

import time
from contextlib import ExitStack
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from watcher.app import compose
from watcher.cli import codes, show
from watcher.cli.commands import INDENT, Config, PrometheusUrl, app, opened, stretch
from watcher.engine.difference import differences, saved
from watcher.errors import ConfigError
from watcher.model.saved import Saved
from watcher.web.document import as_json
from watcher.web.snapshot_document import (
    DifferenceDocument,
    as_file,
    difference_document,
    markdown,
    of_file,
)

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
    with ExitStack() as stack:
        now = _look(opened(config, prometheus_url, stack))
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
    before = _read(file)
    if file2 is not None:
        if wait is not None:
            raise ConfigError("--wait: only without FILE2, which does not change by waiting")
        after = _read(file2)
        told = difference_document(before, after, differences(before, after))
    else:
        patience = timedelta(0) if wait is None else stretch("--wait", wait)
        with ExitStack() as stack:
            told = _awaited(before, opened(config, prometheus_url, stack), patience)
    match output:
        case DiffFormat.TEXT:
            show.differences(told)
        case DiffFormat.MARKDOWN:
            show.text(markdown(told), None)
        case DiffFormat.JSON:
            show.raw(as_json(told, indent=INDENT))
    return codes.of_differences(told)


def _awaited(before: Saved, glance: compose.Glance, patience: timedelta) -> DifferenceDocument:
    """Look until nothing is worse than it was, or *patience* is over."""
    end = time.monotonic() + patience.total_seconds()
    pause = glance.world.settings.watch_interval.total_seconds()
    while True:
        after = _look(glance)
        told = difference_document(before, after, differences(before, after))
        left = end - time.monotonic()
        if left <= 0 or not (told.bad or told.doubtful):
            return told
        show.complain(f"{told.counts['lost']} lost, {told.counts['worse']} worse: looking again")
        time.sleep(min(pause, left))


def _look(glance: compose.Glance) -> Saved:
    with show.progress("looking …"):
        return saved(glance.result(compose.clock(), lambda _: False))


def _read(path: Path) -> Saved:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(
            f"{path}: cannot be read: {reason}; name a file of `watcher snapshot save`"
        ) from None
    return of_file(text, str(path))
