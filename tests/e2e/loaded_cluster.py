"""A cluster in which prometheus-operator did its work, and then something happened.

All Prometheuses of it share one or two real servers, so that many states stand side by side: each
has its own resource, StatefulSet and pod, and every pod answers as the same server. The operator is
played; what it would have written is what a test hands to the real server.
"""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.kube_api import KubeApi
from tests.prometheus_server import RealPrometheus

Object = dict[str, Any]
GROUP: Final = "monitoring.coreos.com/v1"
KINDS: Final = ("serviceMonitor", "podMonitor", "probe", "scrapeConfig")
SELF: Final = {"name": "config-out", "mountPath": "/etc/prometheus/config_out"}
OPERATOR: Final = "prometheus-operator"


def ago(**span: float) -> str:
    """A time before now, as the API server writes it."""
    return (datetime.now(UTC) - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Cluster:
    """Writes objects that have stood for a month, as long as nothing else is said of them."""

    def __init__(self, api: KubeApi) -> None:
        self.api = api
        self.add("Namespace", "monitoring", None)
        self.operator()

    def add(self, kind: str, name: str, namespace: str | None = "shop", **fields: Any) -> Object:
        """Write an object that was last changed long ago."""
        meta = {"name": name, "creationTimestamp": ago(days=30)} | fields.pop("metadata", {})
        meta |= {"namespace": namespace} if namespace else {}
        meta.setdefault(
            "managedFields",
            [{"manager": "kubectl", "operation": "Update", "time": ago(days=20), "fieldsV1": {}}],
        )
        return self.api.apply({"kind": kind, "metadata": meta, **fields})

    def change(self, kind: str, name: str, namespace: str | None = "shop", **changes: Any) -> None:
        """Merge *changes* into an object; None takes a field away, as in a merge patch."""
        found = self.api.get(kind, namespace, name)
        assert found is not None, f"there is no {kind} {name}"
        self.api.apply(merged(found, changes))

    def operator(self, *flags: str, replicas: int = 1) -> None:
        """The operator's Deployment and its pod, which runs for ten days."""
        labels = {"app.kubernetes.io/name": OPERATOR}
        image = "prometheus-operator/prometheus-operator:v0.93.1"
        containers = [{"name": OPERATOR, "image": image, "args": list(flags)}]
        self.add(
            "Deployment",
            OPERATOR,
            "monitoring",
            metadata={"labels": labels},
            spec={
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
            },
            status={"replicas": replicas, "availableReplicas": replicas} if replicas else {"a": 0},
        )
        self.add(
            "Pod",
            f"{OPERATOR}-0",
            "monitoring",
            metadata={"labels": labels},
            spec={"containers": containers},
            status={"phase": "Running", "startTime": ago(days=10)},
        )

    # ---------------------------------------------------------------- Prometheus

    def prometheus(self, name: str, *, pods: int = 1, **spec: Any) -> None:
        """A Prometheus that takes the monitors labelled with its name, and all made of it."""
        chosen = {f"{kind}Selector": {"matchLabels": {"prometheus": name}} for kind in KINDS}
        everywhere: Object = {f"{kind}NamespaceSelector": {} for kind in KINDS}
        spec = {"replicas": pods, "serviceAccountName": "p", **chosen, **everywhere} | spec
        self.add("Prometheus", name, "monitoring", spec=spec)
        self.reconciled(name, "True")
        self.stateful_set(name)
        for number in range(pods):
            self.pod(name, number)

    def reconciled(self, name: str, status: str, message: str = "", generation: int = 99) -> None:
        """What the operator writes of its own work, for a *generation* of the resource."""
        condition = {
            "type": "Reconciled",
            "status": status,
            "reason": "ReconciliationFailed" if message else "",
            "message": message,
            "observedGeneration": generation,
            "lastTransitionTime": ago(hours=1),
        }
        self.change("Prometheus", name, "monitoring", status={"conditions": [condition]})

    def stateful_set(self, name: str, *mounts: tuple[str, str], by: str | None = None) -> None:
        """What the operator makes of the resource; with *mounts* (Secret, path) as well.

        *by* had put these there, by hand.
        """
        found = self.api.get("Prometheus", "monitoring", name)
        assert found is not None
        volumes: list[Object] = [{"name": "config-out", "emptyDir": {}}]
        places: list[Object] = [dict(SELF)]
        for secret, path in (*_asked_for(found["spec"]), *mounts):
            volumes.append({"name": secret, "secret": {"secretName": secret}})
            places.append({"name": secret, "mountPath": path, "readOnly": True})
        managed = [_written("PrometheusOperator", ago(minutes=30), {})]
        managed += [_written(by, ago(days=2), _mount_field(path)) for _, path in mounts if by]
        self.add(
            "StatefulSet",
            f"prometheus-{name}",
            "monitoring",
            metadata={
                "managedFields": managed,
                "ownerReferences": [{"kind": "Prometheus", "name": name, "controller": True}],
            },
            spec={
                "replicas": found["spec"]["replicas"],
                "template": {
                    "metadata": {"labels": {"operator.prometheus.io/name": name}},
                    "spec": {
                        "containers": [
                            {"name": "prometheus", "volumeMounts": places},
                            {"name": "config-reloader"},
                        ],
                        "volumes": volumes,
                    },
                },
            },
        )

    def pod(self, name: str, number: int = 0) -> None:
        """A pod as the StatefulSet makes it today, all ready."""
        owner = self.api.get("StatefulSet", "monitoring", f"prometheus-{name}")
        assert owner is not None
        template = copy.deepcopy(owner["spec"]["template"])
        labels = template["metadata"]["labels"]
        labels["controller-revision-hash"] = owner["status"]["updateRevision"]
        states = [
            {"name": c["name"], "ready": True, "state": {"running": {}}}
            for c in template["spec"]["containers"]
        ]
        self.add(
            "Pod",
            f"prometheus-{name}-{number}",
            "monitoring",
            metadata={"labels": labels},
            spec=template["spec"],
            status={
                "phase": "Running",
                "startTime": ago(minutes=20),
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": states,
            },
        )

    def runs(self, server: RealPrometheus, *pods: str) -> None:
        """Let *pods* answer as *server*, with its log; without names all that there are."""
        for pod in self.api.objects("Pod", "monitoring"):
            name = pod["metadata"]["name"]
            if name in pods or (not pods and not name.startswith(OPERATOR)):
                self.api.pod_address["monitoring", name] = f"127.0.0.1:{server.port}"
                self.api.logs["monitoring", name, "prometheus"] = server.log_file

    # ------------------------------------------------------------------ monitors

    def service_monitor(
        self, name: str, *endpoints: Object, of: str = "k8s", namespace: str = "shop", **spec: Any
    ) -> None:
        """A ServiceMonitor that the Prometheus *of* takes; by default with one endpoint."""
        spec |= {"selector": {}, "endpoints": list(endpoints or ({"port": "web"},))}
        labels = {"prometheus": of}
        self.add("ServiceMonitor", name, namespace, metadata={"labels": labels}, spec=spec)

    def monitor(self, kind: str, name: str, of: str = "k8s", **spec: Any) -> None:
        """A monitor of another kind."""
        self.add(kind, name, metadata={"labels": {"prometheus": of}}, spec=spec)


def merged(found: Object, changes: Mapping[str, Any]) -> Object:
    """*found* after a JSON merge patch."""
    result = dict(found)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key) or {}, value)
        else:
            result[key] = value
    return result


def _asked_for(spec: Object) -> list[tuple[str, str]]:
    """Secret and path of each mount that the resource itself asks for."""
    own = [(name, f"/etc/prometheus/secrets/{name}") for name in spec.get("secrets", ())]
    return own + [(m["name"], m["mountPath"]) for m in spec.get("volumeMounts", ())]


def _written(manager: str, at: str, fields: Object) -> Object:
    return {"manager": manager, "operation": "Update", "time": at, "fieldsV1": fields}


def _mount_field(path: str) -> Object:
    mounts: Object = {"f:volumeMounts": {f'k:{{"mountPath":"{path}"}}': {".": {}}}}
    containers = {'k:{"name":"prometheus"}': mounts}
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": containers}}}}
