"""How many targets each job should have, where that can be known.

Counted is what service discovery should find and relabeling leaves alone. Where relabeling could
change the number, or anything that decides could not be read, the answer is None, never a guess.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeAlias

from watcher.model.facts import Availability, Unavailable
from watcher.model.kube import (
    FieldError,
    JSONObject,
    KubeObject,
    flag,
    mapping,
    objects,
    text,
    texts,
    value,
)
from watcher.model.names import MonitorKind
from watcher.operator.addresses import (
    Address,
    WantedPort,
    addresses,
    container_ports,
    running,
    wanted_port,
)
from watcher.operator.discovery import Discovery, Role, discovery
from watcher.operator.files import scrape_class_of
from watcher.operator.jobs import ENDPOINTS, at_endpoint
from watcher.operator.relabelings import keeps_count
from watcher.operator.selectors import Selector, SelectorError, selector
from watcher.operator.shelf import Bad, Item, Key, Shelf, grouped, shelve

SERVICE_OF_SLICE: Final = "kubernetes.io/service-name"
"""Label of an EndpointSlice that names its Service."""

Objects: TypeAlias = Availability[Sequence[KubeObject]]
NOT_READ: Final = Unavailable("not asked for")
Places: TypeAlias = frozenset[str] | None
_ByService: TypeAlias = Mapping[Key, Sequence[KubeObject]]


class _Unknown(Exception):  # noqa: N818 -- it ends one count, it is no error of anybody
    """The number cannot be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The objects among which targets are found; None for a kind that could not be read.

    ``places`` are the namespaces that were read (of pods: ``pod_places``), None for all: nothing
    can be counted beyond. ``bad`` are objects of which a field has a wrong type; it grows while targets are counted.
    """

    services: Shelf | None
    endpoints: _ByService | None
    slices: _ByService | None
    pods: Shelf | None
    ingresses: Shelf | None = None
    nodes: Sequence[KubeObject] | None = None
    places: Places = None
    pod_places: Places = None
    bad: list[Bad] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The objects of each kind among which targets are found, as they were read."""

    services: Objects = NOT_READ
    endpoints: Objects = NOT_READ
    slices: Objects = NOT_READ
    pods: Objects = NOT_READ
    ingresses: Objects = NOT_READ
    nodes: Objects = NOT_READ


def grounds(read: Sources, *, places: Places = None, pod_places: Places = None) -> Grounds:
    """Lay out what was read, once for all monitors."""
    bad: list[Bad] = []
    return Grounds(
        services=_shelf(read.services, bad),
        endpoints=_grouped(read.endpoints, bad, sliced=False),
        slices=_grouped(read.slices, bad, sliced=True),
        pods=_shelf(read.pods, bad),
        ingresses=_shelf(read.ingresses, bad),
        nodes=None if isinstance(read.nodes, Unavailable) else read.nodes.value,
        places=places,
        pod_places=pod_places,
        bad=bad,
    )


def target_counts(
    monitor: KubeObject, prometheus: KubeObject, found: Grounds
) -> tuple[int | None, ...]:
    """Number of targets of each job of *monitor*, in the order of ``expected_jobs``.

    Over all shards. Raises FieldError for a field of a wrong type in the monitor.
    """
    kind, spec = MonitorKind(monitor.kind), monitor.spec
    classed = tuple(objects(scrape_class_of(monitor, prometheus), "relabelings"))
    match kind:
        case MonitorKind.SERVICE_MONITOR | MonitorKind.POD_MONITOR:
            place = discovery(monitor, prometheus)
            counts = []
            for index, endpoint in enumerate(objects(spec, ENDPOINTS[kind])):
                with at_endpoint(kind, index):
                    plain = keeps_count(classed, objects(endpoint, "relabelings"))
                    counts.append(_endpoint(endpoint, monitor, place, found) if plain else None)
            return tuple(counts)
        case MonitorKind.PROBE:
            return (_probe(monitor, discovery(monitor, prometheus), classed, found),)
        case MonitorKind.SCRAPE_CONFIG:
            plain = keeps_count(classed, objects(spec, "relabelings"))
            return (_scrape_config(spec, found) if plain else None,)


