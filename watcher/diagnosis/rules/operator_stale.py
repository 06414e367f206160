"""The monitor is valid now, and nothing woke the operator to see it.

## Meaning

The operator looks again only at an event. When a Secret that a monitor refers to is made later, that
event reaches it only if its flags let it see the Secret: else the rejection stays.

## Evidence

What the monitor refers to is there with keys that can be used, the checks pass, and the flags of the
operator hide events of such Secrets. Two signals, no proof.

## Fix

Change any label of the monitor: that wakes the operator. An annotation does not.

## Not to be confused with

`secret-missing`: there it is still not there. `rejected-by-operator`: there the operator's own words
still stand.
"""

from collections.abc import Mapping, Sequence

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _acceptance, _monitor, _patches
from watcher.model.comparison import JobState
from watcher.model.facts import (
    LAST_MONITOR,
    MONITOR,
    NAMESPACE,
    OPERATOR,
    PROMETHEUS,
    SECRET_KEYS,
)
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.operator.scope import operator_flags
from watcher.operator.validation import validate
from watcher.operator.versions import ERAS


def check(case: Case) -> Finding | None:
    """See whether it is valid, then whether the operator could have noticed."""
    found = _acceptance.taken(case)
    if found is None or any(_monitor.reload_fails(server) for server in case.servers()):
        return None
    unread = validate(found.monitor, found.prometheus, None, ERAS[-1])
    if not unread.untold:
        return None  # it refers to nothing that could have come later
    hidden = _hidden(case.read(OPERATOR), found.monitor.namespace)
    if hidden is None:
        return None
    said = _acceptance.validation(case, found)
    if said.rejections:
        return None
    _acceptance.need_keys(case, said)
    if said.untold:
        return None
    operator, flag = hidden
    return Finding(
        summary=f"{case.job.monitor} is valid by now, and the operator was not woken to see it",
        evidence=(
            Evidence(
                seen="the Secrets and ConfigMaps that it refers to are there with their keys",
                where=found.monitor.kubectl(),
            ),
            Evidence(
                seen=f"the operator runs with {flag}, so it does not notice when they are made",
                where=operator.kubectl("-o jsonpath='{.spec.template.spec.containers[*].args}'"),
            ),
        ),
        fix=(
            FixStep(
                do="Change a label of the monitor, which wakes the operator (an annotation does not)",
                command=_patches.set_labels(found.monitor, {"woken": f"{case.now:%Y%m%d-%H%M%S}"}),
            ),
        ),
        confidence=Confidence.LIKELY,
        proof=str(case.job.monitor),
    )


def _hidden(operators: Sequence[KubeObject], namespace: str) -> tuple[KubeObject, str] | None:
    """An operator and the flag that hides Secrets of *namespace*; None where one sees them."""
    flags = [(operator, _hiding(operator_flags(operator), namespace)) for operator in operators]
    if any(flag is None for _, flag in flags):
        return None
    return next(((operator, flag) for operator, flag in flags if flag is not None), None)


def _hiding(flags: Mapping[str, str], namespace: str) -> str | None:
    """The flag that keeps events of Secrets of *namespace* from this operator (operator.md 2.6)."""
    fields, labels = "secret-field-selector", "secret-label-selector"
    if not all(_spares(term, namespace) for term in flags.get(fields, "").split(",")):
        return f"--{fields}={flags[fields]}"
    if flags.get(labels):
        return f"--{labels}={flags[labels]}"
    name = "prometheus-instance-namespaces"
    seen = {part.strip() for part in flags.get(name, "").split(",")} - {""}
    everywhere = flags.get("watch-referenced-objects-in-all-namespaces", "false") == "true"
    return f"--{name}={flags[name]}" if seen and namespace not in seen and not everywhere else None


def _spares(term: str, namespace: str) -> bool:
    """Whether a term of a field selector leaves the Secrets that monitors of *namespace* name.

    Helm's chart leaves out some types by default: of a Secret that somebody made for a monitor it
    is not known that it is of one of them.
    """
    field, differs, other = term.partition("!=")
    if differs:
        ours = {"type": "Opaque", "metadata.namespace": namespace}.get(field.strip(), other)
        return other != ours
    return term.strip() in {"", "type=Opaque", "type==Opaque"}


RULE = Rule(
    code="operator-stale",
    link=Link.RECONCILED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, NAMESPACE, PROMETHEUS, OPERATOR, SECRET_KEYS, LAST_MONITOR),
    check=check,
)
