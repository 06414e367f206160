"""A file that jobs need is mounted only on the StatefulSet, not by the custom resource.

## Meaning

All works today. But the mount stands only on the StatefulSet, put there by hand; the operator
writes the StatefulSet from the custom resource and will take the mount back at its next look, and
the next pod starts without the files. Its jobs then have no scrape pool and no alert fires.

## Evidence

The StatefulSet's prometheus container has a mount that the Prometheus resource does not explain,
and files of jobs stand under it; who put it there and when, by managedFields.

## Fix

Append the Secret to `spec.secrets` of the Prometheus resource and name the files under
`/etc/prometheus/secrets/NAME/` in the monitors, before the operator comes back.

## Not to be confused with

`mount-already-reverted`: there the StatefulSet has lost the mount, and only a running pod has it. A
mount that came with the operator's own writing, while the resource has not changed since, was added
by a webhook: it comes back each time, and is no risk.
"""

from collections.abc import Iterator

from watcher.diagnosis.risks._mounts import jobs_under, repairs
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.model.facts import MONITORS, PROMETHEUS, STATEFUL_SETS
from watcher.model.findings import Evidence, Finding, Risk
from watcher.model.kube import KubeObject
from watcher.operator.drift import OPERATOR_MANAGERS, Owner, drift, owner_of
from watcher.operator.steering import changed_at
from watcher.operator.volumes import Mount


def check(ground: Ground) -> tuple[Risk, ...]:
    """Find mounts of the StatefulSets that the resource does not explain."""
    prometheus = ground.read(PROMETHEUS)
    if prometheus is None:
        return ()
    return tuple(
        risk
        for stateful_set in ground.read(STATEFUL_SETS)
        for mount in drift(prometheus, stateful_set).mounts
        for risk in _risks(ground, prometheus, stateful_set, mount)
    )


def _risks(
    ground: Ground, prometheus: KubeObject, stateful_set: KubeObject, mount: Mount
) -> Iterator[Risk]:
    owner = owner_of(stateful_set, volume=mount.volume, mount_path=mount.path)
    if owner is not None and _by_webhook(owner, prometheus):
        return
    by = f"put there by {owner.manager} ({owner.operation})" if owner else "by whom is not known"
    for status, path in jobs_under(ground, mount):
        yield Risk(
            code=RULE.code,
            prometheus=ground.name,
            pool=status.pool,
            finding=Finding(
                summary=f"{path} of {status.pool} is there only by a mount that StatefulSet"
                f" {stateful_set.full_name} has and the {prometheus.kind} resource does not ask"
                " for; the operator will take it back",
                evidence=(
                    Evidence(
                        seen=f"StatefulSet {stateful_set.full_name} mounts"
                        f" {_what(mount)} at {mount.path}, {by}",
                        where=stateful_set.kubectl("--show-managed-fields -o yaml"),
                        at=owner.at if owner else None,
                    ),
                    Evidence(
                        seen=f"{prometheus.kind} {prometheus.full_name} asks for no mount that"
                        f" covers {path}",
                        where=prometheus.kubectl(
                            "-o jsonpath='{.spec.secrets} {.spec.volumeMounts}'"
                        ),
                    ),
                ),
                fix=repairs(ground, prometheus, mount, status),
                proof=f"{stateful_set.full_name} {mount.path}",
            ),
        )


def _by_webhook(owner: Owner, prometheus: KubeObject) -> bool:
    """Whether the operator itself wrote it, though the resource did not ask for it then either."""
    changed = changed_at(prometheus)
    if owner.manager not in OPERATOR_MANAGERS or owner.at is None or changed is None:
        return False
    return changed <= owner.at


def _what(mount: Mount) -> str:
    return f"Secret {mount.secret}" if mount.secret else f"volume {mount.volume}"


RULE = RiskRule(
    code="mount-not-in-cr", needs=needing(PROMETHEUS, STATEFUL_SETS, MONITORS), check=check
)
