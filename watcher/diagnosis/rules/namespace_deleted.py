"""The whole namespace of the monitor is gone or is being deleted.

## Meaning

With a namespace goes everything in it: the monitor, the Services and the Pods that it asked for. All
jobs of that namespace are told as one problem.

## Evidence

The API server has no such namespace, or it is terminating and the monitor is gone already.

## Fix

If it was meant: accept the removal of its jobs. If not: make the namespace again and restore what was
in it; the watcher can print the monitors that it last saw.

## Not to be confused with

`monitor-deleted`: there the namespace stands. `namespace-not-selected`: there it stands and the
Prometheus does not look into it.
"""

from dataclasses import replace
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _gone
from watcher.model.comparison import JobState
from watcher.model.facts import LAST_MONITOR, MONITOR, NAMESPACE, Unavailable
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject, text


def check(case: Case) -> Finding | None:
    """See whether the namespace stands; a monitor that is there answers that at once."""
    ref = case.job.monitor
    monitor = None if ref is None else case.look(MONITOR)
    if ref is None or (not isinstance(monitor, Unavailable) and monitor is not None):
        return None
    namespace = case.read(NAMESPACE)
    if namespace is not None and not _terminating(namespace):
        return None
    if namespace is not None and case.read(MONITOR) is not None:
        return None
    words = "is gone" if namespace is None else "is being deleted"
    return Finding(
        summary=f"the namespace {ref.namespace} {words}, and with it {ref}",
        evidence=(
            Evidence(
                seen=f"the namespace {ref.namespace} {words}",
                where=f"kubectl get namespace {quote(ref.namespace)} -o yaml",
                at=case.job.gone_since if namespace is None else namespace.deleted_at,
            ),
            *_gone.gone_evidence(case, ref),
        ),
        fix=_fix(case, ref.namespace),
        proof=ref.namespace,
    )


def _fix(case: Case, namespace: str) -> tuple[FixStep, ...]:
    accept, back = _gone.restore_steps(case)
    again = FixStep(
        do="If it was not: make the namespace again once it is gone for good, with its labels",
        command=f"kubectl create namespace {quote(namespace)}",
    )
    return accept, again, replace(back, do=back.do.replace("If it was not: put", "Then put"))


def _terminating(namespace: KubeObject) -> bool:
    return (
        namespace.deleted_at is not None or text(namespace.raw, "status", "phase") == "Terminating"
    )


RULE = Rule(
    code="namespace-deleted",
    link=Link.DECLARED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, NAMESPACE, LAST_MONITOR),
    check=check,
    refines=frozenset({"monitor-deleted"}),
)
