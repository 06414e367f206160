"""The Prometheus has no selector for monitors of this kind, which selects none.

## Meaning

A selector that is left out (`null`) selects nothing; the empty selector `{}` selects everything.

## Evidence

The field is not set in the Prometheus resource.

## Fix

Set the selector: `{}` for all monitors of this kind, or the labels that the team agreed on. Prometheus
reloads by itself.

## Not to be confused with

`unmanaged-configuration`: there all selectors are left out, and the operator writes no configuration
at all. `labels-not-selected`: there a selector is set and does not match.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _patches, _selection
from watcher.model.comparison import JobState
from watcher.model.facts import LAST_MONITOR, MONITOR, PROMETHEUS
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.operator.selection import FIELDS


def check(case: Case) -> Finding | None:
    """See whether there is a selector."""
    found = _selection.pair(case)
    if found is None or found.says.objects is not None:
        return None
    if found.says.podmonitors_only:
        return _of_daemon_set(found)
    field = f"{FIELDS[found.says.kind]}Selector"
    return Finding(
        summary=f"{found.prometheus.full_name} has no {field}, so it selects no {found.says.kind}",
        evidence=(_selection.selector_evidence(found, field),),
        fix=(
            FixStep(
                do=f"Set {field} to {{}}, which selects every {found.says.kind} in the namespaces"
                " that are selected; nothing restarts, Prometheus reloads by itself",
                command=_patches.set_field(found.prometheus, f"/spec/{field}", {}),
            ),
        ),
        proof=found.prometheus.full_name,
    )


def _of_daemon_set(found: _selection.Pair) -> Finding:
    name, kind = found.prometheus.full_name, found.says.kind
    return Finding(
        summary=f"{name} is an agent in DaemonSet mode, which takes only PodMonitors, so it selects"
        f" no {kind}",
        evidence=(
            Evidence(
                seen=f"spec.mode of {name} is DaemonSet",
                where=found.prometheus.kubectl("-o jsonpath='{.spec.mode}'"),
            ),
        ),
        fix=(
            FixStep(
                do="Write a PodMonitor in its place, or let a Prometheus or an agent in StatefulSet"
                f" mode take the {kind}"
            ),
        ),
        proof=name,
    )


RULE = Rule(
    code="selector-null",
    link=Link.SELECTED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, PROMETHEUS, LAST_MONITOR),
    check=check,
    refines=frozenset({"namespace-not-selected", "no-prometheus-selects"}),
)
