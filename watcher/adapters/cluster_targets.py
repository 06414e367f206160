"""What a snapshot reads only because some monitor looks for its targets there.

All pods of a large cluster, its nodes and its Ingresses are read only if they must be.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from watcher.adapters.cluster_reading import Objects, Reading
from watcher.adapters.kube import Which
from watcher.adapters.kube_resources import INGRESSES, NODES, PODS
from watcher.model.facts import Known
from watcher.model.kube import FieldError, KubeObject, objects
from watcher.model.names import MonitorKind
from watcher.operator.discovery import Discovery, Role, block_discovery, discovery
from watcher.operator.grounds import NOT_READ, Places
from watcher.operator.scrape_config_counts import BLOCKS

_NO_PROMETHEUS: Final = KubeObject({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The objects, NOT_READ where no monitor looks for them; ``pod_places`` as in ``Cluster``."""

    pods: Objects
    pod_places: Places
    ingresses: Objects
    nodes: Objects


def read_targets(
    reading: Reading,
    monitors: Mapping[MonitorKind, Objects],
    owners: Collection[str],
    places: Places,
) -> Found:
    """Read where *monitors* look for their targets.

    *owners* are the namespaces of the Prometheuses, *places* those that a read of all namespaces
    falls back to (None: none of them).
    """
    wanted = tuple(_discoveries(monitors, owners))
    roles = {each.role for each in wanted}
    pods, pod_places = _pods(reading, [w for w in wanted if w.role is Role.POD], places)
    return Found(
        pods=pods,
        pod_places=pod_places,
        ingresses=reading.everywhere(INGRESSES) if Role.INGRESS in roles else NOT_READ,
        nodes=reading.everywhere(NODES, Which(parts=("status",)))
        if Role.NODE in roles
        else NOT_READ,
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
