"""No Prometheus at all selects the monitor.

## Meaning

There is no Prometheus any more that would take it: each lacks something else, or the one that took it
is gone. The nearest one is named, with what lacks there.

## Evidence

The selectors of every Prometheus and PrometheusAgent against the monitor and its namespace.

## Fix

Meet the selector of the Prometheus that should take it.

## Not to be confused with

`labels-not-selected`, `namespace-not-selected`, `selector-null`: they say what lacks at the Prometheus
that had the job, and are narrower.
"""

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _monitor
from watcher.model.comparison import JobState
from watcher.model.facts import (
    MONITOR,
    NAMESPACE,
    PROMETHEUS,
    PROMETHEUSES,
    Availability,
    Known,
    Unavailable,
)
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.operator.nearest import nearest
from watcher.operator.prometheuses import prometheus_names
from watcher.operator.selection import CannotTell, NamespaceLabels, NotSelected, Selected, verdict


def check(case: Case) -> Finding | None:
    """Ask every Prometheus; that of the job first, as its word alone can end this."""
    monitor = _monitor.monitor_of(case)
    if monitor is None or case.job.monitor is None:
        return None
    namespaces = _labels(case, monitor)
    own = case.look(PROMETHEUS)
    known = None if isinstance(own, Unavailable) else own
    if known is not None and isinstance(verdict(monitor, known, namespaces), Selected):
        return None
    every = case.read(PROMETHEUSES)
    names = prometheus_names(every)
    refused = []
    for prometheus in every:
        match verdict(monitor, prometheus, namespaces):
            case Selected():
                return None
            case CannotTell() as doubt:
                if isinstance(namespaces, Unavailable):
                    raise Lacking(NAMESPACE.name, Unavailable(doubt.reason, namespaces.permission))
                return None
            case NotSelected() as no:
                refused.append((names[prometheus.kind, prometheus.full_name], no))
    found = nearest(case.job.monitor, refused)
    return Finding(
        summary=f"no Prometheus selects {case.job.monitor}: "
        + (f"nearest is {found.nearest}: {found.lacks}" if found.nearest else found.lacks),
        evidence=(
            Evidence(
                seen=f"{len(every)} Prometheus resources, and none takes it",
                where="kubectl get prometheuses,prometheusagents -A -o yaml",
                at=case.job.gone_since,
            ),
            Evidence(
                seen="; ".join(f"{name}: {no.lacks}" for name, no in sorted(refused, key=_by_name))
                or f"{case.job.prometheus} is gone",
                where=monitor.kubectl("--show-labels"),
            ),
        ),
        fix=(
            FixStep(
                do=f"Meet the selector of {found.nearest}: {found.lacks}"
                if found.nearest
                else f"Make the Prometheus {case.job.prometheus} again, or take the monitor away",
                command=monitor.kubectl("--show-labels"),
            ),
        ),
        proof=str(case.job.monitor),
    )


def _labels(case: Case, monitor: KubeObject) -> Availability[NamespaceLabels]:
    namespace = case.look(NAMESPACE)
    if isinstance(namespace, Unavailable):
        return namespace
    return Known({monitor.namespace: namespace.labels} if namespace is not None else {})


def _by_name(refusal: tuple[str, NotSelected]) -> str:
    return refusal[0]


RULE = Rule(
    code="no-prometheus-selects",
    link=Link.SELECTED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, NAMESPACE, PROMETHEUS, PROMETHEUSES),
    check=check,
)
