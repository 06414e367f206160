"""Where and how Prometheus looks for the targets of a monitor.

Ground: prometheus-operator v0.93.0, pkg/prometheus/promcfg.go. What it finds there is counted by
counts.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watcher.model.kube import FieldError, JSONObject, KubeObject, flag, mapping, text, texts
from watcher.model.names import MonitorKind
from watcher.model.observations import at_least

_FIRST_WITH_SLICES: Final = (2, 21)
_CHOICE: Final = "serviceDiscoveryRole"
_NO_CHOICE: Final = KubeObject({})


class Role(StrEnum):
    """Role of the Kubernetes service discovery; NONE for jobs without it."""

    ENDPOINTS = "endpoints"
    ENDPOINT_SLICE = "endpointslice"
    POD = "pod"
    INGRESS = "ingress"
    NODE = "node"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Where and as what a monitor's targets are looked for.

    ``namespaces`` is None for all of them. ``ignored`` tells that the monitor asks for others, which
    ``ignoreNamespaceSelectors`` of the Prometheus forbids.
    """

    role: Role
    namespaces: tuple[str, ...] | None
    ignored: bool = False

    def reaches(self, namespace: str) -> bool:
        """Whether targets are looked for in *namespace*."""
        return self.namespaces is None or namespace in self.namespaces


def discovery(monitor: KubeObject, prometheus: KubeObject) -> Discovery:
    """Where the targets of *monitor* are looked for by *prometheus*."""
    match MonitorKind(monitor.kind):
        case MonitorKind.SERVICE_MONITOR:
            return _discovery(monitor, prometheus, _service_role(monitor, prometheus), ("spec",))
        case MonitorKind.POD_MONITOR:
            return _discovery(monitor, prometheus, Role.POD, ("spec",))
        case MonitorKind.PROBE:
            targets = mapping(monitor.spec, "targets")
            if mapping(targets, "ingress") and not mapping(targets, "staticConfig"):
                path = ("spec", "targets", "ingress")
                return _discovery(monitor, prometheus, Role.INGRESS, path)
            return Discovery(role=Role.NONE, namespaces=())
        case MonitorKind.SCRAPE_CONFIG:
            return Discovery(role=Role.NONE, namespaces=())


def block_discovery(block: JSONObject, own_namespace: str) -> Discovery:
    """Where one of ``spec.kubernetesSDConfigs`` of a ScrapeConfig looks; NONE for other roles.

    *own_namespace* is that of the Prometheus. Raises FieldError for a field of a wrong type.
    """
    role = {"node": Role.NODE, "pod": Role.POD}.get((text(block, "role") or "").lower(), Role.NONE)
    named = set(texts(block, "namespaces", "names"))
    if flag(block, "namespaces", "ownNamespace"):
        named.add(own_namespace)
    return Discovery(role=role, namespaces=tuple(sorted(named)) or None)


def service_roles(
    service_monitors: Collection[KubeObject], prometheuses: Collection[KubeObject]
) -> frozenset[Role]:
    """By which roles any of *prometheuses* looks for the targets of any of *service_monitors*.

    Of a resource with a field of a wrong type nothing is told.
    """
    choosing = [_NO_CHOICE] if service_monitors else []
    choosing += filter(_chooses, service_monitors)
    found = set()
    for monitor in choosing:
        for prometheus in prometheuses:
            with suppress(FieldError):
                found.add(_service_role(monitor, prometheus))
    return frozenset(found)


def _chooses(monitor: KubeObject) -> bool:
    with suppress(FieldError):
        return text(monitor.raw, "spec", _CHOICE) is not None
    return False


def _service_role(monitor: KubeObject, prometheus: KubeObject) -> Role:
    """The monitor's own choice wins (field since v0.86.0), then the Prometheus's (v0.76.0).

    That the API server is 1.21 or later is taken for granted.
    """
    chosen = text(monitor.raw, "spec", _CHOICE) or text(prometheus.raw, "spec", _CHOICE)
    version = text(prometheus.raw, "spec", "version")
    if chosen == "EndpointSlice" and at_least(version, *_FIRST_WITH_SLICES):
        return Role.ENDPOINT_SLICE
    return Role.ENDPOINTS


def _discovery(
    monitor: KubeObject, prometheus: KubeObject, role: Role, path: tuple[str, ...]
) -> Discovery:
    everywhere = flag(monitor.raw, *path, "namespaceSelector", "any")
    named = texts(monitor.raw, *path, "namespaceSelector", "matchNames")
    own = (monitor.namespace,)
    if flag(prometheus.raw, "spec", "ignoreNamespaceSelectors"):
        ignored = everywhere or (bool(named) and set(named) != set(own))
        return Discovery(role=role, namespaces=own, ignored=ignored)
    return Discovery(role=role, namespaces=None if everywhere else named or own)
