"""The labels of the monitor do not match the selector of the Prometheus.

## Meaning

The Prometheus takes only monitors with certain labels, and this one does not have them: they were
never there, somebody changed them, or the selector was changed. Nothing else tells of it.

## Evidence

The monitor's labels against `matchLabels` and `matchExpressions` of the selector, and which labels
the monitor had when it was last seen selected.

## Fix

Set the labels that lack, by a patch that changes nothing else; or widen the selector. Where a label is
excluded on purpose only its owner can say which.

## Not to be confused with

`namespace-not-selected`: there the namespace is not looked into. `selector-null`: there no labels at all
would do. `rejected-by-operator`: there the monitor is taken and refused.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _patches, _selection
from watcher.model.comparison import JobState
from watcher.model.facts import LAST_MONITOR, MONITOR, PROMETHEUS
from watcher.model.findings import Finding, FixStep, Link
from watcher.operator.selection import FIELDS, NotSelected


def check(case: Case) -> Finding | None:
    """Match the labels."""
    found = _selection.pair(case)
    if found is None or found.says.objects is None:
        return None
    refused = _selection.refused_for_labels(found)
    if refused is None:
        return None
    field = f"{FIELDS[found.says.kind]}Selector"
    return Finding(
        summary=f"{case.job.monitor} is not selected by {found.prometheus.full_name}:"
        f" {refused.lacks}",
        evidence=(
            _selection.selector_evidence(found, field),
            _selection.labels_evidence(found.monitor),
            *_selection.before_evidence(case, found),
        ),
        fix=_fix(found, refused),
        proof=str(case.job.monitor),
    )


def _fix(found: _selection.Pair, refused: NotSelected) -> tuple[FixStep, ...]:
    if refused.labels:
        listed = ", ".join(f"{k}={v}" for k, v in sorted(refused.labels.items()))
        step = _patches.set_labels(found.monitor, refused.labels)
        return (FixStep(do=f"Set {listed} on the monitor; nothing restarts", command=step),)
    return (
        _selection.edit(
            found.monitor, "Take away the label that is excluded, unless it was set to that end"
        ),
        _selection.edit(found.prometheus, "Or widen the selector; Prometheus reloads by itself"),
    )


RULE = Rule(
    code="labels-not-selected",
    link=Link.SELECTED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, PROMETHEUS, LAST_MONITOR),
    check=check,
    refines=frozenset({"namespace-not-selected", "no-prometheus-selects"}),
)
