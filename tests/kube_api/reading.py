"""GET of one object and of lists: selectors, paging, versions.

As on the real server, a list with resourceVersion=0 comes whole from the watch cache, whatever
its limit, and remainingItemCount is told only where no selector is at work.
"""

import base64
import binascii
import json

from tests.kube_api.list_options import check_list
from tests.kube_api.resources import NAMESPACES, Resource
from tests.kube_api.routes import Asked, Route
from tests.kube_api.selectors import selector
from tests.kube_api.statuses import JSON, Answer, bad_request, expired, not_found, refuse
from tests.kube_api.store import Entry, Snapshot, Store

_ANY_VERSION = -1


def get(store: Store, resource: Resource, route: Route, asked: Asked) -> Answer:
    store.check_not_newer(asked.version)
    return Answer(200, found(store, resource, route).whole)


def found(store: Store, resource: Resource, route: Route) -> Entry:
    namespace = "" if resource == NAMESPACES else route.namespace
    entry = store.get(resource, namespace, route.name)
    if entry is None:
        raise not_found(resource, route.name)
    return entry


def list_(store: Store, resource: Resource, route: Route, asked: Asked) -> Answer:
    query = asked.query
    check_list(asked)
    limit = max(asked.number("limit") or 0, 0)
    matches = selector(resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
    snapshot, start = _start(store, resource, asked, limit)
    chosen = [
        entry
        for entry in snapshot.entries
        if (not route.namespace or entry.key[0] == route.namespace)
        and (start is None or entry.key > start)
        and (matches is None or matches(entry.body))
    ]
    meta: dict[str, object] = {"resourceVersion": str(snapshot.version)}
    if resource.custom:
        meta["continue"] = ""
    if limit and query.get("resourceVersion") != "0" and len(chosen) > limit:
        store.keep(resource, snapshot)
        meta["continue"] = _token(snapshot.version, chosen[limit - 1].key)
        if matches is None:
            meta["remainingItemCount"] = len(chosen) - limit
        chosen = chosen[:limit]
    return Answer(200, _encoded(resource, meta, chosen), JSON)


def _start(
    store: Store, resource: Resource, asked: Asked, limit: int
) -> tuple[Snapshot, tuple[str, str] | None]:
    version, match = asked.version, asked.query.get("resourceVersionMatch", "")
    if token := asked.query.get("continue"):
        if version:
            raise bad_request("specifying resource version is not allowed when using continue")
        return _continued(store, resource, token)
    if version and (match == "Exact" or (limit and match != "NotOlderThan")):
        snapshot = store.snapshot_at(resource, version)
        if snapshot is None:
            raise expired("The resourceVersion for the provided list is too old.")
        return snapshot, None
    store.check_not_newer(version)
    return store.snapshot(resource), None


def _continued(store: Store, resource: Resource, token: str) -> tuple[Snapshot, tuple[str, str]]:
    version, start = _read(token)
    if version == _ANY_VERSION:
        return store.snapshot(resource), start
    snapshot = store.snapshot_at(resource, version)
    if snapshot is None:
        raise refuse(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result. You "
            "can start a new list without the continue parameter, or use the continue token in "
            "this response to retrieve the remainder of the results. Continuing with the provided "
            "token results in an inconsistent list - objects that were created, modified, or "
            "deleted between the time the first chunk was returned and now may show up in the list.",
            metadata={"continue": _token(_ANY_VERSION, start)},
        )
    return snapshot, start


def _token(version: int, last: tuple[str, str]) -> str:
    told = {"v": "meta.k8s.io/v1", "rv": version, "start": f"{last[0]}/{last[1]}\0"}
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def _read(token: str) -> tuple[int, tuple[str, str]]:
    try:
        told = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = told["start"].rstrip("\0").partition("/")
        return int(told["rv"]), (namespace, name)
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error


def _encoded(resource: Resource, meta: dict[str, object], entries: list[Entry]) -> bytes:
    head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": meta}
    opened = json.dumps(head, separators=(",", ":")).encode()[:-1]
    return opened + b',"items":[' + b",".join(entry.item for entry in entries) + b"]}\n"
