"""How many targets each job should have, where that can be known.

Counted is what service discovery should find and relabeling leaves alone, with the pods that a
workload asks for and that did not come. Where relabeling could change the number, or anything that
decides could not be read, the answer is None, never a guess.
"""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache, partial
from itertools import islice
from typing import TypeAlias

from watcher.model.kube import (
    JSONObject,
    KubeObject,
    flag,
    mapping,
    number,
    objects,
    text,
    text_map,
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
from watcher.operator.grounds import Grounds, Unknown, matching, naming
from watcher.operator.jobs import ENDPOINTS, at_endpoint
from watcher.operator.relabelings import keeps_count
from watcher.operator.scrape_config_counts import scrape_config_targets
from watcher.operator.selectors import Selector, SelectorError, selector
from watcher.operator.shelf import Item, Key
from watcher.operator.workloads import containers, selecting

_Behind: TypeAlias = Sequence[tuple[Item, AbstractSet[Address]]]


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
            behind = cache(lambda: tuple(_behind(monitor, place, found)))
            counts = []
            for index, endpoint in enumerate(objects(spec, ENDPOINTS[kind])):
                with at_endpoint(kind, index):
                    plain = keeps_count(classed, objects(endpoint, "relabelings"))
                    counts.append(
                        _endpoint(endpoint, monitor, place, found, behind) if plain else None
                    )
            return tuple(counts)
        case MonitorKind.PROBE:
            return (_probe(monitor, discovery(monitor, prometheus), classed, found),)
        case MonitorKind.SCRAPE_CONFIG:
            return (_scrape_config(spec, prometheus, classed, found),)


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
        if place.role is Role.POD:
            return tuple(_of_pods(endpoint, monitor, place, found))
        port = _wanted(endpoint)
        if port is None or port.field != "port":
            return None
        every = _behind(monitor, place, found)
        return tuple(a for _, some in every for a in some if port.takes(a.port_name, a.port))
    except (Unknown, SelectorError):
        return None


def _endpoint(
    endpoint: JSONObject,
    monitor: KubeObject,
    place: Discovery,
    found: Grounds,
    behind: Callable[[], _Behind],
) -> int | None:
    try:
        if place.role is Role.POD:
            return _pods(endpoint, monitor, place, found)
        return _services(endpoint, found, behind)
    except (Unknown, SelectorError):
        return None


def _services(endpoint: JSONObject, found: Grounds, behind: Callable[[], _Behind]) -> int:
    """Addresses *behind* the Services that match, of the port that is asked for."""
    port = _wanted(endpoint)
    # Without a port every container's port counts, also of Pods behind no port of the Service.
    if port is None:
        raise Unknown
    count = 0
    for service, every in behind():
        taken = {a for a in every if port.takes(a.port_name, a.port)}
        if port.field == "port":
            count += len(taken)
        else:
            taken = set(every)
            names = {address.pod for address in every if address.pod is not None}
            count += sum(_of_pod((service.namespace, name), port, found) for name in names)
        count += _not_come(service, port, len({a.pod or a.address for a in taken}), found)
    return count


def _not_come(service: Item, port: WantedPort, present: int, found: Grounds) -> int:
    """Pods of the *service* that a workload asks for beyond those *present*, of a port each."""
    with naming(service.resource, found):
        labels = text_map(service.resource.raw, "spec", "selector")
        ports = tuple(objects(service.resource.raw, "spec", "ports"))
    if found.workloads is None or not labels:
        return 0
    serves = (
        partial(_declares, port=port)
        if port.field == "targetPort"
        else partial(_answers, ports=[p for p in ports if text(p, "name") == port.port])
    )
    return found.workloads.lacking(selecting(labels), (service.namespace,), serves, present)


def _answers(workload: KubeObject, ports: Sequence[JSONObject]) -> bool:
    """Whether its pods have an address of one of the *ports* of a Service: a name is declared."""
    names = {text(port, "name") for port in _ports(workload)}
    targets = [value(port, "targetPort") for port in ports]
    return any(not isinstance(target, str) or target in names for target in targets)


def _declares(workload: KubeObject, port: WantedPort | None) -> bool:
    """Whether its pods declare *port*; without one, any of theirs counts."""
    declared = [(text(p, "name") or "", number(p, "containerPort")) for p in _ports(workload)]
    return port is None or any(port.takes(*each) for each in declared)


def _ports(workload: KubeObject) -> Iterator[JSONObject]:
    for container in containers(workload):
        yield from objects(container, "ports")


def _behind(
    monitor: KubeObject, place: Discovery, found: Grounds
) -> Iterator[tuple[Item, AbstractSet[Address]]]:
    """Each Service that the monitor selects, with the addresses behind it, whatever their port.

    By role, the labels of the Endpoints or slices themselves must match too.
    """
    wanted = selector(monitor.spec, "selector") or Selector()
    by_role = text(monitor.raw, "spec", "selectorMechanism") == "RoleSelector"
    by_service = found.slices if place.role is Role.ENDPOINT_SLICE else found.endpoints
    services = matching(found.services, wanted, place.namespaces, found.places)
    if by_service is None:
        raise Unknown
    for service in services:
        every: set[Address] = set()
        for behind in by_service.get((service.namespace, service.name), ()):
            with naming(behind, found):
                if not by_role or wanted.matches(behind.labels):
                    every.update(addresses(place.role, behind))
        yield service, every


def _of_pod(key: Key, port: WantedPort, found: Grounds) -> int:
    """How many ports of a Pod behind a Service ``targetPort`` takes: those that it declares."""
    pod = None if found.pods is None else found.pods.by_name.get(key)
    if pod is None:
        raise Unknown
    with naming(pod.resource, found):
        return sum(port.takes(*declared) for declared in container_ports(pod.resource))


def _pods(endpoint: JSONObject, monitor: KubeObject, place: Discovery, found: Grounds) -> int:
    """Ports of the Pods that match, and of those that a workload asks for and that did not come."""
    there = tuple(_of_pods(endpoint, monitor, place, found))
    if found.workloads is None:
        return len(there)
    wanted = selector(monitor.spec, "selector") or Selector()
    serves = partial(_declares, port=_wanted(endpoint))
    present = len({address.pod for address in there})
    return len(there) + found.workloads.lacking(wanted, place.namespaces, serves, present)


def _of_pods(
    endpoint: JSONObject, monitor: KubeObject, place: Discovery, found: Grounds
) -> Iterator[Address]:
    """Ports of the Pods that match; without a port asked for, each one that is declared."""
    wanted = selector(monitor.spec, "selector") or Selector()
    port = _wanted(endpoint)
    filtered = value(endpoint, "filterRunning") is None or flag(endpoint, "filterRunning")
    for pod in matching(found.pods, wanted, place.namespaces, found.pod_places):
        with naming(pod.resource, found):
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
        selected = matching(found.ingresses, wanted, place.namespaces, found.places)
        return sum(len(_fronts(each, found)) for each in selected)
    except (Unknown, SelectorError):
        return None


def _fronts(ingress: Item, found: Grounds) -> AbstractSet[tuple[str, str]]:
    """Host and path of each target of an Ingress (Prometheus 3.x, discovery/kubernetes/ingress.go)."""
    with naming(ingress.resource, found):
        return {
            (text(rule, "host") or "", path)
            for rule in objects(ingress.resource.raw, "spec", "rules")
            for path in [text(each, "path") or "/" for each in objects(rule, "http", "paths")]
            or ["/"]
        }


def _scrape_config(
    spec: JSONObject, prometheus: KubeObject, classed: Sequence[JSONObject], found: Grounds
) -> int | None:
    own = tuple(objects(spec, "relabelings"))
    if not keeps_count(classed, own):
        return None
    relabeled = bool(classed or own)
    try:
        return scrape_config_targets(spec, prometheus.namespace, found, relabeled=relabeled)
    except Unknown:
        return None


def _wanted(endpoint: JSONObject) -> WantedPort | None:
    try:
        return wanted_port(endpoint)
    except LookupError:
        raise Unknown from None
