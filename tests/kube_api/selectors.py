"""Label and field selectors of list and watch requests, in the full syntax of the query string."""

import re
from collections.abc import Callable
from typing import Any

from tests.kube_api.resources import Object, Resource
from tests.kube_api.statuses import bad_request

Match = Callable[[Object], bool]
Labels = dict[str, str]

_SET = re.compile(r"^(?P<key>[^\s!=<>,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_COMPARED = re.compile(r"^(?P<key>[^\s!=<>,()]+)\s*(?P<op>==|!=|=|>|<)\s*(?P<value>[^\s,()=]*)$")
_EXISTS = re.compile(r"^(?P<not>!?)\s*(?P<key>[^\s!=<>,()]+)$")
_OUTSIDE_BRACKETS = re.compile(r",(?![^(]*\))")

_FIELDS = {
    "Pod": (
        "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName "
        "spec.hostNetwork status.phase status.podIP status.nominatedNodeName"
    ),
    "Event": (
        "involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid "
        "involvedObject.apiVersion involvedObject.resourceVersion involvedObject.fieldPath reason "
        "type source reportingComponent regarding.kind regarding.namespace regarding.name "
        "regarding.uid regarding.apiVersion regarding.fieldPath reportingController"
    ),
    "Node": "spec.unschedulable",
    "Namespace": "status.phase",
    "Secret": "type",
}


def selector(resource: Resource, labels: str, fields: str) -> Match | None:
    """What both selectors together ask for; None when both are empty. 400 when not understood."""
    matches = [*_label_matches(labels), *_field_matches(resource, fields)]
    if not matches:
        return None
    return lambda body: all(match(body) for match in matches)


def _label_matches(text: str) -> list[Match]:
    requirements = [part.strip() for part in _OUTSIDE_BRACKETS.split(text)] if text.strip() else []
    return [_on_labels(_requirement(part)) for part in requirements]


def _on_labels(match: Callable[[Labels], bool]) -> Match:
    return lambda body: match(body.get("metadata", {}).get("labels") or {})


def _requirement(text: str) -> Callable[[Labels], bool]:
    if found := _SET.match(text):
        values = {value.strip() for value in found["values"].split(",")}
        return _of_set(found["key"], found["op"], values)
    if found := _COMPARED.match(text):
        return _compared(found["key"], found["op"], found["value"])
    if found := _EXISTS.match(text):
        key, wanted = found["key"], not found["not"]
        return lambda labels: (key in labels) == wanted
    raise bad_request(
        f"unable to parse requirement: found '{text}', expected: in, notin, =, ==, !=, gt, lt"
    )


def _of_set(key: str, operator: str, values: set[str]) -> Callable[[Labels], bool]:
    if operator == "in":
        return lambda labels: key in labels and labels[key] in values
    return lambda labels: key not in labels or labels[key] not in values


def _compared(key: str, operator: str, value: str) -> Callable[[Labels], bool]:
    match operator:
        case "=" | "==":
            return lambda labels: labels.get(key) == value
        case "!=":
            return lambda labels: labels.get(key) != value
        case ">":
            return lambda labels: (
                (labels.get(key) or "").isdigit() and int(labels[key]) > int(value)
            )
        case _:
            return lambda labels: (
                (labels.get(key) or "").isdigit() and int(labels[key]) < int(value)
            )


def _field_matches(resource: Resource, text: str) -> list[Match]:
    return [_field(resource, part, text) for part in text.split(",") if part.strip()]


def _field(resource: Resource, part: str, whole: str) -> Match:
    found = re.match(r"^([\w.]+)(==|!=|=)(.*)$", part.strip())
    if not found:
        raise bad_request(f"invalid field selector: {whole!r}; can't understand {part!r}")
    path, operator, wanted = found.groups()
    supported = {"metadata.name", "metadata.namespace", *_FIELDS.get(resource.kind, "").split()}
    if path not in supported:
        raise bad_request(
            f'Unable to find "{resource.api_version}, Resource={resource.plural}" that match label '
            f'selector "", field selector "{whole}": field label not supported: {path}'
        )
    return lambda body: (_at(body, path) == wanted) == (operator != "!=")


def _at(body: Object, path: str) -> str:
    if path == "source":
        path = "source.component"
    value: Any = body
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
