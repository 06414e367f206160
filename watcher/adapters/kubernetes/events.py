"""Events about objects, as the core API tells them; by the newer API where only that may be read.

Both are two faces of the same objects on the API server, so one of them is enough.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, TypeAlias

from watcher.adapters.kubernetes.api import Which
from watcher.adapters.kubernetes.call import Call
from watcher.adapters.kubernetes.reading import Objects
from watcher.adapters.kubernetes.resources import EVENTS, NEW_EVENTS, Resource
from watcher.model.facts import Availability, Known, Unavailable
from watcher.model.kube import KubeObject

_ByObject: TypeAlias = Mapping[tuple[object, object], list[KubeObject]]

_OLD_NAMES: Final = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
    "reportingController": "reportingComponent",
}
"""Fields of events.k8s.io/v1 and what core/v1 calls them (k8s.io/api/events/v1/types.go)."""


def events(
    call: Call, kind: str, namespace: str, names: AbstractSet[str], *, at_once: bool = False
) -> Objects:
    """Events about the objects of *kind* called *names*, with core/v1's names of fields.

    *at_once*: out of one list of all namespaces, where that may be read: many will be asked for.
    """
    found = _read(call, kind, None) if at_once else None
    if found is None or (isinstance(found, Unavailable) and found.permission is not None):
        found = _read(call, kind, namespace)
    if isinstance(found, Unavailable):
        return found
    about = found.value
    return Known(tuple(e for name in sorted(names) for e in about.get((namespace, name), ())))


def _read(call: Call, kind: str, namespace: str | None) -> Availability[_ByObject]:
    """All events about objects of *kind*, of one namespace or (None) of all."""
    return call.once(("events", kind, namespace), lambda: _by_object(call, kind, namespace))


def _by_object(call: Call, kind: str, namespace: str | None) -> Availability[_ByObject]:
    found = _listed(call, EVENTS, namespace, Which(fields=f"involvedObject.kind={kind}"))
    if isinstance(found, Unavailable):
        newer = _listed(call, NEW_EVENTS, namespace, Which(fields=f"regarding.kind={kind}"))
        if isinstance(newer, Unavailable):
            return found
        found = Known(tuple(KubeObject(_as_core(event.raw)) for event in newer.value))
    about: dict[tuple[object, object], list[KubeObject]] = {}
    for event in found.value:
        if _kind(event) == kind:
            about.setdefault(_about(event), []).append(event)
    return Known(about)


def _listed(call: Call, resource: Resource, namespace: str | None, which: Which) -> Objects:
    if namespace is None:
        return call.everywhere(resource, which)
    return call.within(resource, namespace, which)


def _as_core(event: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {_OLD_NAMES.get(key, key): value for key, value in event.items()}
    return renamed | {"apiVersion": EVENTS.api_version}


def _kind(event: KubeObject) -> object:
    about = event.raw.get("involvedObject")
    return about.get("kind") if isinstance(about, Mapping) else None


def _about(event: KubeObject) -> tuple[object, object]:
    """Namespace and name of what it is about; an event stands in the namespace of that."""
    about, metadata = event.raw.get("involvedObject"), event.raw.get("metadata")
    place = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    return place, about.get("name") if isinstance(about, Mapping) else None
