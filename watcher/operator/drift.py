"""What stands in a StatefulSet and no custom resource explains, and who put it there.

The operator writes the StatefulSet from the custom resource (since v0.34 within seconds of any
change), so such a mount lasts only until it next looks.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watcher.model.kube import JSONObject, KubeObject, mapping, moment, objects, text
from watcher.operator.resource_mounts import operator_volume, resource_mounts, resource_volumes
from watcher.operator.volumes import CONTAINER, Mount, normal, pod_template_mounts

OPERATOR_MANAGERS: Final = ("PrometheusOperator", "operator", "prometheus-operator")
"""Field managers of prometheus-operator: since v0.54 by its user agent, before by its file name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Mounts of the prometheus container, and names of volumes, that the resource does not explain.

    A volume can be unexplained without a mount of it in that container.
    """

    mounts: tuple[Mount, ...] = ()
    volumes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.mounts or self.volumes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who last wrote a field: field manager (``kubectl-patch``), operation, and when."""

    manager: str
    operation: str
    at: datetime | None


def drift(prometheus: KubeObject, stateful_set: KubeObject) -> Drift:
    """What *stateful_set* (or an agent's DaemonSet) has and *prometheus* does not explain."""
    expected = {normal(mount.path): mount.volume for mount in resource_mounts(prometheus)}
    named = {text(volume, "name") for volume in resource_volumes(prometheus)}
    mounts = tuple(
        mount
        for mount in pod_template_mounts(stateful_set)
        if expected.get(normal(mount.path)) != mount.volume
        and not operator_volume(prometheus, mount.volume)
    )
    volumes = tuple(
        name
        for volume in objects(stateful_set.raw, "spec", "template", "spec", "volumes")
        if (name := text(volume, "name") or "") not in named
        and not operator_volume(prometheus, name)
    )
    return Drift(mounts=mounts, volumes=volumes)


def owner_of(
    resource: KubeObject, *, volume: str | None = None, mount_path: str | None = None
) -> Owner | None:
    """Who owns a volume, or a mount of the prometheus container, of a StatefulSet or DaemonSet.

    By managedFields; the latest where several do, None where none does.
    """
    found = [
        Owner(
            manager=text(entry, "manager") or "",
            operation=text(entry, "operation") or "",
            at=moment(entry, "time"),
        )
        for entry in objects(resource.raw, "metadata", "managedFields")
        if any(_owned(entry, volume, mount_path))
    ]
    return max(found, key=lambda owner: owner.at.timestamp() if owner.at else 0.0, default=None)


def _owned(entry: JSONObject, volume: str | None, mount_path: str | None) -> Iterator[bool]:
    pod = mapping(entry, "fieldsV1", "f:spec", "f:template", "f:spec")
    if volume is not None:
        yield _key("name", volume) in mapping(pod, "f:volumes")
    if mount_path is not None:
        container = mapping(pod, "f:containers", _key("name", CONTAINER))
        yield _key("mountPath", mount_path) in mapping(container, "f:volumeMounts")


def _key(field: str, wanted: str) -> str:
    """How managedFields name one item of a list that is keyed by *field*."""
    return f"k:{json.dumps({field: wanted}, separators=(',', ':'), ensure_ascii=False)}"
