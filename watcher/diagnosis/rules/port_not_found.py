"""The port that the endpoint names matches no port of what was discovered.

## Meaning

A ServiceMonitor's `port` is the *name* of a port of the Service, not a number and not the name of
the container's port; `targetPort` and a PodMonitor's `port` are those of a container that declares
them. Where none fits, the operator's `keep` on the port drops every target.

## Evidence

The steps of the running configuration, applied to the dropped targets, end at the `keep` on the
port, and these are the ports that it saw; or the ports of the Endpoints (of the pods) that the
monitor selects.

## Fix

Name a port that there is, in the monitor, or add the port to the Service. Nothing restarts.

## Not to be confused with

`all-targets-dropped`: there another step drops the targets. `no-ready-endpoints`: there the Service
has no address, whatever the port.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _discovery, _drops, _patches, all_targets_dropped
from watcher.model.comparison import JobState
from watcher.model.facts import (
    DROPPED,
    ENDPOINT_SLICES,
    ENDPOINTS,
    MONITOR,
    PROMETHEUS,
    SERVICES,
    TARGET_PODS,
    Unavailable,
)
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import FieldError, JSONObject, KubeObject, objects
from watcher.operator.addresses import WantedPort, addresses, container_ports, wanted_port
from watcher.operator.discovery import Role
from watcher.operator.jobs import ENDPOINTS as LISTS

_POD: Final = frozenset({Role.POD.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ports:
    """The ports that there are, of what they are, and where a person sees that."""

    names: tuple[str, ...]
    of: str
    where: str
    evidence: tuple[Evidence, ...] = ()
    replayed: bool = False


def check(case: Case) -> Finding | None:
    """See at which step the targets end; where that cannot be told, which ports there are."""
    if _discovery.discovered(case) == 0:
        return None
    try:
        drop = _drops.furthest(case)
    except Lacking as lacking:
        try:
            found = _by_objects(case)
        except Lacking:
            raise lacking from None
        if found is None:
            raise
        return _finding(case, found)
    if drop is not None and drop.kind is _drops.Kind.PORT:
        return _finding(case, _by_drop(case, drop))
    if drop is not None and (drop.kind is not _drops.Kind.SELECTOR or _all_read(case, drop)):
        return None
    found = _by_objects(case)
    return _finding(case, found) if found else None


def _all_read(case: Case, drop: _drops.Drop) -> bool:
    return all((pool.dropped or 0) <= drop.read for _, pool in case.pools())


def _by_drop(case: Case, drop: _drops.Drop) -> _Ports:
    (label,) = drop.step.source_labels
    return _Ports(
        names=tuple(value for value in drop.values() if value),
        of=f"{_drops.PORTS[label]}s",
        where="",
        evidence=all_targets_dropped.evidence(case, drop),
        replayed=True,
    )


def _by_objects(case: Case) -> _Ports | None:
    """The ports of what the monitor selects, None where the one that is asked for is there."""
    port = _port(case)
    if port is None:
        return None
    pods = _discovery.among(case, TARGET_PODS, _POD)
    if pods is not None:
        return _of_pods(port, pods.matching, pods.sought.kubectl("pods", "-o yaml"))
    found = _discovery.services(case)
    if found is None:
        return None
    role = Role(found.sought.role)
    every = [a for o in _discovery.behind(case, found, role.value) for a in addresses(role, o)]
    if port.field != "port":
        names = {address.pod for address in every}
        behind = [p for p in case.read(TARGET_PODS) if p.name in names]
        return _of_pods(port, behind, found.sought.kubectl("pods", "-o yaml"))
    if not every or any(port.takes(a.port_name, a.port) for a in every):
        return None
    return _Ports(
        names=tuple(sorted({a.port_name for a in every if a.port_name})),
        of=f"ports of Service {_discovery.names_of(found.matching)}",
        where=found.sought.kubectl("services", "-o yaml"),
    )


def _of_pods(port: WantedPort, pods: Iterable[KubeObject], where: str) -> _Ports | None:
    try:
        declared = {each for pod in pods for each in container_ports(pod)}
    except FieldError:
        return None
    if not declared or any(port.takes(*each) for each in declared):
        return None
    by_number = isinstance(port.port, int)
    names = {str(number) if by_number else name for name, number in declared}
    return _Ports(
        names=tuple(sorted(names - {"", "None"})),
        of="ports that its containers declare",
        where=where,
    )


def _endpoint(case: Case) -> JSONObject | None:
    """The endpoint of the monitor that asks for the job. Raises Lacking."""
    ref = case.job.monitor
    if ref is None or ref.kind not in LISTS or case.job.endpoint is None:
        return None
    monitor = case.read(MONITOR)
    if monitor is None:
        return None
    try:
        listed = tuple(objects(monitor.raw, "spec", LISTS[ref.kind]))
    except FieldError:
        return None
    return listed[case.job.endpoint] if case.job.endpoint < len(listed) else None


def _port(case: Case) -> WantedPort | None:
    endpoint = _endpoint(case)
    try:
        return wanted_port(endpoint) if endpoint is not None else None
    except LookupError:
        return None


def _finding(case: Case, ports: _Ports) -> Finding:
    wanted = case.job.port
    there = ", ".join(ports.names[:8]) or "none that has a name"
    said = f"{ports.of}: {there}"
    return Finding(
        summary=f"{case.pool} asks for port {wanted}, which is not there; {said}",
        evidence=ports.evidence or (Evidence(seen=said, where=ports.where),),
        fix=tuple(_fix(case, ports)),
        conclusive=ports.replayed,
    )


def _fix(case: Case, ports: _Ports) -> Iterator[FixStep]:
    ref = case.job.monitor
    monitor = case.look(MONITOR)
    if ref is None:
        yield FixStep(do=f"Keep a port that is there: {', '.join(ports.names)}; then reload")
        return
    change = None
    if (
        not isinstance(monitor, Unavailable)
        and monitor is not None
        and case.job.endpoint is not None
    ):
        change = _patches.change_port(monitor, case.job.endpoint, ports.names)
    yield change or FixStep(
        do=f"Name a port that is there in endpoint {case.job.endpoint} of {ref}, or add the port"
        f" {case.job.port} to the Service; Prometheus reloads by itself",
        command=f"kubectl -n {quote(ref.namespace)} edit {ref.kind.lower()} {quote(ref.name)}",
    )


RULE = Rule(
    code="port-not-found",
    link=Link.KEPT,
    states=frozenset({JobState.EMPTY}),
    needs=needing(DROPPED, MONITOR, PROMETHEUS, SERVICES, ENDPOINTS, ENDPOINT_SLICES, TARGET_PODS),
    check=check,
    refines=frozenset({"all-targets-dropped"}),
)
