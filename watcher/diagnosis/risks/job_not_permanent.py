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

from datetime import timedelta
from typing import Final

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.diagnosis.rules import _where
from watcher.model.expectations import Origin
from watcher.model.facts import MONITORS, PROMETHEUS
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


def check(ground: Ground) -> tuple[Risk, ...]:
    """Find the running jobs that nobody asked for."""
    prometheus = ground.read(PROMETHEUS)
    if prometheus is None or not ground.statuses or not _writes_all(prometheus):
        return ()
    declared = (s for s in ground.statuses if s.job.origin is not Origin.LEARNED)
    asked = {name for s in declared for name in (s.pool, *s.job.names)}
    found: dict[PoolName, ServerObservation] = {}
    for server in ground.observation.readable if ground.observation else ():
        if server.loaded_at is None or ground.now - server.loaded_at < SETTLED:
            continue
        for pool in server.jobs.keys() - asked:
            found.setdefault(pool, server)
    doubtful = _doubtful(ground) if found else frozenset()
    return tuple(
        risk(
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
        for pool, server in sorted(found.items())
        if not doubtful.intersection(_monitors_of(pool))
    )


def _doubtful(ground: Ground) -> frozenset[str]:
    """Monitors of which it is not known whether this Prometheus selects them, as ``Kind ns/name``.

    Raises Lacking where there may be monitors that could not be read.
    """
    there = {f"{monitor.kind} {monitor.full_name}" for monitor in ground.read(MONITORS)}
    judged = {str(status.job.monitor) for status in ground.statuses}
    judged.update(str(unselected.monitor) for unselected in ground.unselected)
    return frozenset(there - judged)


def _monitors_of(pool: PoolName) -> tuple[str, ...]:
    """The monitors that a pool of that name may be of."""
    parsed = parse_pool(pool)
    if parsed is None:
        return ()
    return tuple(f"{kind} {parsed.namespace}/{parsed.name}" for kind in parsed.kinds)


def _writes_all(prometheus: KubeObject) -> bool:
    """Whether the operator writes all jobs, and all of them from monitors."""
    spec = prometheus.spec
    managed = any(value(spec, field) is not None for field in _SELECTORS)
    return managed and not any(value(spec, field) for field in _ELSEWHERE)


RULE = RiskRule(code="job-not-permanent", needs=needing(PROMETHEUS, MONITORS), check=check)