def wanted_addresses(
    monitor: KubeObject, prometheus: KubeObject, index: int, found: Grounds
) -> tuple[Address, ...] | None:
    """Every address that endpoint *index* of a ServiceMonitor or PodMonitor asks for as a target.

    None where that cannot be known, as by the ``targetPort`` of a Service, whatever relabelling
    does to them.
    """
    spec, kind = monitor.spec, MonitorKind(monitor.kind)
    endpoint = next(islice(objects(spec, ENDPOINTS[kind]), index, None), None)
    if endpoint is None:
        return None
    place = discovery(monitor, prometheus)
    try:
        wanted = selector(spec, "selector") or Selector()
        if place.role is Role.POD:
            return tuple(_of_pods(endpoint, wanted, place, found))
        port = _wanted(endpoint)
        if port is None or port.field != "port":
            return None
        by_role = text(monitor.raw, "spec", "selectorMechanism") == "RoleSelector"
        every = _behind(wanted, place, found, by_role=by_role)
        return tuple(a for _, some in every for a in some if port.takes(a.port_name, a.port))
    except (_Unknown, SelectorError):
        return None


def _endpoint(
    endpoint: JSONObject, monitor: KubeObject, place: Discovery, found: Grounds
) -> int | None:
    try:
        wanted = selector(monitor.spec, "selector") or Selector()
        if place.role is Role.POD:
            return sum(1 for _ in _of_pods(endpoint, wanted, place, found))
        by_role = text(monitor.raw, "spec", "selectorMechanism") == "RoleSelector"
        return _services(endpoint, wanted, place, found, by_role=by_role)
    except (_Unknown, SelectorError):
        return None


def _services(
    endpoint: JSONObject, wanted: Selector, place: Discovery, found: Grounds, *, by_role: bool
) -> int:
    """Addresses behind the Services that match, of the port that is asked for."""
    port = _wanted(endpoint)
    # Without a port every container's port counts, also of Pods behind no port of the Service.
    if port is None:
        raise _Unknown
    count = 0
    for service, every in _behind(wanted, place, found, by_role=by_role):
        if port.field == "port":
            count += sum(port.takes(address.port_name, address.port) for address in every)
        else:
            names = {address.pod for address in every if address.pod is not None}
            count += sum(_of_pod((service.namespace, name), port, found) for name in names)
    return count


def _behind(
    wanted: Selector, place: Discovery, found: Grounds, *, by_role: bool
) -> Iterator[tuple[Item, AbstractSet[Address]]]:
    """Each Service that matches, with the addresses behind it, whatever their port.

    By role, the labels of the Endpoints or slices themselves must match too.
    """
    by_service = found.slices if place.role is Role.ENDPOINT_SLICE else found.endpoints
    services = _matching(found.services, wanted, place, found.places)
    if by_service is None:
        raise _Unknown
    for service in services:
        every: set[Address] = set()
        for behind in by_service.get((service.namespace, service.name), ()):
            with _naming(behind, found):
                if not by_role or wanted.matches(behind.labels):
                    every.update(addresses(place.role, behind))
        yield service, every


def _of_pod(key: Key, port: WantedPort, found: Grounds) -> int:
    """How many ports of a Pod behind a Service ``targetPort`` takes: those that it declares."""
    pod = None if found.pods is None else found.pods.by_name.get(key)
    if pod is None:
        raise _Unknown
    with _naming(pod.resource, found):
        return sum(port.takes(*declared) for declared in container_ports(pod.resource))


def _of_pods(
    endpoint: JSONObject, wanted: Selector, place: Discovery, found: Grounds
) -> Iterator[Address]:
    """Ports of the Pods that match; without a port asked for, each one that is declared."""
    port = _wanted(endpoint)
    filtered = value(endpoint, "filterRunning") is None or flag(endpoint, "filterRunning")
    for pod in _matching(found.pods, wanted, place, found.pod_places):
        with _naming(pod.resource, found):
            if running(pod.resource, filtered=filtered):
                address = text(pod.resource.raw, "status", "podIP") or ""
                for name, number in container_ports(pod.resource):
                    if port is None or port.takes(name, number):
                        yield Address(name, number, address, pod.name)


