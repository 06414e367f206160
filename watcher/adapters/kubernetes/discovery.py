"""Which resources Prometheus must list and watch to find a job's targets, and in which namespaces."""

from dataclasses import dataclass
from typing import Final

from watcher.adapters.kubernetes.call import Places
from watcher.adapters.kubernetes.resources import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    INGRESSES,
    NODES,
    PODS,
    SERVICES,
    Resource,
)
from watcher.model.kube import JSONObject, KubeObject, flag, objects, text, texts
from watcher.operator.discovery import discovery

_NEEDED: Final[dict[str, tuple[Resource, ...]]] = {
    "endpoints": (SERVICES, ENDPOINTS, PODS),
    "endpointslice": (SERVICES, ENDPOINT_SLICES, PODS),
    "pod": (PODS,),
    "service": (SERVICES,),
    "ingress": (INGRESSES,),
    "node": (NODES,),
}
"""By role of the Kubernetes discovery (Prometheus 3.5, discovery/kubernetes/kubernetes.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What is listed, and in which *places*; nothing for a job without Kubernetes discovery."""

    resources: tuple[Resource, ...] = ()
    places: Places = ()


def by_monitor(monitor: KubeObject, prometheus: KubeObject | None) -> Where:
    """As *monitor* asks *prometheus* for it. Raises FieldError for a field of a wrong type."""
    found = discovery(monitor, prometheus or KubeObject({}))
    nodes = (NODES,) if flag(monitor.raw, "spec", "attachMetadata", "node") else ()
    resources = _NEEDED.get(found.role.value, ())
    return Where(resources=resources + nodes if resources else (), places=found.namespaces)


def by_configuration(scrape_config: JSONObject, own_namespace: str) -> Where:
    """As a running scrape config says; *own_namespace* is that of the Prometheus.

    Raises FieldError for a field of a wrong type.
    """
    resources: dict[Resource, None] = {}
    places: set[str] = set()
    everywhere = False
    for sd in objects(scrape_config, "kubernetes_sd_configs"):
        resources |= dict.fromkeys(_NEEDED.get(text(sd, "role") or "", ()))
        if flag(sd, "attach_metadata", "node"):
            resources[NODES] = None
        named = set(texts(sd, "namespaces", "names"))
        if flag(sd, "namespaces", "own_namespace"):
            named.add(own_namespace)
        places |= named
        everywhere = everywhere or not named
    return Where(resources=tuple(resources), places=None if everywhere else tuple(sorted(places)))
