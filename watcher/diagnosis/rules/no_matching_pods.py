"""No pod carries the labels that the PodMonitor asks for, in the namespaces where it looks.

## Meaning

A PodMonitor finds pods by `spec.selector`, without any Service. The workload is gone, scaled to
zero, or its pods have other labels than the monitor asks for.

## Evidence

The pods in those namespaces, as they are now, against the selector.

## Fix

Bring the pods back, or change the selector of the monitor. Targets come by themselves. A workload
that is scaled to zero on purpose wants the annotation `watcher/ignore` on the monitor.

## Not to be confused with

`pods-not-running`: there the pods are there and do not run. `no-matching-service`: that is for
ServiceMonitors.
"""

from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _discovery
from watcher.model.comparison import JobState
from watcher.model.facts import MONITOR, PROMETHEUS, TARGET_PODS
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.operator.discovery import Role

_ROLE: Final = frozenset({Role.POD.value})


def check(case: Case) -> Finding | None:
    """Hold the pods against the selector."""
    found = _discovery.among(case, TARGET_PODS, _ROLE)
    if found is None or found.matching:
        return None
    ref = case.job.monitor
    asked = str(found.wanted) or "any label"
    return Finding(
        summary=f"no pod with {asked} is in {found.sought.where}, where {case.pool} looks",
        evidence=(
            Evidence(
                seen=f"of {len(found.others)} pods in {found.sought.where} none has {asked}",
                where=found.sought.kubectl("pods", "--show-labels"),
            ),
        ),
        fix=(
            FixStep(
                do="See whether the workload is scaled to zero (on purpose: annotate the monitor with"
                " watcher/ignore), or whether its pods have other labels",
                command=found.sought.kubectl("deployments,statefulsets,daemonsets", "-o wide"),
            ),
            FixStep(
                do="Else let the monitor select the labels that the pods have",
                command=f"kubectl -n {quote(ref.namespace)} edit {ref.kind.lower()} {quote(ref.name)}"
                if ref
                else None,
            ),
        ),
        proof=f"Pods {found.wanted} {found.sought.where}" if found.wanted.requirements else "",
    )


RULE = Rule(
    code="no-matching-pods",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(MONITOR, PROMETHEUS, TARGET_PODS),
    check=check,
)
