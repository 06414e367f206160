"""A monitor is taken by no Prometheus, though there is something that it selects.

## Meaning

It was created and nothing ever came of it: its labels or its namespace fit no selector. Nobody is
told, neither by the operator nor by Prometheus. A monitor that finds nothing either is left alone: it
may be meant for nobody. What another collector takes (Alloy, vmagent, …) is named in the settings,
`expect.other_collectors`, and left alone.

## Evidence

The selectors of every Prometheus against the labels of the monitor and of its namespace; and a
Service that it selects.

## Fix

The labels that lack, or a wider selector.

## Not to be confused with

`labels-not-selected` and its like: there the monitor was taken once.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.risks._services import looked_for, matching
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.model.expectations import Unselected
from watcher.model.facts import MONITORS, PROMETHEUS, SERVICES
from watcher.model.findings import Confidence, Evidence, FixStep, Risk
from watcher.model.kube import KubeObject
from watcher.model.names import MonitorKind
from watcher.operator.objects import daemon_set_mode


def check(ground: Ground) -> tuple[Risk, ...]:
    """Look at the monitors to which this Prometheus comes nearest."""
    near = [u for u in ground.unselected if u.nearest == ground.name]
    prometheus = ground.read(PROMETHEUS) if near else None
    if prometheus is None:
        return ()
    monitors = {f"{m.kind} {m.full_name}": m for m in ground.read(MONITORS)}
    services = ground.read(SERVICES)
    return tuple(
        found
        for one in near
        if (monitor := monitors.get(str(one.monitor))) is not None
        for found in _risks(ground, prometheus, monitor, one, services)
    )


def _risks(
    ground: Ground,
    prometheus: KubeObject,
    monitor: KubeObject,
    unselected: Unselected,
    services: tuple[KubeObject, ...],
) -> Iterator[Risk]:
    looked = looked_for(monitor, prometheus)
    if looked is None or not looked[0].requirements:
        return
    wanted, place = looked
    meant = [s for s in matching(services, wanted) if place.reaches(s.namespace)]
    if not meant:
        return
    yield risk(
        ground,
        RULE.code,
        summary=f"{unselected.monitor} selects Service {meant[0].full_name} and no Prometheus takes"
        f" it; nearest is {ground.name}: {unselected.lacks}",
        evidence=(
            Evidence(seen=unselected.lacks, where=monitor.kubectl("--show-labels")),
            Evidence(
                seen=f"Service {meant[0].full_name} has {wanted}",
                where=meant[0].kubectl("--show-labels"),
            ),
        ),
        fix=(_fix(ground, prometheus, monitor),),
        confidence=Confidence.POSSIBLE,
        proof=str(unselected.monitor),
    )


def _fix(ground: Ground, prometheus: KubeObject, monitor: KubeObject) -> FixStep:
    if daemon_set_mode(prometheus) and monitor.kind != MonitorKind.POD_MONITOR:
        return FixStep(
            do=f"Write a PodMonitor in the place of {monitor.kind} {monitor.full_name}, or let another"
            f" Prometheus take it: no selector of {ground.name} can"
        )
    return FixStep(
        do=f"Give the monitor or its namespace what lacks, or widen the selector of {ground.name}",
        command=f"kubectl -n {quote(monitor.namespace)} edit {monitor.kind.lower()} {quote(monitor.name)}",
    )


RULE = RiskRule(
    code="unselected-monitor", needs=needing(MONITORS, PROMETHEUS, SERVICES), check=check
)
