"""What cause and risk ``operator-down`` share: whether prometheus-operator runs."""

from collections.abc import Sequence
from shlex import quote

from watcher.model.findings import Confidence, Evidence, Finding, FixStep
from watcher.model.kube import KubeObject, number


def not_running(deployments: Sequence[KubeObject]) -> Finding | None:
    """Why no operator can be at work, None when one is.

    Without any Deployment it may run elsewhere (another cluster's namespace, a bare process), so
    that is a suspicion only.
    """
    if not deployments:
        return Finding(
            summary="there is no Deployment of prometheus-operator",
            evidence=(
                Evidence(
                    seen="no Deployment runs prometheus-operator",
                    where="kubectl get deployments -A -o wide | grep prometheus-operator",
                ),
            ),
            confidence=Confidence.POSSIBLE,
        )
    if any(_available(deployment) for deployment in deployments):
        return None
    first = deployments[0]
    wanted = _wanted(first)
    return Finding(
        summary=f"prometheus-operator ({first.full_name}) does not run:"
        + (" it is scaled to zero" if wanted == 0 else f" 0 of {wanted} replicas are available"),
        evidence=(
            Evidence(
                seen=f"Deployment {first.full_name}: {wanted} replicas wanted,"
                f" {number(first.raw, 'status', 'availableReplicas') or 0} available",
                where=first.kubectl(),
            ),
        ),
        fix=(_fix(first, wanted),),
        confidence=Confidence.LIKELY,
    )


def _available(deployment: KubeObject) -> bool:
    """Whether it has a replica that works; one whose status nobody has written yet may have."""
    if not deployment.status:
        return _wanted(deployment) > 0
    return _wanted(deployment) > 0 and bool(
        number(deployment.raw, "status", "availableReplicas")
        or number(deployment.raw, "status", "readyReplicas")
    )


def _wanted(deployment: KubeObject) -> int:
    found = number(deployment.raw, "spec", "replicas")
    return 1 if found is None else found


def _fix(deployment: KubeObject, wanted: int) -> FixStep:
    name, namespace = deployment.name, deployment.namespace
    if wanted == 0:
        return FixStep(
            do="Scale it up again, once nothing on the StatefulSets depends on hand-made changes"
            " (watcher audit names them)",
            command=f"kubectl -n {quote(namespace)} scale deployment {quote(name)} --replicas=1",
        )
    return FixStep(
        do="See why its pods are not available",
        command=f"kubectl -n {quote(namespace)} describe deployment {quote(name)};"
        f" kubectl -n {quote(namespace)} logs deployment/{quote(name)} --tail=50",
    )
