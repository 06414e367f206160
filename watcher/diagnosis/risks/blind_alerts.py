"""Alerts cannot fire, because all series that they look at come from lost jobs.

## Meaning

An expression over series that are not there has no result, and an alert without a result is quiet.
While the jobs are lost nobody is told of what these alerts were made for.

## Evidence

The rules that the server has loaded, their expressions parsed; every way for the alert to fire is shut,
because what it selects comes from lost jobs alone. Alerts on `absent()` are left out: those fire.

## Fix

Bring back the jobs; what is lost is told by name. An alert on `absent` beside them would have told.

## Not to be confused with

The causes of the losses themselves: this tells what else they take away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from shlex import quote
from typing import Final

from watcher.diagnosis.blast import blast, told
from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.risks._services import looked_for, matching
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.model import shell
from watcher.model.comparison import JobStatus
from watcher.model.facts import MONITORS, PROMETHEUS, RULES, SERVICES
from watcher.model.findings import Confidence, FixStep, Risk
from watcher.model.kube import FieldError, KubeObject, text
from watcher.model.names import MonitorKind, PoolName
from watcher.model.rules import LoadedRule

_SHOWN: Final = 10


def check(ground: Ground) -> tuple[Risk, ...]:
    """Ask which alerts the lost jobs keep from firing."""
    lost = [s for s in ground.statuses if s.state.lost and not s.job.steering.ignores(ground.now)]
    if not lost:
        return ()
    silent = blast(ground.read(RULES), tuple(_labelled(ground)))
    blamed = [s for s in lost if s.pool in silent]
    return (_risk(ground, blamed, silent),) if blamed else ()


def _labelled(ground: Ground) -> Iterable[JobStatus]:
    """The jobs with their label ``job``, where nobody remembers it by what its monitor makes of it."""
    unknown = [s for s in ground.statuses if "job" not in dict(s.labels) and s.state.lost]
    if not unknown:
        return ground.statuses
    prometheus = ground.read(PROMETHEUS)
    if prometheus is None:
        return ground.statuses
    monitors = {f"{m.kind} {m.full_name}": m for m in ground.read(MONITORS)}
    services = ground.read(SERVICES)
    found = {s.job.key: _labels(s, monitors, prometheus, services) for s in unknown}
    return [
        replace(s, labels=(*s.labels, ("job", next(iter(names)))))
        if len(names := found.get(s.job.key, frozenset())) == 1
        else s
        for s in ground.statuses
    ]


def _labels(
    status: JobStatus,
    monitors: Mapping[str, KubeObject],
    prometheus: KubeObject,
    services: Iterable[KubeObject],
) -> frozenset[str]:
    """Values of the label ``job`` that the job's series have (operator.md 1.3); empty: not known."""
    ref = status.job.monitor
    if ref is None:
        return frozenset({status.pool})
    monitor = monitors.get(str(ref))
    if monitor is None:
        return frozenset()
    try:
        if ref.kind is MonitorKind.SERVICE_MONITOR:
            return _of_services(monitor, prometheus, services)
        if ref.kind is MonitorKind.POD_MONITOR:
            own = text(monitor.raw, "spec", "jobLabel")
            return frozenset() if own else frozenset({f"{ref.namespace}/{ref.name}"})
        return frozenset({text(monitor.raw, "spec", "jobName") or status.pool})
    except FieldError:
        return frozenset()


def _of_services(
    monitor: KubeObject, prometheus: KubeObject, services: Iterable[KubeObject]
) -> frozenset[str]:
    looked = looked_for(monitor, prometheus)
    label = text(monitor.raw, "spec", "jobLabel") or ""
    if looked is None:
        return frozenset()
    return frozenset(
        service.labels.get(label) or service.name
        for service in matching(services, looked[0])
        if looked[1].reaches(service.namespace)
    )


def _risk(
    ground: Ground,
    lost: list[JobStatus],
    silent: Mapping[PoolName, tuple[LoadedRule, ...]],
) -> Risk:
    alerts = sorted(
        {alert for s in lost for alert in silent[s.pool]},
        key=lambda a: (not a.critical, a.name, a.group, a.expr),
    )
    names = ", ".join(s.pool for s in lost[:_SHOWN])
    evidence = told(
        alerts, f"kubectl -n {quote(ground.name.partition('/')[0])} get prometheusrules -o yaml"
    )
    return risk(
        ground,
        RULE.code,
        summary=f"{evidence.seen} (lost: {names})",
        evidence=(evidence,),
        fix=(
            FixStep(do=f"Bring back {names}", command=f"watcher explain {shell.job(lost[0].pool)}"),
        ),
        confidence=Confidence.LIKELY,
        proof=names,
    )


RULE = RiskRule(
    code="blind-alerts", needs=needing(MONITORS, PROMETHEUS, RULES, SERVICES), check=check
)
