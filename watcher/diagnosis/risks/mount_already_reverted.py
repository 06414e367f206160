"""A running pod still has a mount that its StatefulSet has lost.

## Meaning

The operator has taken a hand-made mount back, but the pod has not been restarted since. The files
are there until it is; then its jobs have no scrape pool, while the reload succeeds.

## Evidence

The pod's prometheus container has a mount over files of jobs; the StatefulSet and the Prometheus
resource have not.

## Fix

Append the Secret to `spec.secrets` of the Prometheus resource and name the files under
`/etc/prometheus/secrets/NAME/` in the monitors, before the pod restarts.

## Not to be confused with

`mount-not-in-cr`: there the StatefulSet still has the mount. `hand-patch-reverted`: there the pod has
restarted and the jobs are lost.
"""

from collections.abc import Iterator

from watcher.diagnosis.risks._mounts import jobs_under, repairs
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.model.facts import MONITORS, PODS, PROMETHEUS, STATEFUL_SETS
from watcher.model.findings import Evidence, Finding, Risk
from watcher.model.kube import KubeObject
from watcher.operator.resource_mounts import resource_mounts
from watcher.operator.volumes import SERVICE_ACCOUNT, Mount, covers, pod_mounts, pod_template_mounts


def check(ground: Ground) -> tuple[Risk, ...]:
    """Find mounts of running pods that neither StatefulSet nor resource would give the next one."""
    prometheus = ground.read(PROMETHEUS)
    if prometheus is None:
        return ()
    pods = ground.read(PODS)
    return tuple(
        risk
        for stateful_set in ground.read(STATEFUL_SETS)
        for pod in pods
        if _is_of(pod, stateful_set)
        for risk in _risks(ground, prometheus, stateful_set, pod)
    )


def _is_of(pod: KubeObject, stateful_set: KubeObject) -> bool:
    return pod.namespace == stateful_set.namespace and (
        pod.name.rpartition("-")[0] == stateful_set.name
    )


def _risks(
    ground: Ground, prometheus: KubeObject, stateful_set: KubeObject, pod: KubeObject
) -> Iterator[Risk]:
    lasting = (*pod_template_mounts(stateful_set), *resource_mounts(prometheus), SERVICE_ACCOUNT)
    for mount in pod_mounts(pod):
        for status, path in jobs_under(ground, mount):
            if covers(lasting, path) is None:
                yield _risk(ground, prometheus, stateful_set, pod, mount, status.pool, path)


def _risk(
    ground: Ground,
    prometheus: KubeObject,
    stateful_set: KubeObject,
    pod: KubeObject,
    mount: Mount,
    pool: str,
    path: str,
) -> Risk:
    status = next(s for s in ground.statuses if s.pool == pool)
    return Risk(
        code=RULE.code,
        prometheus=ground.name,
        pool=pool,
        finding=Finding(
            summary=f"{path} of {pool} is there only until pod {pod.full_name} restarts:"
            f" StatefulSet {stateful_set.full_name} has lost the mount",
            evidence=(
                Evidence(
                    seen=f"pod {pod.full_name} mounts {mount.secret or mount.volume} at"
                    f" {mount.path}",
                    where=pod.kubectl(),
                    at=pod.created_at,
                ),
                Evidence(
                    seen=f"StatefulSet {stateful_set.full_name} has no mount that covers {path}",
                    where=stateful_set.kubectl(),
                ),
            ),
            fix=repairs(ground, prometheus, mount, status),
            proof=f"{pod.full_name} {mount.path}",
        ),
    )


RULE = RiskRule(
    code="mount-already-reverted",
    needs=needing(PROMETHEUS, STATEFUL_SETS, PODS, MONITORS),
    check=check,
)
