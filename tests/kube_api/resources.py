"""The resources that the local API server knows: their group, version, plural, kind and scope.

Those of `monitoring.coreos.com` are served only while their CustomResourceDefinition is stored,
as on a real server.
"""

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

MONITORING = "monitoring.coreos.com"
_WITH_STATUS = {
    "APIService",
    "CustomResourceDefinition",
    "DaemonSet",
    "Deployment",
    "Ingress",
    "Namespace",
    "Node",
    "Pod",
    "PodDisruptionBudget",
    "ReplicaSet",
    "Service",
    "StatefulSet",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One row of the API: where it is served and what its objects are called."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    generation: bool = False  # the API server counts changes of the spec in metadata.generation

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def custom(self) -> bool:
        """Defined by a CustomResourceDefinition: its list items carry kind and apiVersion."""
        return self.group == MONITORING

    @property
    def has_status(self) -> bool:
        """Its status is written by its subresource alone."""
        return self.custom or self.kind in _WITH_STATUS

    @property
    def qualified(self) -> str:
        """The name in messages and the name of its definition: `statefulsets.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


def _core(plural: str, kind: str, *, namespaced: bool = True) -> Resource:
    return Resource("", "v1", plural, kind, namespaced=namespaced)


def _counted(group: str, version: str, plural: str, kind: str) -> Resource:
    return Resource(group, version, plural, kind, generation=True)


def _rbac(plural: str, kind: str, *, namespaced: bool) -> Resource:
    return Resource("rbac.authorization.k8s.io", "v1", plural, kind, namespaced=namespaced)


DEFINITIONS = Resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    namespaced=False,
    generation=True,
)
EVENTS = _core("events", "Event")
NEW_EVENTS = Resource("events.k8s.io", "v1", "events", "Event")
REVISIONS = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
STATEFUL_SETS = _counted("apps", "v1", "statefulsets", "StatefulSet")
NAMESPACES = _core("namespaces", "Namespace", namespaced=False)
PODS = _core("pods", "Pod")
ROLES = _rbac("roles", "Role", namespaced=True)
ROLE_BINDINGS = _rbac("rolebindings", "RoleBinding", namespaced=True)
CLUSTER_ROLES = _rbac("clusterroles", "ClusterRole", namespaced=False)
CLUSTER_ROLE_BINDINGS = _rbac("clusterrolebindings", "ClusterRoleBinding", namespaced=False)

RESOURCES: tuple[Resource, ...] = (
    NAMESPACES,
    PODS,
    _core("services", "Service"),
    _core("endpoints", "Endpoints"),
    _core("nodes", "Node", namespaced=False),
    _core("secrets", "Secret"),
    _core("configmaps", "ConfigMap"),
    _core("serviceaccounts", "ServiceAccount"),
    EVENTS,
    NEW_EVENTS,
    STATEFUL_SETS,
    _counted("apps", "v1", "daemonsets", "DaemonSet"),
    _counted("apps", "v1", "deployments", "Deployment"),
    _counted("apps", "v1", "replicasets", "ReplicaSet"),
    REVISIONS,
    _counted("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    _counted("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
    _counted("networking.k8s.io", "v1", "ingresses", "Ingress"),
    _counted("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
    Resource("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False),
    ROLES,
    ROLE_BINDINGS,
    CLUSTER_ROLES,
    CLUSTER_ROLE_BINDINGS,
    DEFINITIONS,
    _counted(MONITORING, "v1", "prometheuses", "Prometheus"),
    _counted(MONITORING, "v1", "servicemonitors", "ServiceMonitor"),
    _counted(MONITORING, "v1", "podmonitors", "PodMonitor"),
    _counted(MONITORING, "v1", "probes", "Probe"),
    _counted(MONITORING, "v1", "prometheusrules", "PrometheusRule"),
    _counted(MONITORING, "v1", "alertmanagers", "Alertmanager"),
    _counted(MONITORING, "v1", "thanosrulers", "ThanosRuler"),
    _counted(MONITORING, "v1alpha1", "alertmanagerconfigs", "AlertmanagerConfig"),
    _counted(MONITORING, "v1alpha1", "prometheusagents", "PrometheusAgent"),
    _counted(MONITORING, "v1alpha1", "scrapeconfigs", "ScrapeConfig"),
)

_BY_PATH = {(r.group, r.version, r.plural): r for r in RESOURCES}
_BY_KIND = {r.kind: r for r in RESOURCES if r is not NEW_EVENTS}


def by_path(group: str, version: str, plural: str) -> Resource | None:
    return _BY_PATH.get((group, version, plural))


def is_built_in(group: str) -> bool:
    """Whether the server has the group without a definition."""
    return any(r.group == group and not r.custom for r in RESOURCES)


def by_kind(kind: str) -> Resource:
    """The resource of a kind; an unknown kind is an error of the test that names it."""
    if kind not in _BY_KIND:
        raise KeyError(f"kind {kind!r} is not served; add it to tests/kube_api/resources.py")
    return _BY_KIND[kind]


def definition_of(resource: Resource) -> Object:
    """The smallest CustomResourceDefinition that has the resource served, on a real server too."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": resource.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    names = {
        "kind": resource.kind,
        "listKind": f"{resource.kind}List",
        "plural": resource.plural,
        "singular": resource.kind.lower(),
    }
    return {
        "apiVersion": DEFINITIONS.api_version,
        "kind": DEFINITIONS.kind,
        "metadata": {"name": resource.qualified},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced",
            "names": names,
            "versions": [version],
            "conversion": {"strategy": "None"},
        },
        "status": {
            "acceptedNames": names,
            "conditions": [
                _condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                _condition(
                    "Established", "InitialNamesAccepted", "the initial names have been accepted"
                ),
            ],
            "storedVersions": [resource.version],
        },
    }


def _condition(kind: str, reason: str, message: str) -> Object:
    return {
        "type": kind,
        "status": "True",
        "lastTransitionTime": "2025-01-01T00:00:00Z",
        "reason": reason,
        "message": message,
    }
