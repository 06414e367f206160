"""Raw objects for the tests of what the operator makes of them, each a usable one by default."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from watcher.model.facts import Known
from watcher.model.kube import KubeObject
from watcher.model.names import MonitorKind
from watcher.operator.expect import Cluster, expect

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
DATA = Path(__file__).parents[1] / "data" / "kube-prometheus"


def thing(kind: str, name: str, *, namespace: str | None = "monitoring", **fields: Any):
    """Any object; *labels* and *annotations* go to its metadata."""
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    for key in ("labels", "annotations", "managedFields", "creationTimestamp"):
        if key in fields:
            metadata[key] = fields.pop(key)
    return KubeObject({"kind": kind, "metadata": metadata, **fields})


def prometheus(name: str = "k8s", *, kind: str = "Prometheus", **spec: Any):
    """A Prometheus that selects everything everywhere, unless *spec* says otherwise."""
    everything: dict[str, Any] = {}
    for field in ("serviceMonitor", "podMonitor", "probe", "scrapeConfig"):
        everything |= {f"{field}Selector": {}, f"{field}NamespaceSelector": {}}
    namespace = spec.pop("namespace", "monitoring")
    labels, annotations = spec.pop("labels", {}), spec.pop("annotations", {})
    return thing(
        kind,
        name,
        namespace=namespace,
        labels=labels,
        annotations=annotations,
        spec={**everything, "version": "3.5.0", **spec},
    )


def service_monitor(*endpoints: Any, name: str = "app", **fields: Any):
    """A ServiceMonitor; without *endpoints*, one with the port ``web``."""
    spec = {
        "selector": {"matchLabels": {"app": "app"}},
        "endpoints": list(endpoints or ({"port": "web"},)),
        **fields.pop("spec", {}),
    }
    return thing("ServiceMonitor", name, spec=spec, **fields)


def pod_monitor(*endpoints: Any, name: str = "app", **fields: Any):
    """A PodMonitor; without *endpoints*, one with the port ``web``."""
    spec = {
        "selector": {"matchLabels": {"app": "app"}},
        "podMetricsEndpoints": list(endpoints or ({"port": "web"},)),
        **fields.pop("spec", {}),
    }
    return thing("PodMonitor", name, spec=spec, **fields)


def probe(*static: str, name: str = "site", **spec: Any):
    """A Probe of static targets."""
    targets = {"staticConfig": {"static": list(static or ("https://a.example",))}}
    return thing("Probe", name, spec={"prober": {"url": "bb:9115"}, "targets": targets, **spec})


def scrape_config(*targets: str, name: str = "outside", **spec: Any):
    """A ScrapeConfig with one static list."""
    lists = [{"targets": list(targets or ("a:1",))}]
    return thing("ScrapeConfig", name, spec={"staticConfigs": lists, **spec})


def operator(*args: str, name: str = "prometheus-operator", env: Any = (), image: str = ""):
    """The Deployment of an operator with these arguments."""
    image = image or "quay.io/prometheus-operator/prometheus-operator:v0.93.0"
    container = {"name": "prometheus-operator", "image": image, "args": list(args), "env": env}
    return thing("Deployment", name, spec={"template": {"spec": {"containers": [container]}}})


def namespace(name: str, **labels: str):
    """A namespace with the label that every namespace has, and more."""
    return thing(
        "Namespace", name, namespace=None, labels={"kubernetes.io/metadata.name": name, **labels}
    )


def cluster(*monitors: KubeObject, **kinds: Any) -> Cluster:
    """A cluster with *monitors* and, unless told otherwise, one Prometheus that selects all."""
    by_kind = {
        kind: Known(tuple(m for m in monitors if m.kind == kind.value)) for kind in MonitorKind
    }
    found = {
        key: value if not isinstance(value, tuple) else Known(value) for key, value in kinds.items()
    }
    return Cluster(**{"prometheuses": Known((prometheus(),)), "monitors": by_kind, **found})


def expected(*monitors: KubeObject, **kinds: Any):
    """What such a cluster asks for."""
    return expect(cluster(*monitors, **kinds), NOW, url_of)


def url_of(pod: KubeObject, resource: KubeObject) -> str:
    """A URL that shows of what it was made."""
    return f"http://{pod.name}.{resource.name}:9090"


def kube_prometheus() -> tuple[KubeObject, ...]:
    """Every object of kube-prometheus' own manifests that is kept here."""
    found = []
    for file in sorted(DATA.glob("*.yaml")):
        found += [KubeObject(raw) for raw in yaml.safe_load_all(file.read_text()) if raw]
    return tuple(found)
