"""The operator does not keep the Service of the kubelets that the job looks for.

## Meaning

Kubelets have no Service of their own: prometheus-operator keeps one (`--kubelet-service`) and writes
the nodes' addresses behind it, as Endpoints or as EndpointSlices. Without the flag, or with that
kind switched off, the job finds nothing, once nothing is left of what it wrote before.

## Evidence

The monitor selects the labels that the operator gives to that Service, no such Service has an
address in the kind of object that the job reads, and the flags of the operator's Deployment do not
ask for it, or the operator does not run.

## Fix

Start the operator with `--kubelet-service=NAMESPACE/NAME` (and `--kubelet-endpointslice=true` for
EndpointSlices).

## Not to be confused with

`no-matching-service`, `no-ready-endpoints`, `endpoints-role-mismatch`: those are for any Service.
`address-left-behind`: there are addresses, of nodes long gone.
"""

from collections.abc import Mapping
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _discovery, _operator
from watcher.model.comparison import JobState
from watcher.model.facts import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    MONITOR,
    OPERATOR,
    PROMETHEUS,
    SERVICES,
)
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import FieldError, KubeObject
from watcher.operator.discovery import Role
from watcher.operator.scope import operator_flags

LABELS: Final = {
    "k8s-app": "kubelet",
    "app.kubernetes.io/name": "kubelet",
    "app.kubernetes.io/managed-by": "prometheus-operator",
}
"""Labels of the Service that the operator keeps (pkg/kubelet/controller.go, v0.93.0)."""

FLAG: Final = "kubelet-service"


def check(case: Case) -> Finding | None:
    """See whether that Service is meant, lacks addresses, and nobody keeps it."""
    found = _discovery.services(case)
    if found is None or not found.wanted.requirements or not found.wanted.matches(LABELS):
        return None
    if found.matching:
        behind = _discovery.behind(case, found, found.sought.role)
        if any(map(_discovery.address_count, behind)):
            return None
    deployments = case.read(OPERATOR)
    trouble = _operator.not_running(deployments)
    why = _why(deployments, found.sought.role)
    if why is None and (trouble is None or not deployments):
        return None
    first = deployments[0] if deployments else None
    said = why or (trouble.summary if trouble else "")
    return Finding(
        summary=f"the Service of the kubelets has no addresses, and the operator does not keep it:"
        f" {said}",
        evidence=(
            Evidence(
                seen=f"no Service with {found.wanted} in {found.sought.where} has an address",
                where=found.sought.kubectl("services", "-l k8s-app=kubelet"),
            ),
            Evidence(
                seen=said,
                where=first.kubectl("-o jsonpath='{.spec.template.spec.containers[*].args}'")
                if first
                else "kubectl get deployments -A",
            ),
        ),
        fix=(
            FixStep(
                do="Let the operator keep it: run it, with --kubelet-service=<namespace>/<name> and,"
                " where Prometheus reads EndpointSlices, --kubelet-endpointslice=true",
                command=f"kubectl -n {quote(first.namespace)} edit deployment {quote(first.name)}"
                if first
                else None,
            ),
        ),
        confidence=Confidence.LIKELY,
        proof="kubelet Service",
    )


def _why(deployments: tuple[KubeObject, ...], role: str) -> str | None:
    """What the flags of all operators lack; None where one keeps the Service, or there is none."""
    reasons = [lacking(deployment, role) for deployment in deployments]
    return reasons[0] if reasons and all(reasons) else None


def lacking(deployment: KubeObject, role: str) -> str | None:
    """What the flags of an operator lack to keep the Service for *role*; None where nothing."""
    try:
        flags: Mapping[str, str] = operator_flags(deployment)
    except FieldError:
        return None
    whose = f"Deployment {deployment.full_name}"
    if not flags.get(FLAG):
        return f"{whose} has no --{FLAG}"
    if role == Role.ENDPOINTS and flags.get("kubelet-endpoints") == "false":
        return f"{whose} has --kubelet-endpoints=false, and the job reads Endpoints"
    if role == Role.ENDPOINT_SLICE and flags.get("kubelet-endpointslice", "false") == "false":
        return f"{whose} has no --kubelet-endpointslice=true, and the job reads EndpointSlices"
    return None


RULE = Rule(
    code="kubelet-sync-off",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(MONITOR, PROMETHEUS, SERVICES, ENDPOINTS, ENDPOINT_SLICES, OPERATOR),
    check=check,
    refines=frozenset({"no-matching-service", "no-ready-endpoints", "endpoints-role-mismatch"}),
)
