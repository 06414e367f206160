"""The objects behind expected jobs, and what would become of those that are still in a file."""

from pathlib import Path

from watcher.adapters.kubernetes.api import connect
from watcher.adapters.kubernetes.preview import draft, preview
from watcher.adapters.manifests.text import manifest
from watcher.app import compose
from watcher.cli import outcome, show, show_expected
from watcher.cli.options import INDENT, Format
from watcher.errors import ConfigError
from watcher.model.expectations import Expectations, ExpectedJob
from watcher.settings import Settings
from watcher.web.document import as_json
from watcher.web.expect_document import preview_document


def manifests(jobs: tuple[ExpectedJob, ...], expected: Expectations) -> list[str]:
    """One document for each monitor behind *jobs*."""
    monitors = dict.fromkeys(job.monitor for job in jobs if job.monitor is not None)
    found = [manifest(raw) for ref in monitors if (raw := expected.objects.get(ref)) is not None]
    if not found:
        asks = ", ".join(sorted({job.origin.value for job in jobs}))
        raise ConfigError(
            f"{jobs[0].pool}: no object of it was ever seen, since it is expected by: {asks}"
        )
    return found


def previewed(settings: Settings, path: Path, namespace: str, output: Format) -> int:
    """Print what each Prometheus would make of the monitors in *path*; the exit code."""
    asked = draft(path, namespace)
    with show.progress("asking the cluster …"):
        found = preview(connect(settings.kubernetes), settings, asked)
    told = preview_document(asked.refs, found, compose.clock())
    if output is Format.JSON:
        show.raw(as_json(told, indent=INDENT))
    else:
        show_expected.previews(told)
    return outcome.of_previews(told)
