"""One gathering of facts: each thing is read once, within a budget of time, calls and bytes."""

from collections.abc import Callable, Hashable, Iterable
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

from watcher.adapters.kubernetes.api import ALL, KubeApi, Which
from watcher.adapters.kubernetes.reading import Objects, Reading, joined
from watcher.adapters.kubernetes.resources import Resource
from watcher.model.facts import Availability, Known, Unavailable
from watcher.model.kube import KubeObject

T = TypeVar("T")
Places: TypeAlias = tuple[str, ...] | None
"""Namespaces; None for all."""

MOST_SECONDS: Final = 60.0
MOST_CALLS: Final = 500
MOST_BYTES: Final = 256 * 1024 * 1024
ONE_BY_ONE: Final = 8
"""Up to how many things are read by themselves; beyond, one list of all of them costs less."""


class Call:
    """The reads of one gathering.

    What was read before is not read again; what the budget no longer allows is Unavailable, and
    says so.
    """

    def __init__(self, api: KubeApi, namespaces: tuple[str, ...] = ()) -> None:
        self.api = api
        self.reading = Reading(api, namespaces)
        self._known: dict[Hashable, Availability[Any]] = {}
        self._until = monotonic() + MOST_SECONDS
        self._most_calls = api.calls + MOST_CALLS
        self._most_bytes = api.bytes_read + MOST_BYTES

    def once(self, key: Hashable, read: Callable[[], Availability[T]]) -> Availability[T]:
        """What *read* gives, or gave before under the same *key*."""
        if key not in self._known:
            self._known[key] = self._spent() or read()
        return self._known[key]

    def everywhere(self, resource: Resource, which: Which = ALL) -> Objects:
        """The objects of *resource* in all namespaces."""
        return self.once((resource, None, which), lambda: self.reading.everywhere(resource, which))

    def within(self, resource: Resource, namespace: str, which: Which = ALL) -> Objects:
        """The objects of *resource* in one namespace."""
        return self.once(
            (resource, namespace, which),
            lambda: self.reading.within(resource, (namespace,), which),
        )

    def one(self, resource: Resource, namespace: str, name: str) -> Availability[KubeObject | None]:
        """One object, ``Known(None)`` when it is not there."""
        return self.once(
            (resource, namespace, name), lambda: self.reading.one(resource, namespace, name)
        )

    def _spent(self) -> Unavailable | None:
        over = [
            f"{MOST_SECONDS:g} s" * (monotonic() > self._until),
            f"{MOST_CALLS} requests" * (self.api.calls >= self._most_calls),
            f"{MOST_BYTES >> 20} MiB" * (self.api.bytes_read >= self._most_bytes),
        ]
        if not any(over):
            return None
        return Unavailable(
            f"not read, because one look may cost the API server no more than {max(over)}"
        )


class Spread:
    """Objects of one resource for many jobs, each of which needs those of its own namespaces.

    A few namespaces are listed one by one. Where they are many, or a job needs all, all are listed
    at once and told apart here; without the right to that, one by one after all.
    """

    def __init__(self, call: Call, wanted: Iterable[Places]) -> None:
        self._call = call
        named: set[str] = set()
        at_once = False
        for places in wanted:
            at_once = at_once or places is None
            named.update(places or ())
        self._at_once = at_once or len(named) > ONE_BY_ONE

    def of(self, resource: Resource, places: Places, which: Which = ALL) -> Objects:
        """The objects of *resource* in *places*."""
        if places is None:
            return self._call.everywhere(resource, which)
        if self._at_once and places:
            found = self._call.everywhere(resource, which)
            if isinstance(found, Known):
                return Known(tuple(o for o in found.value if _namespace(o) in places))
            if found.permission is None:
                return found
        return joined(self._call.within(resource, place, which) for place in sorted(set(places)))


def _namespace(resource: KubeObject) -> object:
    """As it stands in the raw object: what was read is not judged here."""
    metadata = resource.raw.get("metadata")
    return metadata.get("namespace") if isinstance(metadata, dict) else None
