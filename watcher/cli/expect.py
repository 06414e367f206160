"""``watcher expect``: what should be scraped, and whether a monitor still in a file would be."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from watcher.adapters.kubernetes.api import connect
from watcher.adapters.kubernetes.preview import draft, preview
from watcher.adapters.manifests.text import manifest
from watcher.app import compose
from watcher.cli import codes, show, show_expected
from watcher.cli.commands import INDENT, AsFormat, Config, Format, app
from watcher.engine.choose import chosen
from watcher.engine.pins import united
from watcher.errors import ConfigError
from watcher.model.expectations import Expectations, ExpectedJob
from watcher.settings import Settings, load
from watcher.web.document import as_json
from watcher.web.expect_document import expect_document, preview_document


@app.command()
def expect(
    jobs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[JOB]...", help="Only these: globs over pools or monitors."),
    ] = None,
    config: Config = None,
    output: AsFormat = Format.TEXT,
    as_manifest: Annotated[
        bool,
        typer.Option("--manifest", help="Print the last seen objects, ready for kubectl apply."),
    ] = False,
    monitor: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Say who would select and accept the monitors in FILE, - for stdin.",
        ),
    ] = None,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Of what names none in --monitor FILE.")
    ] = "default",
) -> int:
    """List what should be scraped and who says so; or ask what would become of a new monitor."""
    settings = load(config)
    if monitor is not None:
        if jobs or as_manifest:
            raise ConfigError("--monitor: alone; it goes neither with JOB nor with --manifest")
        return _preview(settings, monitor, namespace, output)
    with ExitStack() as stack:
        now = compose.clock()
        with show.progress("reading what should be scraped …"):
            expected = compose.glance(settings, stack).snapshot(now).expectations
        found = chosen(united(expected.jobs), jobs or ())
        if as_manifest:
            if not jobs:
                raise ConfigError("--manifest: name the JOB whose object is wanted")
            show.text("---\n".join(_manifests(found, expected)), None)
            return codes.WELL
        told = expect_document(expected, found, now)
        if output is Format.JSON:
            show.raw(as_json(told, indent=INDENT))
        else:
            show_expected.expected(told)
        return codes.of_expected(expected)


def _manifests(jobs: tuple[ExpectedJob, ...], expected: Expectations) -> list[str]:
    """One document for each monitor behind *jobs*."""
    monitors = dict.fromkeys(job.monitor for job in jobs if job.monitor is not None)
    found = [manifest(raw) for ref in monitors if (raw := expected.objects.get(ref)) is not None]
    if not found:
        asks = ", ".join(sorted({job.origin.value for job in jobs}))
        raise ConfigError(
            f"{jobs[0].pool}: no object of it was ever seen, since it is expected by: {asks}"
        )
    return found


def _preview(settings: Settings, path: Path, namespace: str, output: Format) -> int:
    asked = draft(path, namespace)
    with show.progress("asking the cluster …"):
        found = preview(connect(settings.kubernetes), settings, asked)
    told = preview_document(asked.refs, found, compose.clock())
    if output is Format.JSON:
        show.raw(as_json(told, indent=INDENT))
    else:
        show_expected.previews(told)
    return codes.of_previews(told)
