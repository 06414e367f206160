"""What should be scraped, as the custom resources of a cluster and the settings say it.

Reads the cluster and hands it to ``watcher.operator``, which understands it.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from watcher.adapters.kubernetes.api import SOURCE, KubeApi, ManagedFields, Which
from watcher.adapters.kubernetes.followed_lists import FollowedLists
from watcher.adapters.kubernetes.mounts import mount_records
from watcher.adapters.kubernetes.reading import Objects, Reading
from watcher.adapters.kubernetes.resources import (
    AGENTS,
    DAEMON_SETS,
    MONITORS,
    NAMESPACES,
    NODES,
    PODS,
    PROMETHEUSES,
    SERVICES,
    STATEFUL_SETS,
)
from watcher.adapters.kubernetes.servers import Watched, pod_url
from watcher.adapters.kubernetes.targets import read_targets
from watcher.errors import SourceUnavailable
from watcher.model.expectations import (
    Expectations,
    ExpectedServer,
    Unreadable,
    WatchedPrometheus,
)
from watcher.model.facts import Known, MountRecord, Unavailable
from watcher.model.kube import FieldError, KubeObject
from watcher.model.names import MonitorKind
from watcher.operator.expect import Cluster, expect
from watcher.settings import Settings

READS_AT_ONCE: Final = 4


class ClusterSource:
    """Fits the port ExpectationSource. Without an API server it knows what the settings name."""

    name = SOURCE

    def __init__(self, api: KubeApi | None, settings: Settings) -> None:
        kubernetes = settings.kubernetes
        self._api = api
        self._lists = None if api is None else FollowedLists(api)
        self._proxy = kubernetes is not None and kubernetes.proxy
        self._namespaces = () if kubernetes is None else kubernetes.namespaces
        self._settle = settings.settle
        self._counts_nodes = any(pin.targets == "nodes" for pin in settings.expect.pinned)
        self._watched = Watched(settings.prometheuses, self._namespaces)

    def snapshot(self, now: datetime) -> Expectations:
        """All expected jobs of the watched Prometheuses, with their servers; every list is read.

        Raises SourceUnavailable when the API server cannot be read at all.
        """
        if self._lists is None:
            return self._watched.of(Expectations(taken_at=now), known=False)
        self._lists.forget()
        return self._expected(self._lists, now)

    def changed(self, now: datetime) -> Expectations | None:
        """As ``snapshot``, of what changed in the lists since; None where nothing did."""
        if self._lists is None or not self._lists.catch_up():
            return None
        return self._expected(self._lists, now)

    def choosing(self) -> Cluster:
        """The Prometheuses that are watched, with what decides what they select, and no monitor.

        For monitors that stand elsewhere. Raises SourceUnavailable without an API server.
        """
        if self._lists is None:
            raise SourceUnavailable(SOURCE, "there is none: name one with kubernetes.kubeconfig")
        reading = Reading(self._lists, self._namespaces)
        return Cluster(
            prometheuses=self._chosen(reading.everywhere(PROMETHEUSES)),
            agents=self._chosen(reading.everywhere(AGENTS)),
            namespaces=reading.everywhere(NAMESPACES),
            operators=reading.operators(),
        )

    def mounts(self, now: datetime) -> Sequence[MountRecord]:
        """The mounts of the watched Prometheuses' StatefulSets and DaemonSets.

        None of what cannot be read: they are remembered while they can be, and nothing follows
        from their absence.
        """
        if self._lists is None:
            return ()
        reading = Reading(self._lists, self._namespaces)
        prometheuses = _known(reading.everywhere(PROMETHEUSES)) + _known(reading.everywhere(AGENTS))
        watched = [p for p in prometheuses if _is_whole(p) and self._watched.includes(p)]
        places = {p.namespace for p in watched}
        workloads = [
            workload
            for resource in (STATEFUL_SETS, DAEMON_SETS)
            for place in sorted(places)
            for workload in _known(
                reading.within(resource, (place,), Which(managed_fields=ManagedFields.ALL))
            )
        ]
        return mount_records(watched, workloads, now)

    def address_of(self, prometheus: WatchedPrometheus, server: ExpectedServer) -> str | None:
        """Where the pod of *server* answers now; None where no pod or nobody can tell."""
        if self._api is None or prometheus.resource is None or not self._watched.finds(prometheus):
            return None
        resource = KubeObject(prometheus.resource)
        try:
            pod = self._api.get(PODS, resource.namespace, server.name)
            return None if pod is None else self._url(pod, resource)
        except (SourceUnavailable, FieldError):
            return None

    def _expected(self, lists: FollowedLists, now: datetime) -> Expectations:
        reading = Reading(lists, self._namespaces)
        with _uncollected():
            cluster = self._read(reading)
            found = replace(
                self._counted(reading, expect(cluster, now, self._url)),
                unserved=tuple(sorted(reading.unserved)),
            )
        known = isinstance(cluster.prometheuses, Known) and isinstance(cluster.agents, Known)
        return self._watched.of(found, known=known)

    def _read(self, reading: Reading) -> Cluster:
        prometheuses = reading.everywhere(PROMETHEUSES)
        if isinstance(prometheuses, Unavailable) and prometheuses.permission is None:
            raise _error(prometheuses)  # all other reads would fail as well, each after a time-out
        reads = _reads(reading)
        with ThreadPoolExecutor(max_workers=READS_AT_ONCE) as pool:
            running = {name: pool.submit(read) for name, read in reads.items()}
            found = {name: future.result() for name, future in running.items()}
        if isinstance(prometheuses, Unavailable) and not any(map(_readable, found.values())):
            raise _error(prometheuses)
        monitors = {kind: found.pop(kind) for kind in MonitorKind}
        # Reads fall back to these namespaces; what is beyond them is not known to be nothing.
        places = frozenset(self._namespaces) or None
        whole = [p for p in (*_known(prometheuses), *_known(found["agents"])) if _is_whole(p)]
        targets = read_targets(reading, monitors, whole, places)
        return Cluster(
            prometheuses=prometheuses,
            agents=found["agents"],
            monitors=monitors,
            namespaces=found["namespaces"],
            operators=found["operators"],
            pods=found["pods"],
            services=found["services"],
            endpoints=targets.endpoints,
            endpoint_slices=targets.endpoint_slices,
            target_pods=targets.pods,
            ingresses=targets.ingresses,
            nodes=targets.nodes,
            workloads=targets.workloads,
            settle=self._settle,
            places=places,
            pod_places=targets.pod_places,
        )

    def _chosen(self, found: Objects) -> Objects:
        if isinstance(found, Unavailable):
            return found
        kept = (p for p in found.value if not _is_whole(p) or self._watched.includes(p))
        return Known(tuple(kept))

    def _counted(self, reading: Reading, found: Expectations) -> Expectations:
        """*found* with the number of nodes, where a pinned job asks for it."""
        if not self._counts_nodes:
            return found
        nodes = reading.everywhere(NODES)
        if isinstance(nodes, Known):
            return replace(found, nodes=len(nodes.value))
        unread = Unreadable(source="nodes", error=nodes.reason, permission=nodes.permission)
        return replace(found, unreadable=(*found.unreadable, unread))

    def _url(self, pod: KubeObject, prometheus: KubeObject) -> str:
        return pod_url(pod, prometheus, self._api if self._proxy else None)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let nobody look for cycles meanwhile.

    A snapshot of a large cluster makes a million objects and no cycle among them; that these were
    gone through again and again took a fifth of its time, and freed nothing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _reads(reading: Reading) -> dict[str, Callable[[], Objects]]:
    """Every list that a snapshot takes beside the Prometheuses, by name."""
    reads: dict[str, Callable[[], Objects]] = {
        "agents": partial(reading.everywhere, AGENTS),
        "namespaces": partial(reading.everywhere, NAMESPACES),
        "operators": reading.operators,
        "pods": reading.prometheus_pods,
        "services": partial(reading.everywhere, SERVICES, Which(parts=("spec",))),
    }
    for kind, resource in MONITORS.items():
        # Who changed a monitor last, and when, is evidence; which fields is not.
        reads[kind] = partial(reading.everywhere, resource, Which(managed_fields=ManagedFields.WHO))
    return reads


def _is_whole(resource: KubeObject) -> bool:
    """Whether it has a name and a namespace; one that has not is told by the snapshot."""
    try:
        return bool(resource.name and resource.namespace)
    except FieldError:
        return False


def _readable(found: Objects) -> bool:
    return isinstance(found, Known)


def _known(found: Objects) -> tuple[KubeObject, ...]:
    return found.value if isinstance(found, Known) else ()


def _error(found: Unavailable) -> SourceUnavailable:
    return SourceUnavailable(SOURCE, found.reason, permission=found.permission)
