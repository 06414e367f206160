"""A job never had a target, and what it seems to mean is elsewhere.

## Meaning

A monitor that finds nothing from its first day on is no loss and never alerts: a typing error in a
selector or a namespace. Many are quite as they should be (the control plane of a managed cluster);
so this speaks up only where there is something that the monitor seems to mean, and that answers. What is
idle on purpose stays silent: no Service there has anything of the labels, nothing stands behind it (scaled to
zero, a control plane that is somebody else's), or the monitor's own relabelling drops all of it.

## Evidence

The job is *dormant*: no target now, none in the watcher's memory, none in the TSDB. Its selector
matches a Service in a namespace where it does not look; or where it looks there is one Service, with
addresses and selected by no other monitor, that has the name under another key (`app` against
`app.kubernetes.io/name`), with a letter wrong, or with another version; or the Services that it selects
have no port of that name, as one whose number stands in quotes.

## Fix

Name that namespace in `namespaceSelector` of the monitor, the labels that the Service has, or its port.

## Not to be confused with

`no-matching-service`: there the job had targets once.
"""

from collections.abc import Iterator, Sequence
from shlex import quote

from watcher.diagnosis.risks import _meant
from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.risks._services import looked_for, matching
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.diagnosis.rules import _patches
from watcher.diagnosis.rules._discovery import address_count
from watcher.model.comparison import JobState, JobStatus
from watcher.model.facts import ENDPOINTS, MONITORS, PROMETHEUS, SERVICES
from watcher.model.findings import Confidence, Evidence, FixStep, Risk
from watcher.model.kube import JSON, KubeObject, flag, value
from watcher.model.names import MonitorKind
from watcher.operator.discovery import Discovery
from watcher.operator.jobs import ENDPOINTS as LISTS
from watcher.operator.selectors import Selector


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
    if not every:
        yield from _near(ground, prometheus, monitor, status, wanted, place)
        return
    here = [service for service in every if place.reaches(service.namespace)]
    if here:
        yield from _of_port(ground, monitor, status, here)
        return
    first = every[0]
    # Also where the monitor asks for its own namespace alone: another wish would be set aside.
    forbidden = flag(prometheus.raw, "spec", "ignoreNamespaceSelectors")
    fix = (
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
                do=f"If that Service is meant, {fix}",
                command=f"kubectl -n {quote(monitor.namespace)} edit {monitor.kind.lower()} {quote(monitor.name)}",
            ),
        ),
        confidence=Confidence.POSSIBLE,
    )


def _near(
    ground: Ground,
    prometheus: KubeObject,
    monitor: KubeObject,
    status: JobStatus,
    wanted: Selector,
    place: Discovery,
) -> Iterator[Risk]:
    filled = {(e.namespace, e.name) for e in ground.read(ENDPOINTS) if address_count(e)}
    services = [s for s in ground.read(SERVICES) if (s.namespace, s.name) in filled]
    near = _meant.near_service(ground.read(MONITORS), prometheus, wanted, place, services)
    if near is None:
        return
    old = value(monitor.raw, "spec", "selector")
    change: JSON = {"matchLabels": dict(near.labels)}
    yield risk(
        ground,
        RULE.code,
        pool=status.pool,
        summary=f"{status.pool} never had a target; Service {near.service.full_name} has {near.said}",
        evidence=(
            Evidence(
                seen=f"Service {near.service.full_name} has {near.said}, addresses behind it, and no"
                " monitor selects it",
                where=near.service.kubectl("--show-labels"),
            ),
            Evidence(
                seen=f"{status.job.monitor} asks for {wanted}",
                where=monitor.kubectl("-o jsonpath='{.spec.selector}'"),
            ),
        ),
        fix=(
            FixStep(
                do="If that Service is meant, let the monitor ask for the labels that it has;"
                " Prometheus reloads by itself",
                command=_patches.set_field(monitor, "/spec/selector", change, old),
            ),
        ),
        confidence=Confidence.POSSIBLE,
    )


def _of_port(
    ground: Ground, monitor: KubeObject, status: JobStatus, matching: Sequence[KubeObject]
) -> Iterator[Risk]:
    index = status.job.endpoint
    if index is None:
        return
    port = _meant.lacking_port(monitor, index, matching, ground.read(ENDPOINTS))
    if port is None:
        return
    path = f"/spec/{LISTS[MonitorKind(monitor.kind)]}/{index}/{port.field}"
    there = ", ".join(port.names) or "none has a name"
    do, command = "Name a port that is there", monitor.edit()
    if port.field == "targetPort" and port.number is not None:
        do = "Give the number without quotes: in quotes it is the name of a container's port"
        command = _patches.set_field(monitor, path, port.number, str(port.asked))
    elif len(port.names) == 1:
        do = f"If port {port.names[0]}, the only one there is, is meant: name it"
        command = _patches.set_field(monitor, path, port.names[0], str(port.asked))
    yield risk(
        ground,
        RULE.code,
        pool=status.pool,
        summary=f"{status.pool} never had a target: it asks for {port.field} {port.asked!r}, and the ports of"
        f" Service {port.service.full_name} are: {there}",
        evidence=(
            Evidence(
                seen=f"Service {port.service.full_name} has addresses and the ports: {there}",
                where=port.service.kubectl("-o jsonpath='{.spec.ports}'"),
            ),
        ),
        fix=(FixStep(do=f"{do}; Prometheus reloads by itself", command=command),),
        confidence=Confidence.LIKELY,
    )


RULE = RiskRule(
    code="never-had-targets", needs=needing(ENDPOINTS, MONITORS, PROMETHEUS, SERVICES), check=check
)
