"""POST, PUT and PATCH of objects. Strategic merge and server-side apply are not served."""

import json
from typing import Any

import yaml

from tests.kube_api.cluster import Cluster
from tests.kube_api.deleting import forgotten
from tests.kube_api.demands import (
    check_change,
    check_new,
    check_type,
    check_version_given,
    only_tries,
)
from tests.kube_api.patches import JSON_PATCH, MERGE_PATCH, json_patched, merged
from tests.kube_api.reading import found
from tests.kube_api.resources import NAMESPACES, Object, Resource
from tests.kube_api.routes import Asked, Route
from tests.kube_api.statuses import (
    FORMS,
    JSON,
    Answer,
    already_exists,
    bad_request,
    conflict,
    method_not_allowed,
    not_found,
    unsupported_media_type,
)
from tests.kube_api.store import Entry

_APPLY_PATCH = "application/apply-patch+yaml"
_OF_THE_SERVER = (
    "uid",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)


def write(cluster: Cluster, resource: Resource, route: Route, asked: Asked) -> Answer:
    match asked.method, bool(route.name):
        case "POST", False:
            return _create(cluster, resource, route, asked)
        case "PUT", True:
            return _replace(cluster, resource, route, asked)
        case "PATCH", True:
            return _patch(cluster, resource, route, asked)
        case _:
            raise method_not_allowed()


def decoded(asked: Asked, kind: str) -> Any:
    """The body, JSON or YAML, which should be a *kind*."""
    given = asked.content_type
    if given not in ("", JSON, "application/yaml"):
        raise unsupported_media_type(*FORMS)
    try:
        if given == "application/yaml":
            return yaml.safe_load(asked.body)
        return json.loads(asked.body)
    except (ValueError, yaml.YAMLError) as error:
        short = asked.body.decode(errors="replace") or "<empty>"
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get "
            f"version/kind; json parse error: {error} ({short})"
        ) from error


def _create(cluster: Cluster, resource: Resource, route: Route, asked: Asked) -> Answer:
    only_tried = only_tries(asked, "CreateOptions")
    body = check_type(resource, decoded(asked, resource.kind), asked.body)
    _place(body, resource, route)
    if resource.namespaced and not cluster.store.get(NAMESPACES, "", route.namespace):
        raise not_found(NAMESPACES, route.namespace)
    check_new(resource, body)
    for key in _OF_THE_SERVER:
        body["metadata"].pop(key, None)
    if resource.has_status:
        body.pop("status", None)
    name = body["metadata"]["name"]
    with cluster.store.changed:
        if cluster.store.get(resource, route.namespace, name):
            raise already_exists(resource, name)
        return Answer(201, _kept(cluster, resource, body, None, only_tried=only_tried))


def _replace(cluster: Cluster, resource: Resource, route: Route, asked: Asked) -> Answer:
    only_tried = only_tries(asked, "UpdateOptions")
    body = check_type(resource, decoded(asked, resource.kind), asked.body)
    _place(body, resource, route)
    with cluster.store.changed:
        before = found(cluster.store, resource, route)
        check_version_given(resource, route.name, body)
        return _changed(cluster, resource, route, before, body, only_tried=only_tried)


def _patch(cluster: Cluster, resource: Resource, route: Route, asked: Asked) -> Answer:
    only_tried = only_tries(asked, "PatchOptions")
    kind = asked.content_type
    if kind not in (JSON_PATCH, MERGE_PATCH):
        raise unsupported_media_type(JSON_PATCH, MERGE_PATCH, _APPLY_PATCH)
    try:
        patch = json.loads(asked.body)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from error
    with cluster.store.changed:
        before = found(cluster.store, resource, route)
        body = (json_patched if kind == JSON_PATCH else merged)(before.body, patch)
        body = check_type(resource, body, asked.body)
        _place(body, resource, route)
        return _changed(cluster, resource, route, before, body, only_tried=only_tried)


def _changed(
    cluster: Cluster,
    resource: Resource,
    route: Route,
    before: Entry,
    body: Object,
    *,
    only_tried: bool,
) -> Answer:
    if body["metadata"].get("resourceVersion") not in (None, "", str(before.version)):
        raise conflict(resource, route.name)
    if route.subresource == "status":
        body = before.body | {"status": body.get("status")}
    elif resource.has_status:
        body = {key: value for key, value in body.items() if key != "status"}
        body |= {"status": before.body["status"]} if "status" in before.body else {}
    check_change(resource, body, before.body)
    old = before.body["metadata"]
    meta = {key: value for key, value in body["metadata"].items() if key not in _OF_THE_SERVER}
    body = body | {"metadata": meta | {key: old[key] for key in _OF_THE_SERVER if key in old}}
    if old.get("deletionTimestamp") and not meta.get("finalizers"):
        return forgotten(cluster, resource, before, body, only_tried=only_tried)
    return Answer(200, _kept(cluster, resource, body, before, only_tried=only_tried))


def _kept(
    cluster: Cluster, resource: Resource, body: Object, before: Entry | None, *, only_tried: bool
) -> bytes:
    """The object as it is answered; kept, unless it was only tried."""
    if only_tried:
        return cluster.tried(resource, body, before)
    return cluster.write(resource, body).whole


def _place(body: Object, resource: Resource, route: Route) -> None:
    meta = body["metadata"]
    if route.name and meta.get("name") != route.name:
        raise bad_request(
            f"the name of the object ({meta.get('name', '')}) does not match the name on the URL "
            f"({route.name})"
        )
    if resource.namespaced and meta.setdefault("namespace", route.namespace) != route.namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
