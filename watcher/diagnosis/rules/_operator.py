"""What cause and risk ``operator-down`` share: whether prometheus-operator runs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from shlex import quote

from watcher.diagnosis.rules import _pod_trouble
from watcher.model.facts import Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep
from watcher.model.kube import FieldError, KubeObject, number
from watcher.operator.scope import operator_scope
from watcher.operator.selectors import SelectorError


def caring_for(deployments: Iterable[KubeObject], prometheus: KubeObject) -> tuple[KubeObject, ...]:
    """Those of *deployments* whose operator looks after *prometheus*, by the flags of its scope.

    One whose flags cannot be understood counts: it may be the one.
    """
    return tuple(each for each in deployments if _takes(each, prometheus))


def _takes(deployment: KubeObject, prometheus: KubeObject) -> bool:
    try:
        return operator_scope(deployment).disowns(prometheus) is None
    except (FieldError, SelectorError):
        return True


def trouble_for(deployments: Sequence[KubeObject], prometheus: KubeObject) -> Finding | None:
    """Why no operator can be at work on *prometheus*, None when one is.

    Where some are there and none looks after it, that is another cause's: ``outside-operator-scope``.
    """
    caring = caring_for(deployments, prometheus)
    return None if deployments and not caring else not_running(caring)


def with_pods(
    trouble: Finding, pods: Sequence[KubeObject] | Unavailable, now: datetime, settle: timedelta
) -> Finding:
    """*trouble* with why its pods do not run, and the step for that; as it is where none says why."""
    for pod in () if isinstance(pods, Unavailable) else pods:
        try:
            found = _pod_trouble.trouble(pod, None, now, settle)
        except FieldError:
            continue
        if found is not None:
            return replace(
                trouble,
                summary=f"{trouble.summary}: {found.said}",
                evidence=(*trouble.evidence, found.evidence()),
                fix=(*_of_pod(found), *trouble.fix),
            )
    return trouble


def _of_pod(found: _pod_trouble.Trouble) -> Iterator[FixStep]:
    """What lets a pod of an operator run; a panic is told elsewhere."""
    if found.reason == "OOMKilled":
        yield FixStep(
            do="Give the operator more memory than its limit; one that caches all Secrets of a cluster full"
            " of Helm releases needs less with"
            " --secret-field-selector=type!=helm.sh/release.v1 (0.64 and later)",
            command=f"kubectl -n {quote(found.pod.namespace)} describe pod {quote(found.pod.name)}",
        )
    elif found.restarts:
        yield FixStep(
            do="Read its last words before it ended",
            command=f"kubectl -n {quote(found.pod.namespace)} logs {quote(found.pod.name)}"
            f" -c {quote(found.container)} --previous --tail=50",
        )


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
