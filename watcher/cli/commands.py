"""The commands and their options. What they print is made in ``show``."""

import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from watcher import __version__
from watcher.app import compose, daemon, recording, telling
from watcher.app.compose import Glance
from watcher.app.settings_check import check
from watcher.cli import codes, show
from watcher.cycles.inspect import Inspect
from watcher.diagnosis import catalogue
from watcher.errors import ConfigError
from watcher.model.names import PoolName, PrometheusName
from watcher.model.results import Result
from watcher.settings import duration, load, of, source
from watcher.web import report
from watcher.web.audit_document import markdown, sarif
from watcher.web.document import as_json, audit_document, document, narrowed

app = typer.Typer(
    name="watcher",
    help="Knows which scrape jobs Prometheus should have, sees when one is gone, and says why.",
    epilog="Exit codes: 0 all well, 1 found something, 2 cannot tell, 3 wrong usage or settings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

INDENT: Final = 2

_NOTHING: Final = (
    "no job is expected, so none can be missed: name a cluster (KUBECONFIG, or kubernetes.kubeconfig"
    " in the settings), a server (--prometheus-url, or prometheuses) or another source (expect)"
)


_NO_HISTORY: Final = "there is no history yet: let `watcher run` watch for a while, and name its settings with --config"


class Format(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


class AuditFormat(StrEnum):
    """How what is at risk is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"


class ReportFormat(StrEnum):
    """How an inspection is printed."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file [env: WATCHER_CONFIG] [./watcher.yaml]."),
]
AsFormat = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]
PrometheusUrl = Annotated[
    str | None,
    typer.Option(help="Look at this server alone, without settings, cluster or store."),
]
Replay = Annotated[Path | None, typer.Option(help="Work from this recording alone, at its moment.")]
Since = Annotated[str, typer.Option(help="How far back, such as 7d or 12h.")]


def _version(wanted: bool) -> None:  # noqa: FBT001 -- the form of a Typer callback
    if wanted:
        typer.echo(f"watcher {__version__}")
        raise typer.Exit


@app.callback()
def _watcher(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which one.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    config: Config = None,
    cycles: Annotated[
        int | None,
        typer.Option(min=1, help="End after so many watches (a snapshot first), without the web."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent, and send nothing.")
    ] = False,
    log_format: Annotated[
        show.LogFormat, typer.Option(help="How log lines are written, on standard error.")
    ] = show.LogFormat.TEXT,
) -> None:
    """Watch on a schedule, keep the history, tell people, serve page and metrics."""
    show.set_up_logging(log_format)
    if not daemon.run(config, cycles=cycles, dry_run=sys.stdout if dry_run else None):
        raise typer.Exit(codes.CANNOT_TELL)


@app.command()
def once(  # noqa: PLR0913, PLR0917 -- each option is a parameter to Typer
    jobs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[JOB]...", help="Only these: globs over pools or monitors."),
    ] = None,
    config: Config = None,
    output: AsFormat = Format.TEXT,
    state: Annotated[
        list[str] | None, typer.Option(help="Only jobs in this state, or `lost`.")
    ] = None,
    prometheus_url: PrometheusUrl = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Let degraded jobs count as found (exit code 1).")
    ] = False,
    replay: Replay = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Look again at every watch interval.")
    ] = False,
) -> int:
    """Look once: compare what should be scraped with what is, and explain what is lost."""
    if watch and replay is not None:
        raise ConfigError("--watch and --replay: a recording does not change; leave one out")
    with ExitStack() as stack:
        glance = opened(config, prometheus_url, stack, replay)
        while True:
            result = _looked(glance)
            told = narrowed(document(result), jobs or (), state or ())
            if jobs and not told.jobs and not state:
                raise ConfigError(
                    f"no expected job is called {', '.join(jobs)}; `watcher once` lists them"
                )
            if output is Format.JSON:
                show.raw(as_json(told, indent=0 if watch else INDENT))
            else:
                show.jobs(told, fresh=watch)
            if not watch:
                return codes.of_jobs(told, result, strict=strict)
            time.sleep(glance.world.settings.watch_interval.total_seconds())


