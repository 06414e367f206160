"""A job never had a target, and what it seems to mean is elsewhere.

## Meaning

A monitor that finds nothing from its first day on is no loss and never alerts: a typing error in a
selector or a namespace. Many are quite as they should be (the control plane of a managed cluster);
so this speaks up only where there is something that the monitor seems to mean.

## Evidence

The job is *dormant*: no target now, none in the watcher's memory, none in the TSDB. Its selector
matches a Service in a namespace where it does not look.

## Fix

Name that namespace in `namespaceSelector` of the monitor, if that Service is meant.

## Not to be confused with

`no-matching-service`: there the job had targets once.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.risks._services import looked_for, matching
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.model.comparison import JobState, JobStatus
from watcher.model.facts import MONITORS, PROMETHEUS, SERVICES
from watcher.model.findings import Confidence, Evidence, FixStep, Risk
from watcher.model.kube import KubeObject, flag


def check(ground: Ground) -> tuple[Risk, ...]:
    """Look for the Services that dormant jobs may mean."""
    # One with targets is dormant as its own metric relabelling drops all that they tell.
    idle = [s for s in ground.statuses if s.state is JobState.DORMANT and not s.targets.active]
    dormant = [s for s in idle if s.job.monitor]
    prometheus = ground.read(PROMETHEUS) if dormant else None
    if prometheus is None:
        return ()
    monitors = {f"{m.kind} {m.full_name}": m for m in ground.read(MONITORS)}
    services = ground.read(SERVICES)
    found: list[Risk] = []
    for status in dormant:
        monitor = monitors.get(str(status.job.monitor))
        if monitor is not None:
            found += _risks(ground, prometheus, monitor, status, services)
    return tuple(found)


def _risks(
    ground: Ground,
    prometheus: KubeObject,
    monitor: KubeObject,
    status: JobStatus,
    services: tuple[KubeObject, ...],
) -> Iterator[Risk]:
    looked = looked_for(monitor, prometheus)
    if looked is None or not looked[0].requirements:
        return
    wanted, place = looked
    every = matching(services, wanted)
    if not every or any(place.reaches(service.namespace) for service in every):
        return
    first = every[0]
    # Also where the monitor asks for its own namespace alone: another wish would be set aside.
    forbidden = flag(prometheus.raw, "spec", "ignoreNamespaceSelectors")
    mend = (
        f"create the monitor in {first.namespace}: {prometheus.full_name} sets namespaceSelector"
        " aside (ignoreNamespaceSelectors)"
        if forbidden
        else f"name {first.namespace} in namespaceSelector.matchNames"
    )
    yield risk(
        ground,
        RULE.code,
        pool=status.pool,
        summary=f"{status.pool} never had a target; Service {first.full_name} matches its selector"
        f" and {status.job.monitor} does not look in that namespace",
        evidence=(
            Evidence(
                seen=f"Service {first.full_name} has {wanted}",
                where=first.kubectl("--show-labels"),
            ),
            Evidence(
                seen=f"{status.job.monitor} looks in {', '.join(place.namespaces or ())}",
                where=monitor.kubectl("-o jsonpath='{.spec.namespaceSelector}'"),
            ),
        ),
        fix=(
            FixStep(
                do=f"If that Service is meant, {mend}",
                command=f"kubectl -n {quote(monitor.namespace)} edit {monitor.kind.lower()} {quote(monitor.name)}",
            ),
        ),
        confidence=Confidence.POSSIBLE,
    )


RULE = RiskRule(
    code="never-had-targets", needs=needing(MONITORS, PROMETHEUS, SERVICES), check=check
)
