"""Watch streams: the history after a version, or the state first, then what changes.

With `sendInitialEvents=true` (WatchList) the state is told as ADDED, closed by a BOOKMARK that
carries the annotation `k8s.io/initial-events-end`; client-go of Kubernetes 1.35 and later starts
with it. `watch_list=False` refuses that as servers before 1.32 do.
"""

import json
import time
from collections.abc import Iterator

from tests.kube_api.resources import Resource
from tests.kube_api.routes import Asked, Route
from tests.kube_api.selectors import Match, selector
from tests.kube_api.statuses import Refused, invalid_list_options
from tests.kube_api.store import Change, Entry, Store

_DEFAULT_SECONDS = 1800
_BOOKMARK_EVERY = 60
_IDLE = 0.5
_NOT_OLDER = "NotOlderThan"


def watch(
    store: Store, resource: Resource, route: Route, asked: Asked, *, watch_list: bool
) -> Iterator[bytes]:
    """Lines of JSON; an empty one when nothing happened for a while. Bad requests raise at once."""
    query = asked.query
    matches = selector(resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
    if route.name:
        matches = _also_named(matches, route.name)
    sends = query.get("sendInitialEvents")
    _check(sends, query.get("resourceVersionMatch", ""), watch_list=watch_list)
    version = asked.number("resourceVersion")
    stream = _Stream(store, resource, route.namespace, matches)
    return stream.lines(
        since=None if sends == "true" else version or None,
        ends_initial=sends == "true",
        bookmarks=asked.flag("allowWatchBookmarks"),
        seconds=asked.number("timeoutSeconds") or _DEFAULT_SECONDS,
    )


def _check(sends: str | None, match: str, *, watch_list: bool) -> None:
    if sends is None:
        if match:
            raise invalid_list_options(
                "resourceVersionMatch",
                "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents "
                "is provided",
            )
        return
    if match != _NOT_OLDER:
        raise invalid_list_options(
            "resourceVersionMatch",
            f"Forbidden: sendInitialEvents requires setting resourceVersionMatch to {_NOT_OLDER}",
        )
    if not watch_list:
        raise invalid_list_options(
            "sendInitialEvents",
            "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature "
            "gate is enabled",
        )


def _also_named(matches: Match | None, name: str) -> Match:
    return lambda body: body["metadata"]["name"] == name and (matches is None or matches(body))


class _Stream:
    """One watch of one client."""

    def __init__(
        self, store: Store, resource: Resource, namespace: str, matches: Match | None
    ) -> None:
        self._store = store
        self._resource = resource
        self._namespace = namespace
        self._matches = matches

    def lines(
        self, *, since: int | None, ends_initial: bool, bookmarks: bool, seconds: float
    ) -> Iterator[bytes]:
        """`since` None: tell the whole state first."""
        deadline = time.monotonic() + seconds
        bookmark_at = time.monotonic() + _BOOKMARK_EVERY
        if since is None:
            snapshot = self._store.snapshot(self._resource)
            since = snapshot.version
            for entry in snapshot.entries:
                if self._wants(entry):
                    yield _line("ADDED", entry.whole)
            if ends_initial:
                yield self._bookmark(since, {"k8s.io/initial-events-end": "true"})
        while not self._store.closed and (now := time.monotonic()) < deadline:
            try:
                changes = self._next(since, min(_IDLE, deadline - now))
            except Refused as refused:
                yield _line("ERROR", refused.answer.body)
                return
            told = [line for change in changes if (line := self._told(change))]
            since = changes[-1].version if changes else since
            yield b"".join(told)
            if bookmarks and now > bookmark_at:
                bookmark_at = now + _BOOKMARK_EVERY
                yield self._bookmark(since)
        if bookmarks and not self._store.closed:
            yield self._bookmark(since)

    def _next(self, since: int, patience: float) -> list[Change]:
        with self._store.changed:
            if self._store.version == since:
                self._store.changed.wait(patience)
            return self._store.changes_after(since)

    def _wants(self, entry: Entry | None) -> bool:
        return (
            entry is not None
            and (not self._namespace or entry.key[0] == self._namespace)
            and (self._matches is None or self._matches(entry.body))
        )

    def _told(self, change: Change) -> bytes:
        """An object that leaves the selector is told as deleted, one that enters as added."""
        if change.resource != self._resource:
            return b""
        had, has = self._wants(change.before), self._wants(change.after)
        if has and change.after is not None:
            return _line("MODIFIED" if had else "ADDED", change.after.whole)
        if had and (last := change.gone or change.after):
            return _line("DELETED", last.whole)
        return b""

    def _bookmark(self, version: int, annotations: dict[str, str] | None = None) -> bytes:
        meta: dict[str, object] = {"resourceVersion": str(version), "creationTimestamp": None}
        if annotations:
            meta["annotations"] = annotations
        body = {"kind": self._resource.kind, "apiVersion": self._resource.api_version}
        return _line("BOOKMARK", json.dumps(body | {"metadata": meta}).encode())


def _line(kind: str, whole: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + whole + b"}\n"
