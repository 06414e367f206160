"""A running pod still has a mount that its StatefulSet has lost.

## Meaning

The operator has taken a hand-made mount back, but the pod has not been restarted since. The files
are there until it is; then its jobs have no scrape pool, while the reload succeeds.

## Evidence

The pod's prometheus container has a mount over files of jobs; the StatefulSet and the Prometheus
resource have not. That the StatefulSet gave it to the pod is certain by the ControllerRevision of
which the pod was made (its label `controller-revision-hash`), or by this watcher's own memory of the
mount; where that revision is gone, it is likely.

## Fix

Append the Secret to `spec.secrets` of the Prometheus resource and name the files under
`/etc/prometheus/secrets/NAME/` in the monitors, before the pod restarts.

## Not to be confused with

`mount-not-in-cr`: there the StatefulSet still has the mount. `hand-patch-reverted`: there the pod has
restarted and the jobs are lost. A mount that the pod's own revision does not have either was put
there by a webhook, such as Vault's: it comes back with each new pod, and is no risk.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from watcher.diagnosis.risks._mounts import jobs_under, repairs
from watcher.diagnosis.rule import Ground, Lacking, RiskRule, needing
from watcher.model.comparison import JobStatus
from watcher.model.facts import (
    MONITORS,
    MOUNT_HISTORY,
    PODS,
    PROMETHEUS,
    REVISIONS,
    STATEFUL_SETS,
    Unavailable,
)
from watcher.model.findings import Confidence, Evidence, Finding, Risk
from watcher.model.kube import KubeObject, mapping, number, text
from watcher.operator.resource_mounts import resource_mounts
from watcher.operator.volumes import (
    SERVICE_ACCOUNT,
    Mount,
    covers,
    pod_mounts,
    pod_template_mounts,
    revision_mounts,
)

_REVISION_OF_POD: Final = "controller-revision-hash"


def check(ground: Ground) -> Iterator[Risk]:
    """Find mounts of running pods that neither StatefulSet nor resource would give the next one.

    Raises Lacking, after what is told, where only what cannot be read tells whence a pod has one.
    """
    prometheus = ground.read(PROMETHEUS)
    if prometheus is None:
        return
    lacking: list[Lacking] = []
    pods = ground.read(PODS)
    for stateful_set in ground.read(STATEFUL_SETS):
        for pod in pods:
            if _is_of(pod, stateful_set):
                yield from _risks(ground, prometheus, stateful_set, pod, lacking)
    if lacking:
        raise lacking[0]


def _is_of(pod: KubeObject, stateful_set: KubeObject) -> bool:
    return pod.namespace == stateful_set.namespace and (
        pod.name.rpartition("-")[0] == stateful_set.name
    )


def _risks(
    ground: Ground,
    prometheus: KubeObject,
    stateful_set: KubeObject,
    pod: KubeObject,
    lacking: list[Lacking],
) -> Iterator[Risk]:
    lasting = (*pod_template_mounts(stateful_set), *resource_mounts(prometheus), SERVICE_ACCOUNT)
    for mount in pod_mounts(pod):
        for status, path in jobs_under(ground, mount):
            if covers(lasting, path) is not None:
                continue
            try:
                former = _former(ground, stateful_set, pod, path)
            except Lacking as lack:
                lacking.append(lack)
                continue
            if former is not None:
                found = _finding(stateful_set, pod, mount, path, status, former)
                fix = repairs(ground, prometheus, mount, status)
                yield Risk(
                    code=RULE.code,
                    prometheus=ground.name,
                    pool=status.pool,
                    finding=replace(found, fix=fix),
                )


def _finding(
    stateful_set: KubeObject,
    pod: KubeObject,
    mount: Mount,
    path: str,
    status: JobStatus,
    former: tuple[Evidence, ...],
) -> Finding:
    lost = "has lost the mount" if former else "has no such mount"
    return Finding(
        confidence=Confidence.CERTAIN if former else Confidence.LIKELY,
        summary=f"{path} of {status.pool} is there only until pod {pod.full_name} restarts:"
        f" StatefulSet {stateful_set.full_name} {lost}",
        evidence=(
            Evidence(
                seen=f"pod {pod.full_name} mounts {mount.secret or mount.volume} at {mount.path}",
                where=pod.kubectl(),
                at=pod.created_at,
            ),
            Evidence(
                seen=f"StatefulSet {stateful_set.full_name} has no mount that covers {path}",
                where=stateful_set.kubectl(),
            ),
            *former,
        ),
        proof=f"{pod.full_name} {mount.path}",
    )


def _former(
    ground: Ground, stateful_set: KubeObject, pod: KubeObject, path: str
) -> tuple[Evidence, ...] | None:
    """The proof that the StatefulSet once gave the pod what covers *path*; empty where none is had.

    None where the pod has it from elsewhere: its own revision has it not. Raises Lacking where the
    revisions could not be read and nothing else tells it.
    """
    of_pod = pod.labels.get(_REVISION_OF_POD)
    revisions = ground.look(REVISIONS)
    for revision in () if isinstance(revisions, Unavailable) else revisions:
        if (revision.namespace, revision.name) != (stateful_set.namespace, of_pod):
            continue
        if covers(revision_mounts(revision), path) is None:
            return None
        seen = f"ControllerRevision {revision.full_name}, of which the pod was made, has the mount"
        return (Evidence(seen=seen, where=revision.kubectl(), at=revision.created_at),)
    status = mapping(stateful_set.raw, "status")
    is_seen = number(status, "observedGeneration") == stateful_set.generation
    if of_pod is not None and is_seen and of_pod == text(status, "updateRevision"):
        return None
    records = ground.look(MOUNT_HISTORY)
    for record in () if isinstance(records, Unavailable) else records:
        mount = Mount(path=record.mount_path, volume=record.volume, secret=record.secret)
        if record.stateful_set == stateful_set.full_name and covers((mount,), path) is mount:
            seen = f"StatefulSet {stateful_set.full_name} had the mount when last seen with it"
            return (
                Evidence(
                    seen=seen, where="watcher's own history of mounts", at=record.last_seen_at
                ),
            )
    ground.read(REVISIONS)
    return ()


RULE = RiskRule(
    code="mount-already-reverted",
    needs=needing(PROMETHEUS, STATEFUL_SETS, PODS, MONITORS, REVISIONS, MOUNT_HISTORY),
    check=check,
)
