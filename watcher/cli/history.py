"""``watcher inspect`` and ``incidents``: what the store remembers."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from watcher.cli import codes
from watcher.cli.options import AsFormat, Config, Format, ReportFormat, Since, app

_NO_HISTORY: Final = "there is no history yet: let `watcher run` watch for a while, and name its settings with --config"


@app.command()
def inspect(
    config: Config = None,
    since: Since = "7d",
    output: Annotated[
        ReportFormat, typer.Option("--format", "-f", help="How to print.")
    ] = ReportFormat.MARKDOWN,
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead.")
    ] = None,
) -> int:
    """Sum up what happened: coverage, lost and recovered jobs, what is at risk, how long blind."""
    from watcher.app import compose, stores, telling
    from watcher.cli import show
    from watcher.cli.durations import stretch
    from watcher.cli.looking import looked
    from watcher.cycles.inspect import Inspect
    from watcher.settings import load
    from watcher.web import report

    length = stretch("--since", since)
    with ExitStack() as stack:
        settings = load(config)
        store = stores.reading_store(settings, stack)
        glance = compose.Glance(compose.connected(settings), store)
        if store.first_watch() is None:
            show.complain(_NO_HISTORY)
            return codes.CANNOT_TELL
        inspection = Inspect(
            store=store,
            watch_interval=settings.watch_interval,
            audit=lambda: glance.audit(looked(glance)),
            windows=telling.windows(settings),
            clock=compose.clock,
        ).over(length)
        match output:
            case ReportFormat.HTML:
                show.text(report.html(inspection), to)
            case ReportFormat.MARKDOWN:
                show.text(report.markdown(inspection), to)
            case ReportFormat.JSON:
                show.text(report.as_json(inspection).decode(), to)
        return codes.FOUND if inspection.lost else codes.WELL


@app.command()
def incidents(config: Config = None, since: Since = "7d", output: AsFormat = Format.TEXT) -> int:
    """List the incidents that the store knows."""
    from watcher.app import compose, stores
    from watcher.cli import show
    from watcher.cli.durations import stretch
    from watcher.settings import load
    from watcher.web import report

    length = stretch("--since", since)
    settings = load(config)
    with ExitStack() as stack:
        store = stores.reading_store(settings, stack)
        if store.first_watch() is None:
            show.complain(_NO_HISTORY)
            return codes.CANNOT_TELL
        now = compose.clock()
        found = store.incidents(now - length, now)
        if output is Format.JSON:
            show.raw(report.incidents_json(found, now))
        else:
            show.incidents(found, now)
        return codes.FOUND if any(i.ends_at is None for i in found) else codes.WELL
