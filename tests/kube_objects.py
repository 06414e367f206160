"""Makers of raw Kubernetes objects, and of a connection to the local API server that serves them."""

from tests.patience import LONG
from watcher.adapters.kubernetes.api import connect
from watcher.settings import KubernetesSettings


def connected(cluster, folder, *, token=None, timeout=LONG):
    """Our reader, by a kubeconfig with the admin's token, or another."""
    path = cluster.kubeconfig(folder / "kubeconfig", token=token)
    found = connect(KubernetesSettings(kubeconfig=path, timeout=timeout))
    assert found is not None
    return found


def an_object(kind, name, namespace=None, api_version="v1", **fields):
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    meta |= fields.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **fields}


def a_namespace(name, **labels):
    return an_object("Namespace", name, metadata={"labels": labels})


def a_service(name="web", namespace="default", labels=None, **spec):
    return an_object("Service", name, namespace, metadata={"labels": labels or {}}, spec=spec)


def a_service_monitor(name="web", namespace="default", labels=None, **spec):
    spec = {"selector": {}, "endpoints": [{"port": "http"}]} | spec
    return an_object(
        "ServiceMonitor",
        name,
        namespace,
        "monitoring.coreos.com/v1",
        metadata={"labels": labels or {}},
        spec=spec,
    )


def a_pod_monitor(name="web", namespace="default", **spec):
    spec = {"selector": {}, "podMetricsEndpoints": [{"port": "http"}]} | spec
    return an_object("PodMonitor", name, namespace, "monitoring.coreos.com/v1", spec=spec)


def a_prometheus_resource(name="k8s", namespace="monitoring", **spec):
    spec = {
        "serviceAccountName": "prometheus-k8s",
        "serviceMonitorSelector": {},
        "serviceMonitorNamespaceSelector": {},
        "podMonitorSelector": {},
        "podMonitorNamespaceSelector": {},
    } | spec
    return an_object("Prometheus", name, namespace, "monitoring.coreos.com/v1", spec=spec)


def a_pod(name="web-0", namespace="default", container="web", labels=None, ports=(), ip=None):
    status = {"phase": "Running"} | ({"podIP": ip} if ip else {})
    return an_object(
        "Pod",
        name,
        namespace,
        metadata={"labels": labels or {}},
        spec={"containers": [{"name": container, "ports": list(ports)}]},
        status=status,
    )


def a_prometheus_pod(name="prometheus-k8s-0", namespace="monitoring", of="k8s", **fields):
    labels = {"operator.prometheus.io/name": of, "app.kubernetes.io/name": "prometheus"}
    return a_pod(name, namespace, "prometheus", labels, **fields)


def a_stateful_set(name="prometheus-k8s", namespace="monitoring", *, mounts=(), managed=()):
    """*mounts* are pairs of a mount path and the Secret behind it."""
    volumes = [{"name": f"secret-{s}", "secret": {"secretName": s}} for _, s in mounts]
    volume_mounts = [{"name": f"secret-{s}", "mountPath": path} for path, s in mounts]
    container = {"name": "prometheus", "volumeMounts": volume_mounts}
    return an_object(
        "StatefulSet",
        name,
        namespace,
        "apps/v1",
        metadata={"managedFields": list(managed)},
        spec={"template": {"spec": {"containers": [container], "volumes": volumes}}},
    )


def an_ingress(name="web", *rules, namespace="shop", labels=None):
    return an_object(
        "Ingress",
        name,
        namespace,
        "networking.k8s.io/v1",
        metadata={"labels": labels or {}},
        spec={"rules": list(rules)},
    )


def a_probe(name="sites", namespace="shop", **targets):
    spec = {"prober": {"url": "prober:9115"}, "targets": targets or {"ingress": {"selector": {}}}}
    return an_object("Probe", name, namespace, "monitoring.coreos.com/v1", spec=spec)


def an_operator(name="prometheus-operator", namespace="monitoring", labels=None, image=None):
    containers = [
        {"name": name, "image": image or "quay.io/prometheus-operator/prometheus-operator:v0.93.0"}
    ]
    return an_object(
        "Deployment",
        name,
        namespace,
        "apps/v1",
        metadata={"labels": labels or {}},
        spec={"template": {"spec": {"containers": containers}}},
    )
