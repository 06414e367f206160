"""DELETE of one object and of all that fit: at once, or once the last finalizer is gone.

Nothing collects garbage here: `propagationPolicy` is not looked at.
"""

import json

from tests.kube_api.cluster import Cluster
from tests.kube_api.demands import only_tries
from tests.kube_api.objects import rfc3339
from tests.kube_api.reading import found, list_
from tests.kube_api.resources import Object, Resource
from tests.kube_api.routes import Asked, Route
from tests.kube_api.statuses import Answer, details_of, not_supported, ok, refuse
from tests.kube_api.store import Entry


def delete(cluster: Cluster, resource: Resource, route: Route, asked: Asked) -> Answer:
    if route.subresource:
        raise not_supported("delete", resource)
    only_tried = only_tries(asked, "DeleteOptions")
    with cluster.store.changed:
        if route.name:
            entry = found(cluster.store, resource, route)
            _check(resource, entry, asked)
            return _end(cluster, resource, entry, only_tried=only_tried)
        listed = list_(cluster.store, resource, route, asked)
        for item in json.loads(listed.body)["items"]:
            meta = item["metadata"]
            entry = cluster.store.get(resource, meta.get("namespace", ""), meta["name"])
            if entry is not None:
                _end(cluster, resource, entry, only_tried=only_tried)
        return listed


def forgotten(
    cluster: Cluster, resource: Resource, before: Entry, body: Object, *, only_tried: bool
) -> Answer:
    """An object whose last finalizer went while it waited to be deleted: the last that is seen."""
    if not only_tried:
        cluster.remove(resource, *before.key)
    return Answer(200, cluster.tried(resource, body, before))


def _end(cluster: Cluster, resource: Resource, entry: Entry, *, only_tried: bool) -> Answer:
    meta = entry.body["metadata"]
    if meta.get("finalizers"):
        if meta.get("deletionTimestamp") or only_tried:
            return Answer(200, entry.whole)
        waits = meta | {
            "deletionTimestamp": rfc3339(cluster.now()),
            "deletionGracePeriodSeconds": 0,
        }
        if "generation" in meta:
            waits["generation"] += 1
        return Answer(200, cluster.store.put(resource, entry.body | {"metadata": waits}).whole)
    if not only_tried:
        cluster.remove(resource, *entry.key)
    details = details_of(resource, meta["name"]) | {"uid": meta["uid"]}
    done = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return ok(done | {"details": details})


def _check(resource: Resource, entry: Entry, asked: Asked) -> None:
    options = json.loads(asked.body) if asked.body else {}
    wanted, uid = (options.get("preconditions") or {}).get("uid"), entry.body["metadata"]["uid"]
    if wanted in (None, uid):
        return
    name = entry.body["metadata"]["name"]
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    message = (
        f'Operation cannot be fulfilled on {kind} "{name}": the UID in the precondition ({wanted}) '
        f"does not match the UID in record ({uid}). The object might have been deleted and then "
        "recreated"
    )
    raise refuse(409, "Conflict", message, details_of(resource, name) | {"kind": resource.kind})
