"""POST, PUT, PATCH and DELETE of objects. Strategic merge and server-side apply are not served."""

import json
from typing import Any

from tests.kube_api.cluster import Cluster
from tests.kube_api.patches import JSON_PATCH, MERGE_PATCH, json_patched, merged
from tests.kube_api.reading import found
from tests.kube_api.resources import Object, Resource
from tests.kube_api.routes import Asked, Route
from tests.kube_api.statuses import (
    Answer,
    already_exists,
    bad_request,
    conflict,
    details_of,
    method_not_allowed,
    ok,
    unsupported_media_type,
)


def write(cluster: Cluster, resource: Resource, route: Route, asked: Asked) -> Answer:
    if asked.query.get("dryRun"):
        raise bad_request("dryRun is not served by this local API server")
    match asked.method, bool(route.name):
        case "POST", False:
            return _create(cluster, resource, route, asked)
        case "PUT", True:
            return _replace(cluster, resource, route, asked)
        case "PATCH", True:
            return _patch(cluster, resource, route, asked)
        case "DELETE", True:
            return _delete(cluster, resource, route)
        case _:
            raise method_not_allowed()


def decoded(asked: Asked) -> Any:
    try:
        return json.loads(asked.body)
    except ValueError as error:
        raise bad_request(f"error decoding the body: {error}") from error


def _create(cluster: Cluster, resource: Resource, route: Route, asked: Asked) -> Answer:
    body = _placed(decoded(asked), resource, route)
    with cluster.store.changed:
        name = body["metadata"].get("name", "")
        if not name:
            raise bad_request("name or generateName is required")
        if cluster.store.get(resource, route.namespace, name):
            raise already_exists(resource, name)
        return Answer(201, cluster.write(resource, body).whole)


def _replace(cluster: Cluster, resource: Resource, route: Route, asked: Asked) -> Answer:
    body = _placed(decoded(asked), resource, route)
    with cluster.store.changed:
        before = found(cluster.store, resource, route)
        _check_version(resource, route.name, before.version, body)
        return Answer(200, cluster.write(resource, body).whole)


def _patch(cluster: Cluster, resource: Resource, route: Route, asked: Asked) -> Answer:
    kind = asked.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in (JSON_PATCH, MERGE_PATCH):
        raise unsupported_media_type(kind, (JSON_PATCH, MERGE_PATCH))
    patch = decoded(asked)
    with cluster.store.changed:
        before = found(cluster.store, resource, route)
        body = (json_patched if kind == JSON_PATCH else merged)(before.body, patch)
        body = _placed(body, resource, route)
        _check_version(resource, route.name, before.version, body)
        return Answer(200, cluster.write(resource, body).whole)


def _delete(cluster: Cluster, resource: Resource, route: Route) -> Answer:
    with cluster.store.changed:
        entry = found(cluster.store, resource, route)
        cluster.remove(resource, *entry.key)
    details = details_of(resource, route.name) | {"uid": entry.body["metadata"]["uid"]}
    done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return ok(done | {"details": details})


def _placed(body: Any, resource: Resource, route: Route) -> Object:
    if not isinstance(body, dict) or not isinstance(body.get("metadata"), dict):
        raise bad_request(f"the object provided is not a {resource.kind}")
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
    return body


def _check_version(resource: Resource, name: str, current: int, body: Object) -> None:
    if body["metadata"].get("resourceVersion") not in (None, "", str(current)):
        raise conflict(resource, name)
