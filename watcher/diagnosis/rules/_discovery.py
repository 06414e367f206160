"""What the rules about discovery share: where a job looks for targets, and what there is.

Where it looks is told by the running configuration, because that is what Prometheus does; by the
monitor only where the configuration does not tell. Objects with a field of a wrong type are passed
over: they cost themselves, not the diagnosis.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Final, cast

from watcher.diagnosis.rule import Case
from watcher.model.facts import ENDPOINT_SLICES, ENDPOINTS, MONITOR, PROMETHEUS, SERVICES, Fact
from watcher.model.kube import (
    JSON,
    FieldError,
    JSONObject,
    KubeObject,
    flag,
    objects,
    text,
    texts,
)
from watcher.model.names import MonitorKind
from watcher.operator.discovery import Role, discovery
from watcher.operator.grounds import SERVICE_OF_SLICE
from watcher.operator.selectors import Selector, SelectorError, selector

SERVICE_ROLES: Final = frozenset({Role.ENDPOINTS.value, Role.ENDPOINT_SLICE.value})
"""Roles that find targets behind Services."""

_BLOCKS: Final = "kubernetes_sd_configs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """How a job's targets are looked for in Kubernetes: as what, and in which namespaces.

    ``namespaces`` is None for all of them.
    """

    role: str
    namespaces: tuple[str, ...] | None

    @property
    def where(self) -> str:
        """The namespaces in words."""
        if self.namespaces is None:
            return "any namespace"
        if len(self.namespaces) == 1:
            return f"namespace {self.namespaces[0]}"
        return f"namespaces {', '.join(self.namespaces)}"

    def kubectl(self, kind: str, rest: str = "") -> str:
        """The commands that list objects of *kind* where targets are looked for."""
        scopes = (
            ["-A"] if self.namespaces is None else [f"-n {quote(n)}" for n in self.namespaces[:3]]
        )
        return "; ".join(f"kubectl {scope} get {kind}{rest and f' {rest}'}" for scope in scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """What a selector selects of the objects where a job looks, and what it does not."""

    sought: Sought
    wanted: Selector
    matching: tuple[KubeObject, ...]
    others: tuple[KubeObject, ...]


def discovered(case: Case) -> int | None:
    """How many targets discovery gives the job, before relabelling; None where not told.

    Where several servers tell, the most.
    """
    told = [s.metrics.discovered.get(case.pool, 0) for s in case.servers() if s.metrics is not None]
    dropped = [pool.dropped for _, pool in case.pools() if pool.dropped is not None]
    return max((*told, *dropped), default=None)


def blocks(case: Case) -> tuple[JSONObject, ...]:
    """The Kubernetes discovery blocks of the running job."""
    running = case.running()
    try:
        return tuple(objects(running.raw, _BLOCKS)) if running else ()
    except FieldError:
        return ()


def sought(case: Case) -> Sought | None:
    """How the job's targets are looked for; None where not in Kubernetes, or in several ways.

    Raises Lacking where only the monitor could tell and cannot be read.
    """
    try:
        return _by_configuration(case) if blocks(case) else _by_monitor(case)
    except (FieldError, ValueError):
        return None


def wanted(case: Case) -> Selector | None:
    """The labels that the job's monitor asks for; everything for a job without a monitor.

    None where the monitor is gone, has no such selector, or the job looks in another cluster.
    Raises Lacking.
    """
    if case.job.monitor is None:
        elsewhere = any(b.get("api_server") or b.get("kubeconfig_file") for b in blocks(case))
        return None if elsewhere or any(b.get("selectors") for b in blocks(case)) else Selector()
    monitor = case.read(MONITOR)
    ingress = ("targets", "ingress") if case.job.monitor.kind is MonitorKind.PROBE else ()
    try:
        return None if monitor is None else selector(monitor.raw, "spec", *ingress, "selector")
    except SelectorError:
        return None


def among(case: Case, fact: Fact[tuple[KubeObject, ...]], roles: frozenset[str]) -> Among | None:
    """The objects of *fact* where the job looks, told apart by the monitor's selector.

    None where the job does not look by one of *roles*. Raises Lacking.
    """
    place = sought(case)
    if place is None or place.role not in roles:
        return None
    chosen = wanted(case)
    if chosen is None:
        return None
    matching: list[KubeObject] = []
    others: list[KubeObject] = []
    for each in case.read(fact):
        inside = place.namespaces is None or _of(each, "namespace") in place.namespaces
        if inside:
            (matching if chosen.matches(labels_of(each)) else others).append(each)
    return Among(sought=place, wanted=chosen, matching=_sorted(matching), others=tuple(others))


def services(case: Case) -> Among | None:
    """The Services where the job looks for targets behind them. Raises Lacking."""
    return among(case, SERVICES, SERVICE_ROLES)


def behind(case: Case, found: Among, role: str) -> tuple[KubeObject, ...]:
    """Endpoints, or EndpointSlices for that *role*, of the matching Services. Raises Lacking."""
    slices = role == Role.ENDPOINT_SLICE
    names = {(s.namespace, s.name) for s in found.matching}
    listed = case.read(ENDPOINT_SLICES if slices else ENDPOINTS)
    return _sorted(o for o in listed if _service_of(o, slices=slices) in names)


def address_count(resource: KubeObject) -> int:
    """How many addresses Endpoints or an EndpointSlice have, ready or not."""
    try:
        if resource.kind == "EndpointSlice":
            return sum(len(texts(e, "addresses")) for e in objects(resource.raw, "endpoints"))
        return sum(
            len(tuple(objects(subset, key)))
            for subset in objects(resource.raw, "subsets")
            for key in ("addresses", "notReadyAddresses")
        )
    except FieldError:
        return 0


def names_of(resources: Iterable[KubeObject], most: int = 5) -> str:
    """Some full names in words."""
    full = [resource.full_name for resource in resources]
    more = f" and {len(full) - most} more" if len(full) > most else ""
    return ", ".join(full[:most]) + more


def _service_of(resource: KubeObject, *, slices: bool) -> tuple[str, str] | None:
    """Namespace and name of the Service of Endpoints or of a slice, None where they are no words."""
    name = labels_of(resource).get(SERVICE_OF_SLICE) if slices else _of(resource, "name")
    match _of(resource, "namespace"), name:
        case str(namespace), str(name):
            return namespace, name
        case _:
            return None


def _of(resource: KubeObject, field: str) -> JSON:
    """A field of the metadata, unchecked: ten thousand Services are looked through for each job."""
    metadata = resource.raw.get("metadata")
    return metadata.get(field) if isinstance(metadata, dict) else None


def labels_of(resource: KubeObject) -> Mapping[str, str]:
    """The labels, unchecked: one of a wrong type equals no word and so matches nothing."""
    found = _of(resource, "labels")
    # A label of another type than text is refused by every API server.
    return cast(Mapping[str, str], found) if isinstance(found, dict) else {}


def _sorted(resources: Iterable[KubeObject]) -> tuple[KubeObject, ...]:
    return tuple(sorted(resources, key=lambda o: (o.namespace, o.name)))


def _by_configuration(case: Case) -> Sought | None:
    found = blocks(case)
    roles = {text(block, "role") or "" for block in found}
    if len(roles) != 1:
        return None
    names: set[str] = set()
    everywhere = False
    for block in found:
        named = set(texts(block, "namespaces", "names"))
        if flag(block, "namespaces", "own_namespace"):
            named.add(case.job.prometheus.partition("/")[0])
        everywhere = everywhere or not named
        names |= named
    return Sought(role=roles.pop(), namespaces=None if everywhere else tuple(sorted(names)))


def _by_monitor(case: Case) -> Sought | None:
    if case.job.monitor is None:
        return None
    monitor = case.read(MONITOR)
    prometheus = case.read(PROMETHEUS)
    if monitor is None:
        return None
    found = discovery(monitor, prometheus or KubeObject({}))
    if found.role is Role.NONE:
        return None
    return Sought(role=found.role.value, namespaces=found.namespaces)
