"""What an API server answers instead of what was asked for, as an error that a person can act on."""

from typing import Final, TypeVar

import msgspec

from watcher import decoding
from watcher.adapters.kubernetes.resources import MONITORING, Resource
from watcher.adapters.kubernetes.transport import SOURCE, Answer
from watcher.errors import SourceUnavailable
from watcher.secrecy import clipped

T = TypeVar("T")

_LONGEST: Final = 200


class NoSuchResource(SourceUnavailable):
    """The API server does not know the resource at all: its CRD is not installed, or not served."""


class _Details(msgspec.Struct):
    name: str = ""


class _Status(msgspec.Struct):
    """The body that Kubernetes gives with every refusal of its own."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    details: _Details | None = None


def refusal(answer: Answer, resource: Resource, verb: str, namespace: str) -> SourceUnavailable:
    """The error for an *answer* that is not ok."""
    right = resource.permission(verb, namespace)
    match answer.status:
        case 401:
            reason = "the credentials are not accepted (401); renew the token or the kubeconfig"
            return SourceUnavailable(SOURCE, reason)
        case 403:
            reason = f"not allowed to {right} (403); grant it by a Role or ClusterRole"
            return SourceUnavailable(SOURCE, reason, permission=right)
        case 404:
            custom = resource.group == MONITORING
            fix = "install its CRD" if custom else "see what it serves: kubectl api-versions"
            known = f"the API server knows no {resource.qualified} ({resource.version}; 404)"
            return NoSuchResource(SOURCE, f"{known}; {fix}")
        case status:
            words = _words(answer.body)
            reason = f"could not {right}: answered {status}: {words}; see the API server's log"
            return SourceUnavailable(SOURCE, reason)


def unlike(answer: Answer, expected: str) -> SourceUnavailable:
    """The error for an answer that is ok by its code and not what was *expected* by its body."""
    reason = (
        f"expected {expected}, got {_words(answer.body)!r}; check that kubernetes.kubeconfig names "
        "an API server and no proxy's page"
    )
    return SourceUnavailable(SOURCE, reason)


def decoded(answer: Answer, shape: type[T], expected: str) -> T:
    """The body of an answer that is ok. Raises ``unlike`` when it is not of this shape."""
    try:
        return decoding.decode(answer.body, shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise unlike(answer, expected) from None


def is_missing_object(answer: Answer, name: str) -> bool:
    """Whether a 404 says that the object *name* is not there, and not that its kind is unknown.

    By the details; what stands before an API server may leave these out, but not the words.
    """
    status = _status(answer.body)
    if status is None or status.reason != "NotFound":
        return False
    if status.details is not None and status.details.name:
        return True
    return f'"{name}" not found' in status.message


def _words(body: bytes) -> str:
    status = _status(body)
    text = status.message if status and status.message else body.decode(errors="replace")
    line = clipped(text, _LONGEST + 1)
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def _status(body: bytes) -> _Status | None:
    try:
        found = decoding.decode(body, _Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.kind == "Status" else None
