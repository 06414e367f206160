"""The objects behind expected jobs, and what would become of those that are still in a file."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from watcher.adapters.kubernetes.api import KubeApi, connect
from watcher.adapters.kubernetes.cluster import ClusterSource
from watcher.adapters.kubernetes.facts import CLUSTER, ClusterFacts
from watcher.adapters.kubernetes.preview import draft, preview
from watcher.adapters.manifests.text import manifest
from watcher.app import compose
from watcher.cli import outcome, show, show_expected
from watcher.cli.options import INDENT, PreviewFormat
from watcher.cycles.forecast import Forecast, forecasts
from watcher.diagnosis import catalogue
from watcher.errors import ConfigError
from watcher.model.expectations import Expectations, ExpectedJob
from watcher.model.names import PrometheusName
from watcher.operator.preview import Preview
from watcher.settings import Settings
from watcher.web.document import as_json
from watcher.web.expect_document import preview_document
from watcher.web.expect_sarif import sarif


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


def previewed(settings: Settings, path: Path, namespace: str, output: PreviewFormat) -> int:
    """Print what each Prometheus would make of the monitors in *path*; the exit code."""
    asked, now = draft(path, namespace), compose.clock()
    kube = connect(settings.kubernetes, drafts=asked.objects)
    with show.progress("asking the cluster …"):
        found = preview(kube, settings, asked)
        coming = _forecasts(settings, kube, found, now)
    told = preview_document(asked.refs, found, coming, now)
    match output:
        case PreviewFormat.JSON:
            show.raw(as_json(told, indent=INDENT))
        case PreviewFormat.SARIF:
            show.text(sarif(told, quote(path.as_posix())), None)
        case PreviewFormat.TEXT:
            show_expected.previews(told)
    return outcome.of_previews(told)


def _forecasts(
    settings: Settings, kube: KubeApi | None, found: Sequence[Preview], now: datetime
) -> Mapping[PrometheusName, tuple[Forecast, ...]]:
    """Of the jobs of each Prometheus that would take a monitor, what would become of them."""
    taken = {each.monitor: set[PrometheusName]() for each in found}
    for each in found:
        if each.taken is not False:
            taken[each.monitor].add(each.prometheus)
    expected = ClusterSource(kube, settings).snapshot(now)
    namespaces = settings.kubernetes.namespaces if settings.kubernetes else ()
    return {
        watched.name: forecasts(
            (
                job
                for job in expected.jobs
                if job.prometheus == watched.name
                and job.monitor is not None
                and watched.name in taken.get(job.monitor, ())
            ),
            watched,
            ClusterFacts(kube, namespaces),
            catalogue.causes(),
            CLUSTER,
            settle=settings.settle,
            now=now,
        )
        for watched in expected.prometheuses
    }
