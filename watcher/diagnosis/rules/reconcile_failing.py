"""The operator fails to reconcile the Prometheus, and the old configuration stays.

## Meaning

An error that concerns the whole resource (an invalid selector, a missing Secret of remote write,
a scrape class, additional scrape configs, a right that lacks) ends the sync before the
configuration is written. Everything new or changed is missing until it is fixed.

## Evidence

The condition `Reconciled` of the resource is false, with the operator's message. Operators before
v0.56 write no condition: there their log says it.

## Fix

Fix what the message names. The operator tries again by itself.

## Not to be confused with

`rejected-by-operator`: there one monitor is refused and the sync succeeds. `reload-failing`: there the
configuration was written and Prometheus refuses it.
"""

from datetime import timedelta
from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor, _operator_log, _reconciling, _selection
from watcher.model.facts import OPERATOR_LOG, PROMETHEUS, OperatorWord
from watcher.model.findings import Evidence, Finding, Link
from watcher.model.kube import KubeObject, text
from watcher.secrecy import clipped

_LONGEST: Final = 500
"""Longest words shown, in characters; cut only once no secret can be cut in two."""

AGAIN: Final = timedelta(minutes=30)
"""After a failed sync the operator tries again, at the latest after 1,000 s; doubled nearly."""


def check(case: Case) -> Finding | None:
    """Read the condition."""
    prometheus = _reconciling.prometheus_of(case)
    if prometheus is None:
        return None
    condition = _reconciling.reconciled(prometheus)
    if condition is None:
        return _in_log(case, prometheus)
    # What was observed of an older generation may be fixed since; that is operator-down's to tell.
    if text(condition, "status") != "False" or _reconciling.behind(prometheus):
        return None
    reason = text(condition, "reason") or "no reason"
    message = clipped(text(condition, "message") or "no message", _LONGEST)
    seen = _reconciling.evidence(prometheus, f"Reconciled is False ({reason}): {message}")
    return _finding(prometheus, message, seen)


def _in_log(case: Case, prometheus: KubeObject) -> Finding | None:
    """The log of an operator that writes no condition; it tries again within 17 minutes."""
    since = case.now - AGAIN
    name = prometheus.full_name
    line = _operator_log.last(case, OperatorWord.SYNC_FAILED, name, prometheus=name, since=since)
    if line is None:
        return None
    return _finding(prometheus, clipped(line.text, _LONGEST), _operator_log.evidence(line))


def _finding(prometheus: KubeObject, message: str, seen: Evidence) -> Finding:
    return Finding(
        summary=f"prometheus-operator fails to reconcile {prometheus.full_name}: {message}",
        evidence=(seen,),
        fix=(
            _selection.edit(
                prometheus, "Fix what the message names; the operator tries again by itself"
            ),
        ),
        proof=prometheus.full_name,
    )


RULE = Rule(
    code="reconcile-failing",
    link=Link.RECONCILED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(PROMETHEUS, OPERATOR_LOG),
    check=check,
    refines=_reconciling.after("reconcile-failing"),
)
