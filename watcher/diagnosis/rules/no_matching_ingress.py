"""No Ingress carries the labels that the Probe asks for, in the namespaces where it looks.

## Meaning

A Probe can find what it probes by Ingresses (`spec.targets.ingress`): each host and path of each
Ingress that its selector takes. They are gone, have other labels, or stand in another namespace.

## Evidence

The Ingresses in those namespaces, as they are now, against the selector, and the one that differs by
the fewest labels.

## Fix

Bring the Ingress back, or change the selector of the Probe. Targets come by themselves.

## Not to be confused with

`nothing-discovered`: there an Ingress is selected and has no rules, or the job looks elsewhere.
`no-matching-service`: that is for ServiceMonitors.
"""

from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _discovery, _unmatched
from watcher.model.comparison import JobState
from watcher.model.facts import INGRESSES, MONITOR, PROMETHEUS
from watcher.model.findings import Finding, Link
from watcher.operator.discovery import Role

_ROLE: Final = frozenset({Role.INGRESS.value})


def check(case: Case) -> Finding | None:
    """Hold the Ingresses against the selector."""
    found = _discovery.among(case, INGRESSES, _ROLE)
    if found is None or found.matching:
        return None
    return _unmatched.finding(case, found, "Ingress")


RULE = Rule(
    code="no-matching-ingress",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(MONITOR, PROMETHEUS, INGRESSES),
    check=check,
    refines=frozenset({"nothing-discovered"}),
)
