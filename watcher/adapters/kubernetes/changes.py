"""What changed in a list of the Kubernetes API since it was read, asked for by a short watch."""

from dataclasses import dataclass
from typing import Final

import msgspec

from watcher import decoding
from watcher.adapters.kubernetes.failures import refusal, unlike
from watcher.adapters.kubernetes.pages import Which, completed, selecting
from watcher.adapters.kubernetes.resources import Resource
from watcher.adapters.kubernetes.transport import Answer, Transport
from watcher.model.kube import KubeObject

SECONDS: Final = 1
"""How long the API server keeps such a watch open: the least that it takes."""

_GONE: Final = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One object as it is now, or as it was last where it *is_gone*."""

    resource: KubeObject
    is_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What happened up to *version*, the earliest first."""

    version: str
    changes: tuple[Change, ...] = ()


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _Object(msgspec.Struct):
    metadata: _Meta
    code: int = 0


class _Event(msgspec.Struct):
    kind: str = msgspec.field(name="type")
    resource: msgspec.Raw = msgspec.field(name="object")


def changes_since(
    transport: Transport, resource: Resource, namespace: str, which: Which, version: str
) -> Changes | None:
    """The changes after *version*; None where the API server remembers no longer that far back.

    A watch of one second (``timeoutSeconds=1``), which the API server ends by itself: no stream
    has to be kept, and what did not change costs a few bytes. Raises SourceUnavailable.
    """
    asked = {
        **selecting(which),
        "watch": "true",
        "allowWatchBookmarks": "true",
        "resourceVersion": version,
        "timeoutSeconds": str(SECONDS),
    }
    answer = transport.ask(resource.path(namespace), asked)
    if answer.status == _GONE:
        return None
    if not answer.ok:
        raise refusal(answer, resource, "watch", namespace)
    try:
        return _read(answer, resource, which, version)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise unlike(answer, f"changes of {resource.qualified}") from None


def _read(answer: Answer, resource: Resource, which: Which, version: str) -> Changes | None:
    found: list[Change] = []
    for line in answer.body.splitlines():
        event = decoding.decode(line, _Event)
        about = decoding.decode(event.resource, _Object)
        match event.kind:
            case "ERROR" if about.code == _GONE:
                return None
            case "BOOKMARK":
                pass
            case "ADDED" | "MODIFIED" | "DELETED":
                item = completed(event.resource, resource, which)
                left = event.kind == "DELETED" or not (which.keeps is None or which.keeps(item))
                found.append(Change(resource=item, is_gone=left))
            case _:
                raise unlike(answer, f"changes of {resource.qualified}")
        version = about.metadata.resource_version or version
    return Changes(version=version, changes=tuple(found))
