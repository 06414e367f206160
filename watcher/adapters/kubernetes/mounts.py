"""The mounts of Prometheus's container as they stand, to be remembered while all is well."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from watcher.adapters.kubernetes.reading import workloads_of
from watcher.model.facts import MountRecord
from watcher.model.kube import FieldError, KubeObject
from watcher.operator.drift import drift, owner_of
from watcher.operator.volumes import pod_template_mounts


def mount_records(
    prometheuses: Iterable[KubeObject], workloads: Sequence[KubeObject], now: datetime
) -> tuple[MountRecord, ...]:
    """Every mount of the StatefulSets and DaemonSets that belong to *prometheuses*.

    ``stateful_set`` is ``namespace/name``. A workload with a field of a wrong type costs only
    itself.
    """
    found: list[MountRecord] = []
    for prometheus in prometheuses:
        for workload in workloads_of(prometheus, workloads):
            try:
                found += _records(prometheus, workload, now)
            except FieldError:
                continue
    return tuple(found)


def _records(prometheus: KubeObject, workload: KubeObject, now: datetime) -> Iterator[MountRecord]:
    unexplained = {mount.path for mount in drift(prometheus, workload).mounts}
    for mount in pod_template_mounts(workload):
        owner = owner_of(workload, mount_path=mount.path)
        yield MountRecord(
            stateful_set=workload.full_name,
            mount_path=mount.path,
            volume=mount.volume,
            secret=mount.secret,
            permanent=mount.path not in unexplained,
            who=None if owner is None else owner.manager,
            operation=None if owner is None else owner.operation,
            changed_at=None if owner is None else owner.at,
            first_seen_at=now,
            last_seen_at=now,
        )
