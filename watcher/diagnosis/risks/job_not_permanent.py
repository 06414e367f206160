"""A job runs that no custom resource explains, and the operator will not write it again.

## Meaning

The operator writes the whole configuration from the custom resources. A job that stands only in what
Prometheus has loaded was put there by hand (into the Secret, or the pod), and is gone at the next
change of anything.

## Evidence

The job stands in the running configuration since some while; no monitor that this Prometheus selects
makes it, and its resource has no additional scrape configs from which it could come. Where a monitor
of that name is there and its selection cannot be told, nothing is said.

## Fix

Write it as a ServiceMonitor, PodMonitor, Probe or ScrapeConfig.

## Not to be confused with

`mount-not-in-cr`: there the job is permanent and the files that it needs are not.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, Lacking, RiskRule, needing
from watcher.diagnosis.rules import _where
from watcher.model.expectations import Origin
from watcher.model.facts import MONITORS, NAMESPACES, PROMETHEUS
from watcher.model.findings import Confidence, Evidence, FixStep, Risk
from watcher.model.kube import KubeObject, value
from watcher.model.names import PoolName
from watcher.model.observations import ServerObservation
from watcher.operator.names import parse_pool

SETTLED: Final = timedelta(minutes=15)
"""How long a configuration must have stood, so that no change is on its way."""

_ELSEWHERE: Final = ("additionalScrapeConfigs", "scrapeConfigs")
_SELECTORS: Final = (
    "serviceMonitorSelector",
    "podMonitorSelector",
    "probeSelector",
    "scrapeConfigSelector",
)


def check(ground: Ground) -> Iterator[Risk]:
    """Find the running jobs that nobody asked for.

    Raises Lacking, after what is told, where only what cannot be read may explain the others.
    """
    prometheus = ground.read(PROMETHEUS)
    if prometheus is None or not ground.statuses or not _writes_all(prometheus):
        return
    lacking: list[Lacking] = []
    for pool, server in sorted(_unasked(ground).items()):
        try:
            explained = _may_be_asked_for(ground, pool)
        except Lacking as unread:
            lacking.append(unread)
            continue
        if not explained:
            yield _risk(ground, prometheus, pool, server)
    if lacking:
        raise lacking[0]


def _unasked(ground: Ground) -> dict[PoolName, ServerObservation]:
    """The running jobs of no known demand, each with a server whose configuration has settled."""
    declared = (s for s in ground.statuses if s.job.origin is not Origin.LEARNED)
    asked = {name for s in declared for name in (s.pool, *s.job.names)}
    found: dict[PoolName, ServerObservation] = {}
    for server in ground.observation.readable if ground.observation else ():
        if server.loaded_at is None or ground.now - server.loaded_at < SETTLED:
            continue
        for pool in server.jobs.keys() - asked:
            found.setdefault(pool, server)
    return found


def _risk(
    ground: Ground, prometheus: KubeObject, pool: PoolName, server: ServerObservation
) -> Risk:
    return risk(
        ground,
        RULE.code,
        pool=pool,
        summary=f"{pool} runs and no custom resource explains it; the next change that the"
        " operator writes takes it away",
        evidence=(
            Evidence(
                seen=f"{pool} is in the running configuration",
                where=_where.asked(server, "status/config"),
            ),
            Evidence(
                seen=f"no monitor that {ground.name} selects makes a job of that name, and the"
                " resource has no additional scrape configs",
                where=prometheus.kubectl("-o jsonpath='{.spec.additionalScrapeConfigs}'"),
            ),
        ),
        fix=(FixStep(do="Write it as a monitor or ScrapeConfig that this Prometheus selects"),),
        confidence=Confidence.LIKELY,
        proof=f"configuration of {ground.name}",
    )


def _may_be_asked_for(ground: Ground, pool: PoolName) -> bool:
    """Whether a monitor of which the pool may be is there, or is where nobody looked.

    Not one of which it is known that this Prometheus does not select it, or makes other jobs of it.
    Raises Lacking where monitors, or the namespaces that were looked into, could not be read.
    """
    parsed = parse_pool(pool)
    if parsed is None:
        return False
    if all(namespace.name != parsed.namespace for namespace in ground.read(NAMESPACES)):
        return True
    there = {f"{monitor.kind} {monitor.full_name}" for monitor in ground.read(MONITORS)}
    judged = {str(status.job.monitor) for status in ground.statuses}
    judged.update(str(unselected.monitor) for unselected in ground.unselected)
    named = {f"{kind} {parsed.namespace}/{parsed.name}" for kind in parsed.kinds}
    return bool(named & there - judged)


def _writes_all(prometheus: KubeObject) -> bool:
    """Whether the operator writes all jobs, and all of them from monitors."""
    spec = prometheus.spec
    managed = any(value(spec, field) is not None for field in _SELECTORS)
    return managed and not any(value(spec, field) for field in _ELSEWHERE)


RULE = RiskRule(
    code="job-not-permanent", needs=needing(PROMETHEUS, MONITORS, NAMESPACES), check=check
)
