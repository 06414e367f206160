"""Lists of the Kubernetes API, page by page: all of it, or an error."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

import msgspec

from watcher import decoding
from watcher.adapters.kubernetes.failures import decoded, refusal, unlike
from watcher.adapters.kubernetes.resources import Resource
from watcher.adapters.kubernetes.transport import SOURCE, Answer, Transport
from watcher.errors import SourceUnavailable
from watcher.model.kube import KubeObject

PAGE_SIZE: Final = 500
ATTEMPTS: Final = 3
MOST_PAGES: Final = 4_000
"""Two million objects: what continues after that is no list."""
_GONE: Final = 410


class ManagedFields(StrEnum):
    """How much of ``metadata.managedFields``, often half of an object, is kept.

    None of it; who changed the object and when; or also which fields they own.
    """

    NONE = "none"
    WHO = "who"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which objects of a list, by selectors as the API takes them, and how much of each.

    *parts* are the top-level fields that are kept, beside name, namespace and labels; None keeps
    everything. Of ten thousand objects what is not kept should not even be decoded. *keeps* chooses
    where the API has no selector, *trims* leaves of each what is needed where that lies deeper;
    what they leave out is held no longer than it takes to ask.
    """

    labels: str = ""
    fields: str = ""
    managed_fields: ManagedFields = ManagedFields.NONE
    parts: tuple[str, ...] | None = None
    keeps: Callable[[KubeObject], bool] | None = None
    trims: Callable[[KubeObject], KubeObject] | None = None


ALL: Final = Which()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A whole list, and the *version* of the API server's memory that it is of."""

    objects: tuple[KubeObject, ...]
    version: str


class _Meta(msgspec.Struct):
    next_page: str | None = msgspec.field(name="continue", default=None)
    version: str = msgspec.field(name="resourceVersion", default="")


class _Page(msgspec.Struct):
    items: list[msgspec.Raw] | None  # needed: a stray `{}` of some proxy is no empty list
    kind: str = "List"
    metadata: _Meta | None = None


class Pages:
    """The list of one resource, of one namespace or of all."""

    def __init__(
        self, transport: Transport, resource: Resource, namespace: str, which: Which
    ) -> None:
        self._transport = transport
        self._resource = resource
        self._namespace = namespace
        self._query = {"limit": str(PAGE_SIZE)} | selecting(which)
        self._which = which
        self._keeps = which.keeps or (lambda _: True)

    def all(self) -> Listed:
        """Every object. Raises SourceUnavailable rather than give half a list for the whole.

        The first page is asked of the API server's cache (``resourceVersion=0``), which most
        versions answer with the whole list at once. A list that expires between its pages
        (410 Gone) is begun again, a few times.
        """
        for _ in range(ATTEMPTS):
            found = self._walk()
            if found is not None:
                return found
        raise SourceUnavailable(
            SOURCE,
            f"the list of {self._resource.qualified} expired between its pages {ATTEMPTS} times "
            "in a row; see whether the API server is overloaded",
        )

    def _walk(self) -> Listed | None:
        found: list[KubeObject] = []
        version = ""
        asked = {**self._query, "resourceVersion": "0"}
        seen: set[str] = set()
        while True:
            answer = self._transport.ask(self._resource.path(self._namespace), asked)
            if answer.status == _GONE:
                return None
            page = self._page(answer)
            try:
                items = (completed(raw, self._resource, self._which) for raw in page.items or ())
                found += filter(self._keeps, items)
            except (msgspec.DecodeError, UnicodeDecodeError):
                raise unlike(answer, f"a list of {self._resource.qualified}") from None
            meta = page.metadata or _Meta()
            version = version or meta.version  # later pages may be said to be of a younger one
            token = meta.next_page
            if not token:
                return Listed(objects=tuple(found), version=version)
            if token in seen or len(seen) >= MOST_PAGES:
                raise unlike(answer, f"an end of the list of {self._resource.qualified}")
            seen.add(token)
            asked = {**self._query, "continue": token}

    def _page(self, answer: Answer) -> _Page:
        if not answer.ok:
            raise refusal(answer, self._resource, "list", self._namespace)
        expected = f"a list of {self._resource.qualified}"
        page = decoded(answer, _Page, expected)
        if not page.kind.endswith("List"):
            raise unlike(answer, expected)
        return page


def selecting(which: Which) -> dict[str, str]:
    """The part of a query that says *which* objects."""
    query = {"labelSelector": which.labels, "fieldSelector": which.fields}
    return {key: value for key, value in query.items() if value}


def completed(raw: msgspec.Raw, resource: Resource, which: Which) -> KubeObject:
    """One object, as much of it as is kept, with the kind that lists leave out."""
    item = _whole(raw) if which.parts is None else _sketched(raw, which.parts)
    item |= {"kind": resource.kind, "apiVersion": resource.api_version}
    metadata = item.get("metadata")
    if isinstance(metadata, dict):
        _slim(metadata, which.managed_fields)
    return KubeObject(item) if which.trims is None else which.trims(KubeObject(item))


def _whole(raw: msgspec.Raw) -> dict[str, Any]:
    return decoding.decode(raw, dict[str, Any])


class _Names(msgspec.Struct):
    """What every object is known by, whatever types it has: these are judged elsewhere."""

    name: Any = None
    namespace: Any = None
    labels: Any = None


@cache
def _sketch(parts: tuple[str, ...]) -> type[msgspec.Struct]:
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [("metadata", _Names)]
    fields += [(part, Any, None) for part in parts]
    return msgspec.defstruct("Sketch", fields)


def _sketched(raw: msgspec.Raw, parts: tuple[str, ...]) -> dict[str, Any]:
    """Only the *parts* of an object; one of another form is given whole, to be named as such."""
    try:
        found: Any = decoding.decode(raw, _sketch(parts))
    except msgspec.ValidationError:
        return _whole(raw)
    item = {part: value for part in parts if (value := getattr(found, part)) is not None}
    names = found.metadata
    metadata = {"name": names.name, "namespace": names.namespace, "labels": names.labels}
    item["metadata"] = {key: value for key, value in metadata.items() if value is not None}
    return item


def _slim(metadata: dict[str, Any], kept: ManagedFields) -> None:
    match kept:
        case ManagedFields.ALL:
            return
        case ManagedFields.NONE:
            metadata.pop("managedFields", None)
        case ManagedFields.WHO:
            entries = metadata.get("managedFields")
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    entry.pop("fieldsV1", None)
