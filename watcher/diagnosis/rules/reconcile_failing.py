"""The operator fails to reconcile the Prometheus, and the old configuration stays.

## Meaning

An error that concerns the whole resource (an invalid selector, a missing Secret of remote write,
a scrape class, additional scrape configs, a right that lacks) ends the sync before the
configuration is written. Everything new or changed is missing until it is mended.

## Evidence

The condition `Reconciled` of the resource is false, with the operator's message.

## Fix

Mend what the message names. The operator tries again by itself.

## Not to be confused with

`rejected-by-operator`: there one monitor is refused and the sync succeeds. `reload-failing`: there the
configuration was written and Prometheus refuses it.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor, _reconciling, _selection
from watcher.model.facts import PROMETHEUS
from watcher.model.findings import Finding, Link
from watcher.model.kube import text


def check(case: Case) -> Finding | None:
    """Read the condition."""
    prometheus = _reconciling.prometheus_of(case)
    condition = None if prometheus is None else _reconciling.reconciled(prometheus)
    if prometheus is None or condition is None or text(condition, "status") != "False":
        return None
    reason = text(condition, "reason") or "no reason"
    message = (text(condition, "message") or "no message")[:500]
    return Finding(
        summary=f"prometheus-operator fails to reconcile {prometheus.full_name}: {message}",
        evidence=(_reconciling.evidence(prometheus, f"Reconciled is False ({reason}): {message}"),),
        fix=(
            _selection.edit(
                prometheus, "Mend what the message names; the operator tries again by itself"
            ),
        ),
        proof=prometheus.full_name,
    )


RULE = Rule(
    code="reconcile-failing",
    link=Link.RECONCILED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(PROMETHEUS),
    check=check,
    refines=_reconciling.after("reconcile-failing"),
)
