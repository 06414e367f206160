"""No Service carries the labels that the monitor asks for, in the namespaces where it looks.

## Meaning

Prometheus has the job and looks for Services, but none has the labels of `spec.selector` of the
ServiceMonitor: the Service was deleted, renamed or relabelled, or lives in a namespace that
`spec.namespaceSelector` does not name. The pool is there and empty; `up` has no series to alert on.

## Evidence

The Services in those namespaces, as they are now, against the selector; the one that comes nearest
and what it lacks.

## Fix

Label the Service, or change the selector of the monitor. Targets come by themselves within seconds,
nothing restarts.

## Not to be confused with

`no-ready-endpoints`: there the Service is there and has no address. `discovery-forbidden` and
`namespace-selector-ignored`: there Prometheus may not, or must not, look where the Service is.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _discovery, _unmatched
from watcher.model.comparison import JobState
from watcher.model.facts import MONITOR, PROMETHEUS, SERVICES
from watcher.model.findings import Finding, Link


def check(case: Case) -> Finding | None:
    """Hold the Services against the selector."""
    found = _discovery.services(case)
    if found is None or found.matching:
        return None
    return _unmatched.finding(case, found, "Service")


RULE = Rule(
    code="no-matching-service",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(MONITOR, PROMETHEUS, SERVICES),
    check=check,
)