@app.command()
def explain(
    subject: Annotated[str, typer.Argument(metavar="JOB|CODE", help="A job, or a cause's code.")],
    config: Config = None,
    prometheus_url: PrometheusUrl = None,
    replay: Replay = None,
) -> int:
    """Walk a job's links and say which one is broken; or show the page of a cause."""
    if (entry := catalogue.pages().get(subject)) is not None:
        show.page(entry)
        return codes.WELL
    with ExitStack() as stack:
        glance = opened(config, prometheus_url, stack, replay)
        result = _looked(glance)
        told = narrowed(document(result), [subject])
        if not told.jobs:
            raise ConfigError(_no_such(subject, result))
        statuses = {(s.job.prometheus, s.pool): s for s in result.statuses}
        for job in told.jobs:
            status = statuses[PrometheusName(job.prometheus), PoolName(job.pool)]
            show.explanation(job, glance.ladder(result, status))
        return codes.of_jobs(told, result, strict=False)


@app.command()
def audit(
    config: Config = None,
    output: Annotated[
        AuditFormat, typer.Option("--format", "-f", help="How to print.")
    ] = AuditFormat.TEXT,
    prometheus_url: PrometheusUrl = None,
    replay: Replay = None,
) -> int:
    """List what is at risk: well today, and lost after the next change or restart."""
    with ExitStack() as stack:
        glance = opened(config, prometheus_url, stack, replay)
        result = _looked(glance)
        told = audit_document(glance.audit(result))
        match output:
            case AuditFormat.JSON:
                show.raw(as_json(told, indent=INDENT))
            case AuditFormat.MARKDOWN:
                show.text(markdown(told), None)
            case AuditFormat.SARIF:
                show.text(sarif(told, catalogue.risk_pages()), None)
            case AuditFormat.TEXT:
                show.risks(told)
        return codes.of_audit(told, result)


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
    length = stretch("--since", since)
    with ExitStack() as stack:
        settings = load(config)
        store = compose.reading_store(settings, stack)
        glance = Glance(compose.connected(settings), store)
        if store.first_watch() is None:
            show.complain(_NO_HISTORY)
            return codes.CANNOT_TELL
        inspection = Inspect(
            store=store,
            watch_interval=settings.watch_interval,
            audit=lambda: glance.audit(_looked(glance)),
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
    length = stretch("--since", since)
    settings = load(config)
    with ExitStack() as stack:
        store = compose.reading_store(settings, stack)
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


@app.command("check-config")
def check_config(config: Config = None) -> None:
    """Check the settings without asking any server anything, and say which file they are in."""
    written = source(config)
    try:
        check(of(written))
    except ConfigError as error:
        raise ConfigError(written.located(str(error))) from None
    typer.echo(f"Settings are valid: {written}.")


def _no_such(subject: str, result: Result) -> str:
    """That *subject* is nothing that can be explained, and what was likely meant."""
    known = [*catalogue.pages(), *(str(status.pool) for status in result.statuses)]
    near = get_close_matches(subject, known, n=3)
    lists = "`watcher once` lists the jobs, docs/causes.md the causes"
    if near:
        return (
            f"{subject} is neither an expected job nor a cause: did you mean {' or '.join(near)}?"
        )
    return f"{subject} is neither an expected job nor a cause: {lists}"


def opened(
    config: Path | None, url: str | None, stack: ExitStack, replay: Path | None = None
) -> Glance:
    """A glance at what the settings, the URL of one server, or a recording hold."""
    if replay is not None:
        if url is not None or config is not None:
            raise ConfigError("--replay: it works from the recording alone; leave out the others")
        return recording.replayed(replay)
    if url is not None and config is not None:
        raise ConfigError("--prometheus-url and --config: name one of them, not both")
    if url is not None:
        return compose.glance_at_url(url)
    return compose.glance(load(config), stack)


def _looked(glance: Glance) -> Result:
    with show.progress("looking …"):
        result = glance.result(glance.clock())
    nothing = result.expectations is not None and not result.expectations.jobs
    if nothing and not result.unreadable:  # else that is why
        show.complain(_NOTHING)
    return result


def stretch(option: str, said: str) -> timedelta:
    """The duration that *option* says. Raises ConfigError for a text of another form."""
    try:
        found = duration(said)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
    if not isinstance(found, timedelta) or found <= timedelta(0):
        raise ConfigError(f"{option}: expected a duration such as 7d, got {said!r}")
    return found
