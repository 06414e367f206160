"""Raw objects of a case: the base with its changes, and the choice of some of them."""

from datetime import UTC, datetime
from pathlib import Path

import yaml

from tests.kube_api.patches import merged
from watcher.model.kube import KubeObject
from watcher.model.names import MonitorKind

FOLDER = Path(__file__).parent
BASE = yaml.load((FOLDER / "base.yaml").read_text(), Loader=yaml.CSafeLoader)
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


def changed(base, patches):
    """*base* with merge patches on the objects that they name; others are added."""
    found = {called(raw): raw for raw in base}
    for patch in patches:
        found[called(patch)] = merged(found.get(called(patch)), patch)
    return list(found.values())


def called(raw):
    """``Kind namespace/name``, as ``without`` names it."""
    metadata = raw["metadata"]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{raw['kind']} {place}{metadata['name']}"


def moment(text):
    return datetime.fromisoformat(text)


def of_kind(raws, kind):
    return tuple(KubeObject(raw) for raw in raws if raw["kind"] == kind)


def prometheuses(raws):
    return of_kind(raws, "Prometheus") + of_kind(raws, "PrometheusAgent")


def monitors(raws):
    return tuple(m for kind in MonitorKind for m in of_kind(raws, kind.value))


def operated(resource):
    return resource.labels.get("app.kubernetes.io/name") == "prometheus-operator"


def operators(raws):
    return tuple(d for d in of_kind(raws, "Deployment") if operated(d))


def events(raws, kinds, names):
    return tuple(
        e
        for e in of_kind(raws, "Event")
        if e.raw["involvedObject"]["kind"] in kinds and e.raw["involvedObject"]["name"] in names
    )
