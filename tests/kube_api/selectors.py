"""Label and field selectors of list and watch requests, in the full syntax of the query string."""

import re
from collections.abc import Callable
from typing import Any

from tests.kube_api.label_selectors import Labels, label_matches
from tests.kube_api.resources import Object, Resource
from tests.kube_api.statuses import bad_request

Match = Callable[[Object], bool]

_FIELDS = {
    "pods": (
        "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName "
        "spec.hostNetwork status.phase status.podIP status.nominatedNodeName"
    ),
    "events": (
        "involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid "
        "involvedObject.apiVersion involvedObject.resourceVersion involvedObject.fieldPath reason "
        "type source reportingComponent"
    ),
    "events.events.k8s.io": (
        "regarding.kind regarding.namespace regarding.name regarding.uid regarding.apiVersion "
        "regarding.resourceVersion regarding.fieldPath reason type reportingController"
    ),
    "nodes": "spec.unschedulable",
    "namespaces": "status.phase",
    "secrets": "type",
}


def selector(resource: Resource, labels: str, fields: str) -> Match | None:
    """What both selectors together ask for; None when both are empty. 400 when not understood."""
    matches = [_on_labels(match) for match in label_matches(labels)]
    matches += _field_matches(resource, fields)
    if not matches:
        return None
    return lambda body: all(match(body) for match in matches)


def _on_labels(match: Callable[[Labels], bool]) -> Match:
    return lambda body: match(body.get("metadata", {}).get("labels") or {})


def _field_matches(resource: Resource, text: str) -> list[Match]:
    return [_field(resource, part, text) for part in text.split(",") if part.strip()]


def _field(resource: Resource, part: str, whole: str) -> Match:
    found = re.match(r"^([\w.]+)(==|!=|=)(.*)$", part.strip())
    if not found:
        raise bad_request(f"invalid selector: '{whole}'; can't understand '{part}'")
    path, operator, wanted = found.groups()
    supported = {
        "metadata.name",
        "metadata.namespace",
        *_FIELDS.get(resource.qualified, "").split(),
    }
    if path not in supported:
        raise _unsupported(resource, path)
    return lambda body: (_at(body, path) == wanted) == (operator != "!=")


def _unsupported(resource: Resource, path: str) -> Exception:
    if resource.custom or resource.qualified in _FIELDS:
        return bad_request(f"field label not supported: {path}")
    return bad_request(
        f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    )


def _at(body: Object, path: str) -> str:
    if path == "source":
        path = "source.component"
    value: Any = body
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
