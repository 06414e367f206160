"""Lists of the Kubernetes API that are read once, and from then on only what changes in them.

So the cluster can be looked at as often as the servers are, at a fraction of what lists cost.
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeAlias

from watcher.adapters.kubernetes.api import ALL, KubeApi, NoSuchResource, Which
from watcher.adapters.kubernetes.changes import Change
from watcher.adapters.kubernetes.pages import Listed
from watcher.adapters.kubernetes.resources import Resource
from watcher.errors import SourceUnavailable
from watcher.model.kube import JSON, JSONObject, KubeObject

logger = logging.getLogger(__name__)

ASKED_AT_ONCE: Final = 16
"""More than there are lists where all namespaces may be read; each waits a second by itself."""

Key: TypeAlias = tuple[Resource, str, Which]
Place: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class _Kept:
    """One list: what is in it at *version*, or why it is not known any more."""

    objects: dict[Place, KubeObject]
    version: str
    error: SourceUnavailable | None = None
    is_followed: bool = True


class FollowedLists:
    """Stands before a KubeApi with its ``list`` and ``get``. Safe among threads.

    A list is asked for whole when it is wanted for the first time or after ``forget``; ``catch_up``
    brings all of them up to date.
    """

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._kept: dict[Key, _Kept] = {}
        self._failed: set[Key] = set()
        self._is_forgotten = False

    def list(
        self, resource: Resource, namespace: str = "", which: Which = ALL
    ) -> tuple[KubeObject, ...]:
        """As ``KubeApi.list``, of what is known since the last ``catch_up``."""
        key = (resource, namespace, which)
        kept = self._kept.get(key) or self._whole(key)
        if kept.error is not None:
            raise kept.error
        return tuple(kept.objects.values())

    def get(self, resource: Resource, namespace: str, name: str) -> KubeObject | None:
        """As ``KubeApi.get``: asked for each time."""
        return self._api.get(resource, namespace, name)

    def forget(self) -> None:
        """Read every list whole when it is asked for again."""
        self._kept = {}
        self._failed = set()
        self._is_forgotten = True  # what changed is in the new lists, for whoever had the old ones

    def catch_up(self) -> bool:
        """Ask what changed; answer whether anything did.

        True too after ``forget``, where a list can or cannot be read now other than before, and where it could not be
        read for a reason that may pass. A list whose changes may not be asked for (the verb
        ``watch``) stays as it is until ``forget``.
        """
        again = bool(self._failed) or self._is_forgotten
        self._failed, self._is_forgotten = set(), False
        kept = tuple(self._kept.items())
        with ThreadPoolExecutor(max_workers=ASKED_AT_ONCE) as pool:
            changed = tuple(pool.map(lambda each: self._follow(*each), kept))
        return again or any(changed)

    def _whole(self, key: Key) -> _Kept:
        try:
            kept = _kept(self._api.listed(*key))
        except SourceUnavailable as error:
            if error.permission is None and not isinstance(error, NoSuchResource):
                self._failed.add(key)
            raise
        self._kept[key] = kept
        return kept

    def _follow(self, key: Key, kept: _Kept) -> bool:
        if not kept.is_followed:
            return False
        try:
            changes = self._api.changes(*key, kept.version) if kept.version else None
            if changes is None:
                self._kept[key] = _kept(self._api.listed(*key))
                return True
        except SourceUnavailable as error:
            return self._failing(kept, error)
        was_lost, kept.error, kept.version = kept.error is not None, None, changes.version
        return _applied(kept.objects, changes.changes) or was_lost

    def _failing(self, kept: _Kept, error: SourceUnavailable) -> bool:
        if error.permission is not None:
            kept.is_followed = False
            logger.warning(
                "no right to %s: its changes are seen only once per snapshot_interval",
                error.permission,
            )
            return False
        is_new = kept.error is None
        kept.error = error
        return is_new


def place(resource: KubeObject) -> Place:
    """Namespace and name as they are in the raw object: what was read is not judged here."""
    metadata = resource.raw.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else {}
    return str(known.get("namespace")), str(known.get("name"))


def _kept(listed: Listed) -> _Kept:
    return _Kept({place(each): each for each in listed.objects}, listed.version)


def _applied(objects: dict[Place, KubeObject], changes: Sequence[Change]) -> bool:
    """Put *changes* into *objects*; whether that made a difference but for a version."""
    differs = False
    for change in changes:
        key = place(change.resource)
        before = objects.get(key)
        if change.is_gone:
            objects.pop(key, None)
            differs = differs or before is not None
        else:
            objects[key] = change.resource
            differs = differs or before is None or _told(before) != _told(change.resource)
    return differs


def _told(resource: KubeObject) -> tuple[Mapping[str, JSON], JSONObject]:
    """What an object says, without which write it was."""
    metadata = resource.raw.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else {}
    passing = {"resourceVersion", "managedFields"}
    return {k: v for k, v in known.items() if k not in passing}, {
        k: v for k, v in resource.raw.items() if k != "metadata"
    }
