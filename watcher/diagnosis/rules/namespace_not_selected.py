"""The Prometheus does not look for monitors in the namespace of this one.

## Meaning

Left out (`null`), the namespace selector means the Prometheus's own namespace only; `{}` means all; else
the labels of the Namespace object decide.

## Evidence

The namespace selector, and the labels of the namespace.

## Fix

Label the namespace, or widen the selector. Both act without a restart.

## Not to be confused with

`labels-not-selected`: there the monitor's own labels do not match. `outside-operator-scope`: there the
operator cannot see the namespace, whatever the Prometheus asks for. `no-matching-service`: there the
monitor is taken and looks for Services elsewhere.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _patches, _selection
from watcher.model.comparison import JobState
from watcher.model.facts import LAST_MONITOR, MONITOR, NAMESPACE, PROMETHEUS, Unavailable
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.operator.selection import FIELDS, NotSelected


def check(case: Case) -> Finding | None:
    """Match the namespace."""
    found = _selection.pair(case)
    if found is None:
        return None
    refused = _selection.refused_for_namespace(case, found)
    if refused is None:
        return None
    field = f"{FIELDS[found.says.kind]}NamespaceSelector"
    namespace = case.look(NAMESPACE)
    known = None if isinstance(namespace, Unavailable) else namespace
    return Finding(
        summary=f"{found.prometheus.full_name} does not take {case.job.monitor}: {refused.lacks}",
        evidence=(_selection.selector_evidence(found, field), *_of(known)),
        fix=_fix(found, refused, known, field),
        proof=f"{found.prometheus.full_name} {found.monitor.namespace}",
    )


def _of(namespace: KubeObject | None) -> tuple[Evidence, ...]:
    return () if namespace is None else (_selection.labels_evidence(namespace),)


def _fix(
    found: _selection.Pair, refused: NotSelected, namespace: KubeObject | None, field: str
) -> tuple[FixStep, ...]:
    if found.says.namespaces is None:
        return (
            FixStep(
                do=f"Set {field} to {{}}, which takes monitors from all namespaces, or to labels"
                f" of the namespace {found.monitor.namespace}; Prometheus reloads by itself",
                command=_patches.set_field(found.prometheus, f"/spec/{field}", {}),
            ),
        )
    if refused.namespace_labels and namespace is not None:
        listed = ", ".join(f"{k}={v}" for k, v in sorted(refused.namespace_labels.items()))
        return (
            FixStep(
                do=f"Set {listed} on the namespace; other selectors may look at these labels too",
                command=_patches.set_labels(namespace, refused.namespace_labels),
            ),
        )
    return (_selection.edit(found.prometheus, "Widen the selector; Prometheus reloads by itself"),)


RULE = Rule(
    code="namespace-not-selected",
    link=Link.SELECTED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, PROMETHEUS, NAMESPACE, LAST_MONITOR),
    check=check,
    refines=frozenset({"no-prometheus-selects"}),
)
