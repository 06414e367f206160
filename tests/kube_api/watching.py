"""Watch streams: the history after a version, or the state first, then what changes.

With `sendInitialEvents=true` (WatchList) the state is told as ADDED, closed by a BOOKMARK that
carries the annotation `k8s.io/initial-events-end`; client-go of Kubernetes 1.35 and later starts
with it. `watch_list=False` refuses that as servers before 1.32 do. A bookmark is told only where it
is newer than all that was told before.
"""

import json
import time
from collections.abc import Iterator

from tests.kube_api.list_options import check_watch
from tests.kube_api.resources import Resource
from tests.kube_api.routes import Asked, Route
from tests.kube_api.selectors import Match, selector
from tests.kube_api.statuses import Refused
from tests.kube_api.store import Change, Entry, Store

_DEFAULT_SECONDS = 1800
_BOOKMARK_EVERY = 60
_IDLE = 0.5


def watch(
    store: Store, resource: Resource, route: Route, asked: Asked, *, watch_list: bool
) -> Iterator[bytes]:
    """Lines of JSON; an empty one when nothing happened for a while. Bad requests raise at once."""
    query = asked.query
    check_watch(asked, watch_list=watch_list)
    matches = selector(resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
    since = asked.version or None
    if "sendInitialEvents" in query:
        since = None if asked.flag("sendInitialEvents") else since or store.version
    return _Stream(store, resource, route.namespace, matches).lines(
        since=since,
        bookmarks=asked.flag("allowWatchBookmarks"),
        seconds=asked.number("timeoutSeconds") or _DEFAULT_SECONDS,
    )


class _Stream:
    """One watch of one client."""

    def __init__(
        self, store: Store, resource: Resource, namespace: str, matches: Match | None
    ) -> None:
        self._store = store
        self._resource = resource
        self._namespace = namespace
        self._matches = matches

    def lines(self, *, since: int | None, bookmarks: bool, seconds: float) -> Iterator[bytes]:
        """`since` None: tell the whole state first."""
        deadline = time.monotonic() + seconds
        bookmark_at = time.monotonic() + _BOOKMARK_EVERY
        if since is None:
            snapshot = self._store.snapshot(self._resource)
            since = snapshot.version
            for entry in snapshot.entries:
                if self._wants(entry):
                    yield _line("ADDED", entry.whole)
            if bookmarks:
                yield self._bookmark(since, {"k8s.io/initial-events-end": "true"})
        known = max(since, self._store.version)
        while not self._store.closed and (now := time.monotonic()) < deadline:
            try:
                changes = self._next(since, min(_IDLE, deadline - now))
            except Refused as refused:
                yield _line("ERROR", refused.answer.body)
                return
            told = [(change.version, line) for change in changes if (line := self._told(change))]
            since = changes[-1].version if changes else since
            known = max(known, told[-1][0]) if told else known
            yield b"".join(line for _, line in told)
            if bookmarks and now > bookmark_at and since > known:
                bookmark_at, known = now + _BOOKMARK_EVERY, since
                yield self._bookmark(since)
        if bookmarks and since > known and not self._store.closed:
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
        """An object that leaves the selector is told as deleted, one that enters as added.

        What is deleted is told as it was last, at the version of its end.
        """
        if change.resource != self._resource:
            return b""
        had, has = self._wants(change.before), self._wants(change.after)
        if has and change.after is not None:
            return _line("MODIFIED" if had else "ADDED", change.after.whole)
        if had and change.before is not None:
            return _line("DELETED", change.before.at(change.version))
        return b""

    def _bookmark(self, version: int, annotations: dict[str, str] | None = None) -> bytes:
        meta: dict[str, object] = {"resourceVersion": str(version)}
        if annotations:
            meta["annotations"] = annotations
        body = {"kind": self._resource.kind, "apiVersion": self._resource.api_version}
        return _line("BOOKMARK", json.dumps(body | {"metadata": meta}).encode())


def _line(kind: str, whole: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + whole + b"}\n"
