"""No operator looks after this monitor: its flags leave the namespace or the Prometheus out.

## Meaning

The flags of prometheus-operator bound what it sees: namespaces with monitors, namespaces with
Prometheuses, labels or an annotation of the Prometheus. What is outside is passed over in silence.

## Evidence

The arguments of the operator's Deployment against the namespace of the monitor and the Prometheus
resource. Two signals together, as flags may also come from elsewhere.

## Fix

Change the flag in the operator's Deployment, which restarts the operator and no Prometheus.

## Not to be confused with

`namespace-not-selected`: there the operator sees the namespace and the Prometheus does not ask for it.
`operator-down`: there no operator runs at all.
"""

from dataclasses import replace

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _selection
from watcher.model.comparison import JobState
from watcher.model.facts import LAST_MONITOR, MONITOR, OPERATOR, PROMETHEUS, Known
from watcher.model.findings import Confidence, Evidence, Finding, Link
from watcher.model.kube import KubeObject
from watcher.operator.scope import operator_scope
from watcher.operator.selection import NotSelected, selection


def check(case: Case) -> Finding | None:
    """See whether any operator sees both the monitor and its Prometheus."""
    found = _selection.pair(case)
    if found is None or _selection.bound(found):
        return None
    operators = case.read(OPERATOR)
    scopes = [operator_scope(deployment) for deployment in operators]
    says = replace(
        selection(found.prometheus, found.says.kind, Known({}), scopes),
        objects=_selection.EVERYTHING,
        namespaces=_selection.EVERYTHING,
    )
    verdict = says.judge(found.monitor.namespace, found.monitor.labels)
    if not isinstance(verdict, NotSelected):
        return None
    return Finding(
        summary=f"no operator looks after {case.job.monitor}: {verdict.lacks}",
        evidence=tuple(_flags(deployment) for deployment in operators),
        fix=tuple(
            _selection.edit(d, "Change the flag; only the operator restarts") for d in operators
        ),
        confidence=Confidence.LIKELY,
        proof=" ".join(sorted(deployment.full_name for deployment in operators)),
    )


def _flags(deployment: KubeObject) -> Evidence:
    scope = operator_scope(deployment)
    flags = [
        f"--{name}={','.join(sorted(held))}"
        for name, held in (
            ("namespaces", scope.namespaces),
            ("deny-namespaces", scope.denied),
            ("prometheus-instance-namespaces", scope.instances),
        )
        if held
    ]
    flags += [f"--prometheus-instance-selector={scope.instance_selector}"] * bool(
        scope.instance_selector
    )
    flags += [f"--controller-id={scope.controller_id}"] * bool(scope.controller_id)
    return Evidence(
        seen=f"operator {deployment.full_name} runs with {' '.join(flags) or 'no such flag'}",
        where=deployment.kubectl("-o jsonpath='{.spec.template.spec.containers[*].args}'"),
    )


RULE = Rule(
    code="outside-operator-scope",
    link=Link.SELECTED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, PROMETHEUS, OPERATOR, LAST_MONITOR),
    check=check,
    refines=frozenset(
        {"selector-null", "labels-not-selected", "namespace-not-selected", "no-prometheus-selects"}
    ),
)
