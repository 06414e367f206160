"""``watcher expect``: what should be scraped, and whether a monitor still in a file would be."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli import codes
from watcher.cli.options import INDENT, Config, PreviewFormat, app
from watcher.errors import ConfigError


@app.command()
def expect(
    jobs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[JOB]...", help="Only these: globs over pools or monitors."),
    ] = None,
    config: Config = None,
    output: Annotated[
        PreviewFormat, typer.Option("--format", "-f", help="How to print; sarif: with --monitor.")
    ] = PreviewFormat.TEXT,
    as_manifest: Annotated[
        bool,
        typer.Option("--manifest", help="Print the last seen objects, ready for kubectl apply."),
    ] = False,
    monitor: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Say what would become of the monitors in FILE, - for stdin: who would select and"
            " accept them, and whether they would find targets.",
        ),
    ] = None,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Of what names none in --monitor FILE.")
    ] = "default",
) -> int:
    """List what should be scraped and who says so; or ask what would become of a new monitor."""
    from watcher.app import compose
    from watcher.cli import expected_objects, outcome, show, show_expected
    from watcher.engine.choose import chosen
    from watcher.engine.pins import united
    from watcher.settings import load
    from watcher.web.document import as_json
    from watcher.web.expect_document import expect_document

    settings = load(config)
    if monitor is not None:
        if jobs or as_manifest:
            raise ConfigError("--monitor: alone; it goes neither with JOB nor with --manifest")
        return expected_objects.previewed(settings, monitor, namespace, output)
    if output is PreviewFormat.SARIF:
        raise ConfigError("--format sarif: with --monitor FILE alone")
    with ExitStack() as stack:
        now = compose.clock()
        with show.progress("reading what should be scraped …"):
            expected = compose.glance(settings, stack).snapshot(now).expectations
        found = chosen(united(expected.jobs), jobs or ())
        if as_manifest:
            if not jobs:
                raise ConfigError("--manifest: name the JOB whose object is wanted")
            show.text("---\n".join(expected_objects.manifests(found, expected)), None)
            return codes.WELL
        told = expect_document(expected, found, now)
        if output is PreviewFormat.JSON:
            show.raw(as_json(told, indent=INDENT))
        else:
            show_expected.expected(told)
        return outcome.of_expected(expected)
