"""A large cluster on the local API server: objects as a real one has them, with managedFields."""

from collections.abc import Iterator
from typing import Any, Final

from tests.kube_api import KubeApi

NAMESPACES: Final = 200
MONITORS: Final = 5_000
SERVICES: Final = 10_000


def fill(api: KubeApi, *, monitors: int = MONITORS, services: int = SERVICES) -> None:
    """One Prometheus that selects all *monitors*; each asks for two ports of a Service.

    Every second one looks there by EndpointSlices.
    """
    for each in _objects(monitors, services):
        api.apply(each)


def _objects(monitors: int, services: int) -> Iterator[dict[str, Any]]:
    everything: dict[str, Any] = {}
    for kind in ("serviceMonitor", "podMonitor", "probe", "scrapeConfig"):
        everything |= {f"{kind}Selector": {}, f"{kind}NamespaceSelector": {}}
    yield _object(
        "monitoring.coreos.com/v1", "Prometheus", "k8s", "monitoring", {}, spec=everything
    )
    for number in range(NAMESPACES):
        name = _namespace(number)
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {"team": f"team-{number % 20}"}},
        }
    for number in range(services):
        yield from _service(number)
    for number in range(monitors):
        yield _monitor(number)


def _service(number: int) -> Iterator[dict[str, Any]]:
    name, namespace = f"service-{number:05}", _namespace(number)
    labels = {
        "app.kubernetes.io/name": f"app-{number}",
        "app.kubernetes.io/part-of": f"suite-{number % 50}",
        "release": "main",
    }
    ports = [{"name": "metrics", "port": 8080}, {"name": "http", "port": 80}]
    yield _object("v1", "Service", name, namespace, labels, spec={"ports": ports})
    pods = [(f"10.{number % 250}.{number // 250}.{n}", f"{name}-6d5f8c7b9d-{n}") for n in range(3)]
    targets = [
        {"ip": ip, "nodeName": f"node-{number % 100}", "targetRef": {"kind": "Pod", "name": pod}}
        for ip, pod in pods
    ]
    subsets = [{"addresses": targets, "ports": ports}]
    yield _object("v1", "Endpoints", name, namespace, labels, subsets=subsets)
    yield _object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        f"{name}-x7k2p",
        namespace,
        labels | {"kubernetes.io/service-name": name},
        addressType="IPv4",
        ports=ports,
        endpoints=[
            {
                "addresses": [ip],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "nodeName": f"node-{number % 100}",
                "targetRef": {"kind": "Pod", "name": pod, "namespace": namespace},
            }
            for ip, pod in pods
        ],
    )


def _monitor(number: int) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": f"app-{number}", "release": "main"}
    tls = {"ca": {"secret": {"name": f"tls-{number}", "key": "ca.crt"}}, "serverName": "app"}
    rule = {"sourceLabels": ["__meta_kubernetes_pod_node_name"], "targetLabel": "node"}
    endpoints = [
        {"port": "metrics", "interval": "30s", "relabelings": [rule]},
        {"port": "http", "path": "/probe", "scheme": "https", "tlsConfig": tls},
    ]
    return _object(
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        f"monitor-{number:05}",
        _namespace(number),
        labels,
        spec={
            "selector": {"matchLabels": {"app.kubernetes.io/name": f"app-{number}"}},
            "endpoints": endpoints,
            # Both lists are read where both roles are in use.
            "serviceDiscoveryRole": "EndpointSlice" if number % 2 else "Endpoints",
        },
    )


def _object(
    version: str, kind: str, name: str, namespace: str, labels: dict[str, str], **fields: Any
) -> dict[str, Any]:
    owned = {f"f:{key}": {} for key in labels}
    managed = {
        "manager": "argocd-controller",
        "operation": "Apply",
        "apiVersion": version,
        "time": "2026-11-01T08:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {"f:labels": owned},
            "f:spec": {f"f:{key}": {} for key in (*fields, "selector", "ports", "endpoints")},
        },
    }
    metadata = {
        "name": name,
        "namespace": namespace,
        "labels": labels,
        "annotations": {"argocd.argoproj.io/tracking-id": f"suite:{kind}:{namespace}/{name}"},
        "managedFields": [managed],
    }
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def _namespace(number: int) -> str:
    return f"namespace-{number % NAMESPACES:03}"
