"""``watcher run``, ``once``, ``explain``, ``audit`` and ``check-config``."""

import sys
import time
from contextlib import ExitStack
from typing import Annotated

import typer

from watcher.cli import codes, logs
from watcher.cli.options import (
    INDENT,
    AsFormat,
    AuditFormat,
    Config,
    Format,
    PrometheusUrl,
    Replay,
    app,
)
from watcher.errors import ConfigError


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
        logs.LogFormat, typer.Option(help="How log lines are written, on standard error.")
    ] = logs.LogFormat.TEXT,
) -> None:
    """Watch on a schedule, keep the history, tell people, serve page and metrics."""
    from watcher.app import daemon

    logs.set_up_logging(log_format)
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
    from watcher.cli import outcome, show
    from watcher.cli.looking import looked, opened
    from watcher.web.document import as_json, document, narrowed

    with ExitStack() as stack:
        glance = opened(config, prometheus_url, stack, replay)
        while True:
            result = looked(glance)
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
                return outcome.of_jobs(told, result, strict=strict)
            time.sleep(glance.world.settings.watch_interval.total_seconds())


@app.command()
def explain(
    subject: Annotated[str, typer.Argument(metavar="JOB|CODE", help="A job, or a cause's code.")],
    config: Config = None,
    prometheus_url: PrometheusUrl = None,
    replay: Replay = None,
) -> int:
    """Walk a job's links and say which one is broken; or show the page of a cause."""
    from watcher.diagnosis import catalogue

    if (entry := catalogue.entry(subject)) is not None:
        from watcher.cli.show_page import page

        page(entry)
        return codes.WELL
    from watcher.cli import outcome, show
    from watcher.cli.looking import looked, no_such, opened
    from watcher.model.names import PoolName, PrometheusName
    from watcher.web.document import document, narrowed

    with ExitStack() as stack:
        glance = opened(config, prometheus_url, stack, replay)
        result = looked(glance)
        told = narrowed(document(result), [subject])
        if not told.jobs:
            raise ConfigError(no_such(subject, result))
        statuses = {(s.job.prometheus, s.pool): s for s in result.statuses}
        for job in told.jobs:
            status = statuses[PrometheusName(job.prometheus), PoolName(job.pool)]
            show.explanation(job, glance.ladder(result, status))
        return outcome.of_jobs(told, result, strict=False)


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
    from watcher.cli import outcome, show
    from watcher.cli.looking import looked, opened
    from watcher.diagnosis import catalogue
    from watcher.web.audit_document import markdown, sarif
    from watcher.web.document import as_json, audit_document

    with ExitStack() as stack:
        glance = opened(config, prometheus_url, stack, replay)
        result = looked(glance)
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
        return outcome.of_audit(told, result)


@app.command("check-config")
def check_config(config: Config = None) -> None:
    """Check the settings without asking any server anything, and say which file they are in."""
    from watcher.app.settings_check import check
    from watcher.settings import of, outdated, source

    written = source(config)
    try:
        settings = of(written)
        check(settings)
    except ConfigError as error:
        raise ConfigError(written.located(str(error))) from None
    typer.echo(f"Settings are valid: {written}.")
    for line in outdated(settings):
        typer.echo(line)
