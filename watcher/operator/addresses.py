"""What service discovery makes of the objects that it finds: addresses, each with its port.

Ground: prometheus 3.x, discovery/kubernetes. Not-ready addresses are scraped too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watcher.model.kube import JSON, JSONObject, KubeObject, number, objects, text, texts, value
from watcher.operator.discovery import Role

_PLAIN: Final = re.compile(r"[-A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Address:
    """One address and port of Endpoints or an EndpointSlice; *pod* names the Pod behind it."""

    port_name: str
    port: int | None
    address: str
    pod: str | None

    def __str__(self) -> str:
        """As Prometheus writes it in ``__address__``."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class WantedPort:
    """The port that an endpoint asks for: *field* as in the endpoint, and a name or a number."""

    field: str
    port: str | int

    def takes(self, name: str, port: int | None) -> bool:
        """Whether it takes a port of that name and number."""
        return self.port == (port if isinstance(self.port, int) else name)


def wanted_port(endpoint: JSON) -> WantedPort | None:
    """What an endpoint asks for, None for any port; the first field set wins.

    Raises LookupError for a name that is a regular expression: Prometheus matches it as one, and
    this does not replay that.
    """
    for field in ("port", "portNumber", "targetPort"):
        found = value(endpoint, field)
        if isinstance(found, str) and found:
            if not _PLAIN.fullmatch(found):
                raise LookupError(f"port {found!r} is a regular expression")
            return WantedPort(field, found)
        if isinstance(found, int) and not isinstance(found, bool) and found:
            return WantedPort(field, found)
    return None


def addresses(role: Role, resource: KubeObject) -> Iterator[Address]:
    """Every address and port of Endpoints or of an EndpointSlice, ready or not."""
    if role is Role.ENDPOINT_SLICE:
        ports = _ports(resource.raw)
        for endpoint in objects(resource.raw, "endpoints"):
            yield from _each(ports, texts(endpoint, "addresses"), endpoint)
        return
    for subset in objects(resource.raw, "subsets"):
        ports = _ports(subset)
        for key in ("addresses", "notReadyAddresses"):
            for address in objects(subset, key):
                yield from _each(ports, (text(address, "ip") or "",), address)


def container_ports(pod: KubeObject) -> Iterator[tuple[str, int | None]]:
    """Name and number of every port of every container; one without ports gives an empty pair."""
    for key in ("containers", "initContainers"):
        for container in objects(pod.raw, "spec", key):
            ports = [
                (text(p, "name") or "", number(p, "containerPort"))
                for p in objects(container, "ports")
            ]
            yield from ports or (("", None),)


def running(pod: KubeObject, *, filtered: bool) -> bool:
    """Whether discovery makes targets of *pod*: it has an IP, and where *filtered* is not over."""
    over = filtered and text(pod.raw, "status", "phase") in {"Failed", "Succeeded"}
    return bool(text(pod.raw, "status", "podIP")) and not over


def _ports(raw: JSONObject) -> tuple[tuple[str, int | None], ...]:
    return tuple((text(p, "name") or "", number(p, "port")) for p in objects(raw, "ports"))


def _each(
    ports: tuple[tuple[str, int | None], ...], found: tuple[str, ...], raw: JSONObject
) -> Iterator[Address]:
    of_pod = text(raw, "targetRef", "kind") == "Pod"
    pod = text(raw, "targetRef", "name") if of_pod else None
    for address in found:
        for name, port in ports:
            yield Address(name, port, address, pod)
