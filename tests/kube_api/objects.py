"""What the API server makes of a written object: identity, generation and defaults.

Only the defaults that a reader of ours or Prometheus's discovery depends on are filled in.
"""

import base64
import uuid
from datetime import datetime
from typing import Any

from tests.kube_api.resources import Object, Resource
from tests.kube_api.store import copied

_LEFT_OUT_WHEN_EMPTY = ("labels", "annotations", "finalizers", "ownerReferences")


def completed(resource: Resource, given: Object, before: Object | None, now: datetime) -> Object:
    """A copy of `given` with all that the server adds; `before` is what it replaces."""
    body: Object = copied(given)
    body["kind"], body["apiVersion"] = resource.kind, resource.api_version
    meta = body.setdefault("metadata", {})
    if not meta.get("name"):
        raise ValueError(f"{resource.kind} without metadata.name: {str(given)[:200]}")
    if resource.namespaced:
        meta.setdefault("namespace", "default")
    else:
        meta.pop("namespace", None)
    for key in _LEFT_OUT_WHEN_EMPTY:
        if not meta.get(key, True):
            del meta[key]
    _default(resource, body)
    _identify(resource, body, before, now)
    return body


def unchanged(body: Object, before: Object) -> bool:
    """A write that changes nothing takes no new version."""
    return _without_version(body) == _without_version(before)


def _identify(resource: Resource, body: Object, before: Object | None, now: datetime) -> None:
    meta, old = body["metadata"], (before or {}).get("metadata", {})
    meta["uid"] = old.get("uid") or meta.get("uid") or str(uuid.uuid4())
    meta.setdefault("creationTimestamp", old.get("creationTimestamp") or rfc3339(now))
    if resource.generation:
        if before is None:
            meta.setdefault("generation", 1)
        else:
            changed = _counted(resource, body) != _counted(resource, before)
            meta["generation"] = old.get("generation", 1) + int(changed)


def _counted(resource: Resource, body: Object) -> Object:
    """What a generation is counted by: of a custom resource all but metadata and status."""
    if resource.custom:
        return {key: value for key, value in body.items() if key not in ("metadata", "status")}
    return {"spec": body.get("spec")}


def rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _without_version(body: Object) -> Object:
    meta = {k: v for k, v in body["metadata"].items() if k != "resourceVersion"}
    return body | {"metadata": meta}


def _default(resource: Resource, body: Object) -> None:
    spec = body.get("spec") or {}
    match resource.kind:
        case "EndpointSlice":
            _protocols(body.get("ports"))
            for port in body.get("ports") or ():
                port.setdefault("name", "")
            body.setdefault("addressType", "IPv4")
        case "Endpoints":
            _each_protocols(body.get("subsets"))
        case "Service":
            _default_service(body.setdefault("spec", {}))
        case "Namespace":
            _default_namespace(body)
        case "Secret":
            _encode_secret(body)
        case "Pod":
            _default_containers(spec)
            body.setdefault("status", {}).setdefault("phase", "Pending")
        case "StatefulSet":
            _default_stateful_set(spec)
        case "DaemonSet" | "Deployment" | "ReplicaSet":
            _default_containers(spec.get("template", {}).get("spec", {}))
        case _:
            pass


def _encode_secret(body: Object) -> None:
    body.setdefault("type", "Opaque")
    for key, text in body.pop("stringData", {}).items():
        body.setdefault("data", {})[key] = base64.b64encode(text.encode()).decode()


def _default_namespace(body: Object) -> None:
    labels = body["metadata"].setdefault("labels", {})
    labels.setdefault("kubernetes.io/metadata.name", body["metadata"]["name"])
    body.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
    body.setdefault("status", {}).setdefault("phase", "Active")


def _default_service(spec: Object) -> None:
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    _protocols(spec.get("ports"))
    for port in spec.get("ports") or ():
        if "port" in port:
            port.setdefault("targetPort", port["port"])


def _default_stateful_set(spec: Object) -> None:
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    spec.setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    _default_containers(spec.get("template", {}).get("spec", {}))


def _default_containers(spec: Object) -> None:
    _each_protocols(spec.get("containers"))
    _each_protocols(spec.get("initContainers"))


def _each_protocols(holders: list[dict[str, Any]] | None) -> None:
    for holder in holders or ():
        _protocols(holder.get("ports"))


def _protocols(ports: list[dict[str, Any]] | None) -> None:
    # Prometheus 2.53 crashes on an EndpointSlice port without protocol: the real server fills it.
    for port in ports or ():
        port.setdefault("protocol", "TCP")
