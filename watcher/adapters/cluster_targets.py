"""What a snapshot reads only because some monitor looks for its targets there.

All pods of a large cluster, its nodes, Endpoints, slices and Ingresses are read only if they must
be: a Kubernetes before 1.21 has no such slices, and need not have them.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from watcher.adapters.cluster_reading import Objects, Reading
from watcher.adapters.kube import Which
from watcher.adapters.kube_resources import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    INGRESSES,
    NODES,
    PODS,
    Resource,
)
from watcher.model.facts import Known
from watcher.model.kube import FieldError, KubeObject, objects
from watcher.model.names import MonitorKind
from watcher.operator.discovery import Discovery, Role, block_discovery, discovery, service_roles
from watcher.operator.grounds import NOT_READ, Places
from watcher.operator.scrape_config_counts import BLOCKS

_NO_PROMETHEUS: Final = KubeObject({})

_PARTS: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.ENDPOINTS: ("subsets",),
    Role.ENDPOINT_SLICE: ("endpoints", "ports"),
    Role.INGRESS: ("spec",),
    Role.NODE: ("status",),
}
"""Targets are counted by these parts of them alone (operator/counts.py, addresses.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The objects, NOT_READ where no monitor looks for them; ``pod_places`` as in ``Cluster``."""

    endpoints: Objects
    endpoint_slices: Objects
    pods: Objects
    pod_places: Places
    ingresses: Objects
    nodes: Objects


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
    )


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
