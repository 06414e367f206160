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

from collections.abc import Iterator, Sequence

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _monitor
from watcher.model.comparison import JobState
from watcher.model.expectations import Unselected
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
from watcher.model.names import PrometheusName
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
    gone = case.job.prometheus not in names.values()
    return _finding(case, monitor, nearest(case.job.monitor, refused), refused, gone=gone)


def _finding(
    case: Case,
    monitor: KubeObject,
    found: Unselected,
    refused: Sequence[tuple[PrometheusName, NotSelected]],
    *,
    gone: bool,
) -> Finding:
    words = [f"{case.job.prometheus} is gone"] if gone else []
    words.append(f"nearest is {found.nearest}: {found.lacks}" if found.nearest else found.lacks)
    lacks = [f"{name}: {no.lacks}" for name, no in sorted(refused, key=_by_name)]
    return Finding(
        summary=f"no Prometheus selects {case.job.monitor}: {'; '.join(words)}",
        evidence=(
            Evidence(
                seen=f"{len(refused)} Prometheus resources, and none takes it"
                + (f"; {case.job.prometheus}, which took it, is not among them" if gone else ""),
                where="kubectl get prometheuses,prometheusagents -A -o yaml",
                at=case.job.gone_since,
            ),
            Evidence(seen="; ".join(lacks) or words[0], where=monitor.kubectl("--show-labels")),
        ),
        fix=tuple(_fix(case, monitor, found, gone=gone)),
        proof=str(case.job.monitor),
    )


def _fix(case: Case, monitor: KubeObject, found: Unselected, *, gone: bool) -> Iterator[FixStep]:
    show = monitor.kubectl("--show-labels")
    if gone:
        again = f"Make the Prometheus {case.job.prometheus} again, or take the monitor away"
        yield FixStep(do=again, command=show)
    if found.nearest:
        do = f"Meet the selector of {found.nearest}: {found.lacks}"
        yield FixStep(do=f"Or let another one take it. {do}" if gone else do, command=show)


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
