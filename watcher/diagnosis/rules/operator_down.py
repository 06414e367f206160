"""prometheus-operator does not run, or has not acted on the resource as it stands.

## Meaning

Without the operator nothing that people declare reaches a Prometheus: no new or changed monitor
arrives. When it comes back it writes everything at once, hand-made changes are then lost.

## Evidence

Its Deployment has no available replica, or is scaled to zero; or the condition of the Prometheus was
observed for an older generation than the resource has. Where no Deployment is seen it may run
elsewhere, so that is a suspicion only.

An operator that panics (exit code 2) names functions in its log, not the object: one object that it
cannot bear stops everybody's changes. The monitor or Prometheus that was changed last in the hour
before the first panic is named as *possible*, with who changed it and when. The first panic is
reckoned from the restarts and the kubelet's waits between them. Other kinds (PrometheusRule,
AlertmanagerConfig and the like) are not read, so it may be one of these.

## Fix

Scale it up, or read why its pods do not run. If it panics: `kubectl logs --previous` of its pod, then the
object that is named; take the change back, and upgrade the operator.

## Not to be confused with

`prometheus-paused`: there the operator leaves one Prometheus alone as it was told. `reconcile-failing`:
there it works and fails. The risk of the same code stands where nothing is lost yet.
"""

from dataclasses import replace
from shlex import quote

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _monitor, _reconciling
from watcher.diagnosis.rules._crash import with_suspect
from watcher.diagnosis.rules._operator import trouble_for, with_pods
from watcher.model.facts import (
    DECLARED,
    OPERATOR,
    OPERATOR_PODS,
    PROMETHEUS,
    PROMETHEUSES,
    Unavailable,
)
from watcher.model.findings import Confidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject


def check(case: Case) -> Finding | None:
    """Read the Deployments, then how far the operator's work has come."""
    prometheus = _reconciling.prometheus_of(case)
    if prometheus is None:
        return None
    late = _late(case, prometheus) if _reconciling.behind(prometheus) else None
    try:
        trouble = trouble_for(case.read(OPERATOR), prometheus)
    except Lacking:
        if late is None:
            raise
        return late
    if trouble is None:
        return late
    if trouble.confidence is Confidence.POSSIBLE:
        # An operator that is seen nowhere may still have done its work; a failing reload shows so.
        # And what changed a moment ago need not have arrived, wherever the operator runs.
        if late is not None:
            return late
        if case.changed_lately or any(_monitor.reload_fails(server) for server in case.servers()):
            return None
    pods = case.look(OPERATOR_PODS)
    suspected = with_suspect(trouble, pods, case.look(DECLARED), case.look(PROMETHEUSES))
    panics = suspected is not trouble
    trouble = suspected if panics else with_pods(trouble, pods, case.now, case.settle)
    return replace(
        trouble,
        summary=f"{trouble.summary}; no change of a monitor reaches {prometheus.full_name}",
        proof="prometheus-operator",
    )


def _late(case: Case, prometheus: KubeObject) -> Finding:
    operators = case.look(OPERATOR)
    known = None if isinstance(operators, Unavailable) else next(iter(operators), None)
    where = f"-n {quote(known.namespace)} logs deployment/{quote(known.name)}" if known else None
    return Finding(
        summary=f"prometheus-operator has not acted on generation {prometheus.generation} of"
        f" {prometheus.full_name}",
        evidence=(
            _reconciling.evidence(
                prometheus, "the condition Reconciled was observed for an older generation"
            ),
        ),
        fix=(
            FixStep(
                do="Read what the operator does instead",
                command=f"kubectl {where} --tail=50" if where else None,
            ),
        ),
        confidence=Confidence.LIKELY,
        proof="prometheus-operator",
    )


RULE = Rule(
    code="operator-down",
    link=Link.RECONCILED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(PROMETHEUS, OPERATOR, OPERATOR_PODS, DECLARED, PROMETHEUSES),
    check=check,
    refines=_reconciling.after("operator-down"),
)
