"""The two faces of an Event: core/v1 and events.k8s.io/v1 are one object under two sets of names."""

from tests.kube_api.resources import EVENTS, NEW_EVENTS, Object, Resource

_NEW_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
_OLD_NAMES = {new: old for old, new in _NEW_NAMES.items()}


def other_face(resource: Resource, body: Object) -> tuple[Resource, Object]:
    """The same event as the other API group tells it."""
    names, other = (_NEW_NAMES, NEW_EVENTS) if resource == EVENTS else (_OLD_NAMES, EVENTS)
    turned = {names.get(key, key): value for key, value in body.items()}
    turned |= {"kind": other.kind, "apiVersion": other.api_version}
    return other, turned


def completed_event(body: Object) -> None:
    """What a recorder leaves out is told as null or as nothing by the server."""
    old = body["apiVersion"] == EVENTS.api_version
    for key in ("firstTimestamp", "lastTimestamp"):
        body.setdefault(key if old else _NEW_NAMES[key], None)
    body.setdefault("eventTime", None)
    if old:
        body.setdefault("reportingComponent", "")
        body.setdefault("reportingInstance", "")
