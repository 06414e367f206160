"""The resources of the Kubernetes API that we read: their paths, and the names of their rights.

Knows no object and reads nothing.
"""

from dataclasses import dataclass
from typing import Final

from watcher.errors import SourceUnavailable
from watcher.model.names import MonitorKind

MONITORING: Final = "monitoring.coreos.com"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of one API group and version; *group* is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def qualified(self) -> str:
        """``servicemonitors.monitoring.coreos.com``, as ``kubectl`` and RBAC errors write it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """``apiVersion`` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """Path of its list (of one namespace, or of all), or of one object.

        Raises SourceUnavailable for what can be no part of a path: names in specs are written by
        tenants, and ``../../monitoring/secrets/top`` is another namespace's Secret.
        """
        for part in (namespace, name):
            if part and not is_path_segment(part):
                raise SourceUnavailable(
                    "kubernetes", f"{part!r} is no name that an object can have"
                )
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        scope = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}{scope}/{self.plural}" + (f"/{name}" if name else "")

    def permission(self, verb: str, namespace: str = "") -> str:
        """The right that *verb* needs, in words."""
        if not self.namespaced:
            return f"{verb} {self.qualified}"
        scope = f"in namespace {namespace}" if namespace else "in all namespaces"
        return f"{verb} {self.qualified} {scope}"


def is_path_segment(name: str) -> bool:
    """Whether an object or a namespace can have this name: apimachinery's path segment rule.

    k8s.io/apimachinery/pkg/api/validation/path; what else a name must be depends on its kind.
    """
    return name not in {"", ".", ".."} and name.isprintable() and not set(name) & set("/%?# ")


PROMETHEUSES: Final = Resource(MONITORING, "v1", "prometheuses", "Prometheus")
AGENTS: Final = Resource(MONITORING, "v1alpha1", "prometheusagents", "PrometheusAgent")
MONITORS: Final = {
    MonitorKind.SERVICE_MONITOR: Resource(MONITORING, "v1", "servicemonitors", "ServiceMonitor"),
    MonitorKind.POD_MONITOR: Resource(MONITORING, "v1", "podmonitors", "PodMonitor"),
    MonitorKind.PROBE: Resource(MONITORING, "v1", "probes", "Probe"),
    MonitorKind.SCRAPE_CONFIG: Resource(MONITORING, "v1alpha1", "scrapeconfigs", "ScrapeConfig"),
}
NAMESPACES: Final = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
NODES: Final = Resource("", "v1", "nodes", "Node", namespaced=False)
SERVICES: Final = Resource("", "v1", "services", "Service")
ENDPOINTS: Final = Resource("", "v1", "endpoints", "Endpoints")
PODS: Final = Resource("", "v1", "pods", "Pod")
POD_LOGS: Final = Resource("", "v1", "pods/log", "Pod")
SECRETS: Final = Resource("", "v1", "secrets", "Secret")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
EVENTS: Final = Resource("", "v1", "events", "Event")
NEW_EVENTS: Final = Resource("events.k8s.io", "v1", "events", "Event")
ENDPOINT_SLICES: Final = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
STATEFUL_SETS: Final = Resource("apps", "v1", "statefulsets", "StatefulSet")
DAEMON_SETS: Final = Resource("apps", "v1", "daemonsets", "DaemonSet")
DEPLOYMENTS: Final = Resource("apps", "v1", "deployments", "Deployment")
REVISIONS: Final = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
NETWORK_POLICIES: Final = Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy")
INGRESSES: Final = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
ACCESS_REVIEWS: Final = Resource(
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False
)
OWN_ACCESS_REVIEWS: Final = Resource(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
)
