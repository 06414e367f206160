"""The objects of the local API server: versions, snapshots and the history that watches follow.

Every change takes the next resourceVersion of the one counter, as etcd's revision. Entries are
immutable and encoded once, so that a page of five hundred is a join of bytes.
"""

import json
import threading
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.kube_api.resources import Object, Resource
from tests.kube_api.statuses import expired, too_large_version

KEPT_EVENTS = 50_000
KEPT_SNAPSHOTS = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """An object at one version. `item` is how it stands in a list, `whole` how it stands alone."""

    key: tuple[str, str]  # namespace ("" for cluster scope), name
    version: int
    body: Object
    item: bytes
    whole: bytes

    def at(self, version: int) -> bytes:
        """The whole object, as if of another version."""
        meta = self.body["metadata"] | {"resourceVersion": str(version)}
        return _encoded(self.body | {"metadata": meta})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All objects of one resource at one version, in the order of etcd's keys."""

    version: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the history. `before` is None for a creation, `after` for a deletion."""

    version: int
    resource: Resource
    before: Entry | None
    after: Entry | None


class Store:
    """Thread safe; `changed` wakes the watches."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.version = 1000
        self.closed = False
        self._objects: dict[Resource, dict[tuple[str, str], Entry]] = {}
        self._snapshots: OrderedDict[tuple[Resource, int], Snapshot] = OrderedDict()
        self._current: dict[Resource, tuple[Entry, ...]] = {}
        self._history: list[Change] = []
        self._floor = self.version  # changes up to here can no longer be told

    def get(self, resource: Resource, namespace: str, name: str) -> Entry | None:
        with self.changed:
            return self._objects.get(resource, {}).get((namespace, name))

    def put(self, resource: Resource, body: Object) -> Entry:
        """Keep `body` as the newest version of its object; it is changed to carry that version."""
        with self.changed:
            self.version += 1
            entry = _entry(resource, body, self.version)
            kept = self._objects.setdefault(resource, {})
            before = kept.get(entry.key)
            kept[entry.key] = entry
            self._tell(Change(self.version, resource, before, entry))
            return entry

    def remove(self, resource: Resource, namespace: str, name: str) -> Entry | None:
        with self.changed:
            before = self._objects.get(resource, {}).pop((namespace, name), None)
            if before is None:
                return None
            self.version += 1
            self._tell(Change(self.version, resource, before, None))
            return before

    def snapshot(self, resource: Resource) -> Snapshot:
        with self.changed:
            entries = self._current.get(resource)
            if entries is None:
                kept = self._objects.get(resource, {})
                entries = self._current[resource] = tuple(kept[key] for key in sorted(kept))
            return Snapshot(self.version, entries)

    def keep(self, resource: Resource, snapshot: Snapshot) -> None:
        """Keep a list for the pages that are still to be cut from it."""
        with self.changed:
            self._snapshots[(resource, snapshot.version)] = snapshot
            while len(self._snapshots) > KEPT_SNAPSHOTS:
                self._snapshots.popitem(last=False)

    def snapshot_at(self, resource: Resource, version: int) -> Snapshot | None:
        """The list as it was at `version`; None when it is not kept (compacted)."""
        with self.changed:
            self.check_not_newer(version)
            if version == self.version:
                return self.snapshot(resource)
            return self._snapshots.get((resource, version))

    def check_not_newer(self, version: int | None) -> None:
        """A version that is still to come is 504, as on a real server that has waited for it."""
        if version is not None and version > self.version:
            raise too_large_version(version, self.version)

    def changes_after(self, version: int) -> list[Change]:
        """The history since `version`; 410 when it does not reach back so far."""
        with self.changed:
            if version < self._floor:
                raise expired(f"too old resource version: {version} ({self._floor})")
            return self._history[bisect_right(self._history, version, key=lambda c: c.version) :]

    def compact(self) -> None:
        """Forget the history and the old lists, as etcd does every five minutes."""
        with self.changed:
            self._history.clear()
            self._snapshots.clear()
            self._floor = self.version

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _tell(self, change: Change) -> None:
        self._current.pop(change.resource, None)
        self._history.append(change)
        if len(self._history) > KEPT_EVENTS:
            half = len(self._history) // 2
            self._floor = self._history[half - 1].version
            del self._history[:half]
        self.changed.notify_all()


def copied(body: Any) -> Any:
    """A deep copy of what is JSON; times, as YAML reads them unquoted, become RFC 3339."""
    return json.loads(json.dumps(body, default=_told))


def _told(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    raise TypeError(f"{value!r} is not JSON")


def _entry(resource: Resource, body: Object, version: int) -> Entry:
    body["metadata"]["resourceVersion"] = str(version)
    named = {"kind": resource.kind, "apiVersion": resource.api_version}
    rest = {key: value for key, value in body.items() if key not in named}
    whole = _encoded(named | rest)
    meta = body["metadata"]
    # Lists of built-in types leave kind and apiVersion out of their items; custom resources do not.
    item = whole if resource.custom else _encoded(rest)
    return Entry((meta.get("namespace", ""), meta["name"]), version, body, item, whole)


def _encoded(body: Object) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