def _probe(
    monitor: KubeObject, place: Discovery, classed: Sequence[JSONObject], found: Grounds
) -> int | None:
    """What a Probe lists, else each host and path of the Ingresses that it selects."""
    targets = mapping(monitor.spec, "targets")
    static, ingress = mapping(targets, "staticConfig"), mapping(targets, "ingress")
    if static:
        plain = keeps_count(classed, objects(static, "relabelingConfigs"))
        return len(set(texts(static, "static"))) if plain else None
    if not ingress or not keeps_count(classed, objects(ingress, "relabelingConfigs")):
        return None
    try:
        wanted = selector(ingress, "selector") or Selector()
        selected = _matching(found.ingresses, wanted, place, found.places)
        return sum(len(_fronts(each, found)) for each in selected)
    except (_Unknown, SelectorError):
        return None


def _fronts(ingress: Item, found: Grounds) -> AbstractSet[tuple[str, str]]:
    """Host and path of each target of an Ingress (Prometheus 3.x, discovery/kubernetes/ingress.go)."""
    with _naming(ingress.resource, found):
        return {
            (text(rule, "host") or "", path)
            for rule in objects(ingress.resource.raw, "spec", "rules")
            for path in [text(each, "path") or "/" for each in objects(rule, "http", "paths")]
            or ["/"]
        }


def _scrape_config(spec: JSONObject, found: Grounds) -> int | None:
    """Targets of the static lists and one for each node, None where there is other discovery."""
    count = 0
    for key in spec:
        if key.endswith("SDConfigs") and key != "kubernetesSDConfigs" and value(spec, key):
            return None
    for block in objects(spec, "kubernetesSDConfigs"):
        ours = not any(value(block, field) for field in ("apiServer", "selectors"))
        if (text(block, "role") or "").lower() != "node" or not ours or found.nodes is None:
            return None
        count += len(found.nodes)
    every = {
        (target, tuple(sorted(mapping(static, "labels").items(), key=str)))
        for static in objects(spec, "staticConfigs")
        for target in texts(static, "targets")
    }
    return len(every) + count


def _matching(
    shelf: Shelf | None, wanted: Selector, place: Discovery, read: Places
) -> tuple[Item, ...]:
    inside = read is None or (place.namespaces is not None and read.issuperset(place.namespaces))
    items = shelf.matching(wanted, place.namespaces) if shelf is not None and inside else None
    if items is None:
        raise _Unknown
    return items


def _wanted(endpoint: JSONObject) -> WantedPort | None:
    try:
        return wanted_port(endpoint)
    except LookupError:
        raise _Unknown from None


@contextmanager
def _naming(resource: KubeObject, found: Grounds) -> Iterator[None]:
    """A field of a wrong type in a target's object costs the count, not the monitor."""
    try:
        yield
    except FieldError as error:
        if all(bad.resource is not resource for bad in found.bad):
            found.bad.append(Bad(resource, error))
        raise _Unknown from None


def _shelf(found: Objects, bad: list[Bad]) -> Shelf | None:
    if isinstance(found, Unavailable):
        return None
    shelf = shelve(found.value)
    bad.extend(shelf.bad)
    return shelf


def _grouped(found: Objects, bad: list[Bad], *, sliced: bool) -> _ByService | None:
    if isinstance(found, Unavailable):
        return None
    by_service, unreadable = grouped(found.value, _service_of_slice if sliced else _service)
    bad.extend(unreadable)
    return None if unreadable else by_service


def _service(endpoints: KubeObject) -> Key:
    return endpoints.namespace, endpoints.name


def _service_of_slice(endpoint_slice: KubeObject) -> Key:
    name = text(endpoint_slice.raw, "metadata", "labels", SERVICE_OF_SLICE)
    return endpoint_slice.namespace, name or ""
