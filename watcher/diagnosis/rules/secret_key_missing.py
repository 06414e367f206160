"""A Secret or ConfigMap that the monitor refers to lacks the key.

## Meaning

The Secret is there, under the right name, and has other keys than the monitor names: a key was
renamed, or the Secret was made again. The operator leaves the whole monitor out.

## Evidence

The names of the keys that it has; contents are never kept.

## Fix

Add the key to the Secret, or name one that is there in the monitor.

## Not to be confused with

`secret-missing`: there the Secret itself is not there.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _acceptance, _selection
from watcher.model.comparison import JobState
from watcher.model.facts import (
    LAST_MONITOR,
    MONITOR,
    NAMESPACE,
    OPERATOR,
    PROMETHEUS,
    SECRET_KEYS,
    Unavailable,
)
from watcher.model.findings import Finding, Link
from watcher.operator.rejection import Reason


def check(case: Case) -> Finding | None:
    """Look for the keys that the monitor names."""
    known = _acceptance.references(case, Reason.KEY_MISSING)
    if known is None:
        return None
    found, lacking = known
    first = lacking[0]
    place = case.read(SECRET_KEYS)[f"{first.kind}/{first.namespace}/{first.name}"]
    held = () if isinstance(place, Unavailable) else place.value or ()
    return _acceptance.finding(
        f"{first.kind} {first.namespace}/{first.name} has no key {first.key}, it has"
        f" {', '.join(held) or 'none'}",
        found,
        first,
        _selection.edit(
            found.monitor,
            f"Add the key {first.key} to the {first.kind}, or name one in the monitor that it has",
        ),
    )


RULE = Rule(
    code="secret-key-missing",
    link=Link.ACCEPTED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, PROMETHEUS, NAMESPACE, OPERATOR, SECRET_KEYS, LAST_MONITOR),
    check=check,
    refines=frozenset({"rejected-by-operator"}),
)
