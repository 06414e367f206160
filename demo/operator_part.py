"""The part of prometheus-operator: it writes StatefulSet and configuration from custom resources.

Only as much of it as the incident needs, out of prometheus-operator v0.93.0 as its documentation
tells: volumes of ``spec.secrets`` and TLS files of a ServiceMonitor's endpoints. Debian's Prometheus
2.42 has no Kubernetes discovery, so the jobs find their targets by ``static_configs``.
"""

import copy
from datetime import UTC, datetime
from typing import Any

import yaml

from tests.kube_api import KubeApi

MANAGER = "PrometheusOperator"
Object = dict[str, Any]


def stateful_set(prometheus: Object, port: int) -> Object:
    """The StatefulSet that the operator writes from the resource; nothing else is in it.

    Prometheus listens on *port*, where a real one has 9090.
    """
    name = prometheus["metadata"]["name"]
    secrets = prometheus["spec"].get("secrets") or []
    labels = {"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/instance": name}
    mounts = [
        {"name": "config-out", "mountPath": "/etc/prometheus/config_out", "readOnly": True},
        {"name": "tls-assets", "mountPath": "/etc/prometheus/certs", "readOnly": True},
        {
            "name": f"prometheus-{name}-db",
            "mountPath": "/prometheus",
            "subPath": "prometheus-db",
        },
    ]
    volumes: list[Object] = [
        {"name": "config", "secret": {"secretName": f"prometheus-{name}"}},
        {"name": "config-out", "emptyDir": {"medium": "Memory"}},
        {"name": "tls-assets", "projected": {"sources": []}},
    ]
    for secret in secrets:
        path = f"/etc/prometheus/secrets/{secret}"
        volumes.append({"name": f"secret-{secret}", "secret": {"secretName": secret}})
        mounts.append({"name": f"secret-{secret}", "mountPath": path, "readOnly": True})
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": f"prometheus-{name}",
            "namespace": prometheus["metadata"]["namespace"],
            "labels": {**labels, "managed-by": "prometheus-operator"},
            "ownerReferences": [
                {
                    "apiVersion": prometheus["apiVersion"],
                    "kind": "Prometheus",
                    "name": name,
                    "uid": prometheus["metadata"]["uid"],
                    "controller": True,
                }
            ],
        },
        "spec": {
            "replicas": 1,
            "serviceName": "prometheus-operated",
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": {**labels, "operator.prometheus.io/name": name}},
                "spec": {
                    "serviceAccountName": prometheus["spec"]["serviceAccountName"],
                    "containers": [
                        {
                            "name": "prometheus",
                            "image": "prometheus",
                            "ports": [{"name": "web", "containerPort": port}],
                            "volumeMounts": mounts,
                        }
                    ],
                    "volumes": volumes,
                },
            },
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": f"prometheus-{name}-db"},
                    **prometheus["spec"]["storage"]["volumeClaimTemplate"],
                }
            ],
        },
    }


def write_stateful_set(api: KubeApi, port: int) -> Object:
    """Write it, as the operator does at each look: whole, and as the field manager it is."""
    wanted = stateful_set(_resource(api), port)
    wanted["metadata"]["managedFields"] = [
        {
            "manager": MANAGER,
            "operation": "Update",
            "apiVersion": "apps/v1",
            "time": now(),
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:template": {"f:spec": {}}}},
        }
    ]
    return api.apply(wanted)


def patch_by_hand(api: KubeApi, secret: str, path: str) -> None:
    """What somebody did with ``kubectl patch statefulset``: a volume and its mount."""
    found = api.get("StatefulSet", "monitoring", "prometheus-k8s")
    if found is None:
        raise LookupError("there is no StatefulSet to patch")
    patched = copy.deepcopy(found)
    pod = patched["spec"]["template"]["spec"]
    pod["volumes"].append({"name": secret, "secret": {"secretName": secret}})
    pod["containers"][0]["volumeMounts"].append(
        {"name": secret, "mountPath": path, "readOnly": True}
    )
    volume, mount = f'k:{{"name":"{secret}"}}', f'k:{{"mountPath":"{path}"}}'
    patched["metadata"]["managedFields"].append(
        {
            "manager": "kubectl-patch",
            "operation": "Update",
            "apiVersion": "apps/v1",
            "time": now(),
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:spec": {
                    "f:template": {
                        "f:spec": {
                            "f:containers": {
                                'k:{"name":"prometheus"}': {"f:volumeMounts": {mount: {".": {}}}}
                            },
                            "f:volumes": {volume: {".": {}, "f:secret": {}}},
                        }
                    }
                }
            },
        }
    )
    api.apply(patched)


def configuration(api: KubeApi, targets: dict[str, list[str]]) -> str:
    """The configuration that the operator generates from the ServiceMonitors."""
    jobs = [
        _job(monitor, index, endpoint, targets[monitor["metadata"]["name"]])
        for monitor in api.objects("ServiceMonitor")
        for index, endpoint in enumerate(monitor["spec"]["endpoints"])
    ]
    interval = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    return yaml.safe_dump({"global": interval, "scrape_configs": jobs}, sort_keys=False)


def _job(monitor: Object, index: int, endpoint: Object, targets: list[str]) -> Object:
    meta = monitor["metadata"]
    job: Object = {
        "job_name": f"serviceMonitor/{meta['namespace']}/{meta['name']}/{index}",
        "scheme": endpoint.get("scheme", "http"),
        "metrics_path": endpoint.get("path", "/metrics"),
        "static_configs": [{"targets": targets}],
    }
    if tls := endpoint.get("tlsConfig"):
        job["tls_config"] = {
            "cert_file": tls["certFile"],
            "key_file": tls["keyFile"],
            "insecure_skip_verify": tls["insecureSkipVerify"],
        }
    return job


def scale(api: KubeApi, replicas: int) -> None:
    """Scale the operator's Deployment."""
    found = api.get("Deployment", "monitoring", "prometheus-operator")
    if found is None:
        raise LookupError("there is no operator to scale")
    found["spec"]["replicas"] = replicas
    found["status"] = dict.fromkeys(("replicas", "readyReplicas"), replicas)
    found["status"]["availableReplicas"] = replicas
    api.apply(found)


def now() -> str:
    """Now, as the API server writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _resource(api: KubeApi) -> Object:
    found = api.get("Prometheus", "monitoring", "k8s")
    if found is None:
        raise LookupError("there is no Prometheus resource")
    return found
