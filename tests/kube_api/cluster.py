"""The cluster behind the API: writing an object with all that the control plane then does.

That is little: ControllerRevisions of StatefulSets, both faces of Events, and what is served as
CustomResourceDefinitions come and go. Nothing schedules or reconciles, and of what an object owns
only a StatefulSet's revisions go with it.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from tests.kube_api import revisions
from tests.kube_api.events import completed_event, other_face
from tests.kube_api.objects import completed, unchanged
from tests.kube_api.resources import (
    DEFINITIONS,
    EVENTS,
    NAMESPACES,
    NEW_EVENTS,
    RESOURCES,
    REVISIONS,
    STATEFUL_SETS,
    Object,
    Resource,
    definition_of,
)
from tests.kube_api.store import Entry, Store, copied

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Cluster:
    """Objects and the few controllers that tests need; thread safe by the store's lock."""

    def __init__(self, clock: Clock = wall_clock, *, make_revisions: bool = True) -> None:
        self.store = Store()
        self.make_revisions = make_revisions
        self.now = clock
        for name in ("default", "kube-system"):
            self.write(NAMESPACES, {"metadata": {"name": name}})
        for resource in RESOURCES:
            if resource.custom:
                self.write(DEFINITIONS, definition_of(resource))

    def serves(self, resource: Resource) -> bool:
        return not resource.custom or self._defined(resource)

    def write(self, resource: Resource, given: Object) -> Entry:
        """Create or replace; the whole object is taken as given, status and managedFields too."""
        with self.store.changed:
            meta = given.get("metadata", {})
            namespace = meta.get("namespace", "default") if resource.namespaced else ""
            before = self.store.get(resource, namespace, meta.get("name", ""))
            body = completed(resource, given, before.body if before else None, self.now())
            if resource in (EVENTS, NEW_EVENTS):
                completed_event(body)
            if resource == STATEFUL_SETS and self.make_revisions:
                self._revise(body)
            if before and unchanged(body, before.body):
                return before
            if resource in (EVENTS, NEW_EVENTS):
                self.store.put(*other_face(resource, copied(body)))
            return self.store.put(resource, body)

    def tried(self, resource: Resource, given: Object, before: Entry | None) -> bytes:
        """The object that `given` would become, which is not kept; its version is that of before."""
        body = completed(resource, given, before.body if before else None, self.now())
        body["metadata"].pop("resourceVersion", None)
        if before is not None:
            body["metadata"]["resourceVersion"] = str(before.version)
        return json.dumps(body, separators=(",", ":")).encode()

    def remove(self, resource: Resource, namespace: str, name: str) -> Entry | None:
        with self.store.changed:
            gone = self.store.remove(resource, namespace, name)
            if gone and resource in (EVENTS, NEW_EVENTS):
                self.store.remove(NEW_EVENTS if resource == EVENTS else EVENTS, namespace, name)
            if gone and resource == STATEFUL_SETS:
                for revision in self._revisions_of(gone.body):
                    self.store.remove(REVISIONS, namespace, revision["metadata"]["name"])
            if gone and resource == DEFINITIONS:
                self._remove_all_of(name)
            return gone

    def _defined(self, resource: Resource) -> bool:
        return self.store.get(DEFINITIONS, "", resource.qualified) is not None

    def _remove_all_of(self, definition: str) -> None:
        for resource in RESOURCES:
            if resource.custom and resource.qualified == definition:
                for entry in self.store.snapshot(resource).entries:
                    self.store.remove(resource, *entry.key)

    def _revisions_of(self, stateful_set: Object) -> list[Object]:
        entries = self.store.snapshot(REVISIONS).entries
        return [e.body for e in entries if revisions.belongs(e.body, stateful_set)]

    def _revise(self, stateful_set: Object) -> None:
        mine = self._revisions_of(stateful_set)
        revision = revisions.next_revision(stateful_set, mine)
        if revision is not None:
            written = self.write(REVISIONS, revision).body
            mine = [r for r in mine if r["metadata"]["name"] != written["metadata"]["name"]]
            mine.append(written)
        for old in revisions.surplus(stateful_set, mine):
            meta = old["metadata"]
            self.store.remove(REVISIONS, meta["namespace"], meta["name"])
        name = revisions.name_of(stateful_set)
        status = stateful_set.setdefault("status", {})
        status["observedGeneration"] = stateful_set["metadata"]["generation"]
        status["updateRevision"] = status["currentRevision"] = name
