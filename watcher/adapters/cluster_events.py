"""Events about objects, as the core API tells them; by the newer API where only that may be read.

Both are two faces of the same objects on the API server, so one of them is enough.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from watcher.adapters.cluster_call import Call
from watcher.adapters.cluster_reading import Objects
from watcher.adapters.kube import Which
from watcher.adapters.kube_resources import EVENTS, NEW_EVENTS
from watcher.model.facts import Known, Unavailable
from watcher.model.kube import KubeObject

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


def events(call: Call, kind: str, namespace: str, names: AbstractSet[str]) -> Objects:
    """Events about the objects of *kind* called *names*, with core/v1's names of fields."""
    found = call.within(EVENTS, namespace, Which(fields=f"involvedObject.kind={kind}"))
    if isinstance(found, Unavailable):
        newer = call.within(NEW_EVENTS, namespace, Which(fields=f"regarding.kind={kind}"))
        if isinstance(newer, Unavailable):
            return found
        found = Known(tuple(KubeObject(_as_core(event.raw)) for event in newer.value))
    return Known(tuple(event for event in found.value if _about(event) in names))


def _as_core(event: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {_OLD_NAMES.get(key, key): value for key, value in event.items()}
    return renamed | {"apiVersion": EVENTS.api_version}


def _about(event: KubeObject) -> object:
    about = event.raw.get("involvedObject")
    return about.get("name") if isinstance(about, Mapping) else None
