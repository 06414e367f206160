"""What a snapshot reads only because some monitor looks for its targets there.

All pods of a large cluster, its nodes, Endpoints, slices and Ingresses are read only if they must
be: a Kubernetes before 1.21 has no such slices, and need not have them.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from watcher.adapters.kubernetes.api import ManagedFields, Which
from watcher.adapters.kubernetes.reading import Objects, Reading, joined
from watcher.adapters.kubernetes.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    INGRESSES,
    NODES,
    PODS,
    STATEFUL_SETS,
    Resource,
)
from watcher.model.facts import Known
from watcher.model.kube import FieldError, JSONObject, KubeObject, items, mapping, objects
from watcher.model.names import MonitorKind
from watcher.operator.discovery import Discovery, Role, block_discovery, discovery, service_roles
from watcher.operator.grounds import NOT_READ, Places
from watcher.operator.scrape_config_counts import BLOCKS
from watcher.operator.workloads import template_labels

_NO_PROMETHEUS: Final = KubeObject({})

_PARTS: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.ENDPOINTS: ("subsets",),
    Role.ENDPOINT_SLICE: ("endpoints", "ports"),
    Role.INGRESS: ("spec",),
    Role.NODE: ("status",),
}
"""Targets are counted by these parts of them alone (operator/counts.py, addresses.py)."""

WORKLOADS: Final = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS)
"""What asks for pods."""

_OF_PODS: Final = frozenset({Role.ENDPOINTS, Role.ENDPOINT_SLICE, Role.POD})

_METADATA: Final = (
    "name",
    "namespace",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "managedFields",
)
"""What operator/workloads.py asks of their metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The objects, NOT_READ where no monitor looks for them; ``pod_places`` as in ``Cluster``."""

    endpoints: Objects
    endpoint_slices: Objects
    pods: Objects
    pod_places: Places
    ingresses: Objects
    nodes: Objects
    workloads: Objects


def read_targets(
    reading: Reading,
    monitors: Mapping[MonitorKind, Objects],
    prometheuses: Collection[KubeObject],
    places: Places,
) -> Found:
    """Read where *monitors* look for their targets.

    *places* are the namespaces that a read of all namespaces falls back to (None: none of them).
    """
    wanted = tuple(_discoveries(monitors, {p.namespace for p in prometheuses}))
    roles = {each.role for each in wanted}
    roles |= service_roles(_known(monitors[MonitorKind.SERVICE_MONITOR]), prometheuses)

    def read(role: Role, resource: Resource) -> Objects:
        which = Which(parts=_PARTS[role])
        return reading.everywhere(resource, which) if role in roles else NOT_READ

    # One after the other: they are the largest lists, and two at once would stand in memory whole.
    pods, pod_places = _pods(reading, [w for w in wanted if w.role is Role.POD], places)
    return Found(
        endpoints=read(Role.ENDPOINTS, ENDPOINTS),
        endpoint_slices=read(Role.ENDPOINT_SLICE, ENDPOINT_SLICES),
        pods=pods,
        pod_places=pod_places,
        ingresses=read(Role.INGRESS, INGRESSES),
        nodes=read(Role.NODE, NODES),
        workloads=_workloads(reading) if roles & _OF_PODS else NOT_READ,
    )


def _workloads(reading: Reading) -> Objects:
    which = Which(managed_fields=ManagedFields.WHO, trims=_outline)
    return joined(reading.everywhere(resource, which) for resource in WORKLOADS)


def _outline(workload: KubeObject) -> KubeObject:
    """A workload without what nobody counts by: all of them whole would fill the memory."""
    try:
        kept = _outlined(workload)
    except FieldError:
        return workload  # whoever reads it names the field
    return KubeObject(kept)


def _outlined(workload: KubeObject) -> JSONObject:
    template = mapping(workload.spec, "template")
    ports = {
        key: [{"ports": items(c, "ports")} for c in objects(template, "spec", key)]
        for key in ("containers", "initContainers")
    }
    labels = {"labels": template_labels(workload)}
    metadata = mapping(workload.raw, "metadata")
    return {
        "kind": workload.kind,
        "metadata": {key: metadata[key] for key in _METADATA if key in metadata},
        "spec": {
            "replicas": workload.spec.get("replicas"),
            "template": {"metadata": labels, "spec": ports},
        },
        "status": workload.status,
    }


def _pods(
    reading: Reading, wanted: Collection[Discovery], places: Places
) -> tuple[Objects, Places]:
    if not wanted:
        return NOT_READ, frozenset()
    namespaces: set[str] = set()
    for each in wanted:
        if each.namespaces is None:
            return reading.everywhere(PODS), places
        namespaces.update(each.namespaces)
    return reading.within(PODS, namespaces), frozenset(namespaces)


def _discoveries(
    monitors: Mapping[MonitorKind, Objects], owners: Collection[str]
) -> Iterator[Discovery]:
    """Where each monitor looks; one that is bad costs only itself."""
    for kind in (MonitorKind.POD_MONITOR, MonitorKind.PROBE):
        for monitor in _known(monitors[kind]):
            with suppress(FieldError):
                yield discovery(monitor, _NO_PROMETHEUS)
    for scrape_config in _known(monitors[MonitorKind.SCRAPE_CONFIG]):
        with suppress(FieldError):
            for block in objects(scrape_config.spec, BLOCKS):
                yield from (block_discovery(block, owner) for owner in owners)


def _known(found: Objects) -> tuple[KubeObject, ...]:
    return tuple(found.value) if isinstance(found, Known) else ()
