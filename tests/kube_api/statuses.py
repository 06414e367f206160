"""The answers of the API server: `Status` bodies in the real server's own words.

The words are those of k8s.io/apimachinery pkg/api/errors; an unknown path is plain text, as the
real server's router answers it.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.kube_api.resources import Resource

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """One complete answer over HTTP."""

    code: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - an answer, not a fault of the server
    """What the server answers instead of what was asked for."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.code}: {answer.body[:200]!r}")
        self.answer = answer


def ok(body: Any, code: int = 200) -> Answer:
    return Answer(code, json.dumps(body, separators=(",", ":")).encode())


def status(
    code: int, reason: str, message: str, details: dict[str, Any] | None = None, **extra: Any
) -> dict[str, Any]:
    """The body of a failure; `code` is in the body and on the status line."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    body |= {"message": message, "reason": reason} | extra
    if details is not None:
        body["details"] = details
    return body | {"code": code}


def refuse(
    code: int, reason: str, message: str, details: dict[str, Any] | None = None, **extra: Any
) -> Refused:
    return Refused(ok(status(code, reason, message, details, **extra), code))


def no_such_path() -> Refused:
    return Refused(Answer(404, b"404 page not found\n", TEXT))


def unauthorized() -> Refused:
    return refuse(401, "Unauthorized", "Unauthorized")


def bad_request(message: str) -> Refused:
    return refuse(400, "BadRequest", message)


def not_found(resource: Resource, name: str) -> Refused:
    message = f'{resource.qualified} "{name}" not found'
    return refuse(404, "NotFound", message, details_of(resource, name))


def already_exists(resource: Resource, name: str) -> Refused:
    message = f'{resource.qualified} "{name}" already exists'
    return refuse(409, "AlreadyExists", message, details_of(resource, name))


def conflict(resource: Resource, name: str) -> Refused:
    message = (
        f'Operation cannot be fulfilled on {resource.qualified} "{name}": the object has been '
        "modified; please apply your changes to the latest version and try again"
    )
    return refuse(409, "Conflict", message, details_of(resource, name))


def method_not_allowed() -> Refused:
    message = "the server does not allow this method on the requested resource"
    return refuse(405, "MethodNotAllowed", message, {})


def unsupported_media_type(given: str, accepted: tuple[str, ...]) -> Refused:
    message = (
        f"the body of the request was in an unknown format - accepted media types include: "
        f"{', '.join(accepted)}"
    )
    return refuse(415, "UnsupportedMediaType", message, {"given": given} if given else {})


def patch_refused() -> Refused:
    """A JSON patch that does not apply: the real server does not say which operation failed."""
    message = "the server rejected our request due to an error in our request"
    return refuse(422, "Invalid", message, {})


def expired(message: str) -> Refused:
    return refuse(410, "Expired", message)


def too_large_version(asked: int, current: int) -> Refused:
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    return refuse(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})


def invalid_list_options(field_path: str, message: str) -> Refused:
    cause = {"reason": "FieldValueForbidden", "message": message, "field": field_path}
    return refuse(
        422,
        "Invalid",
        f'ListOptions.meta.k8s.io "" is invalid: {field_path}: {message}',
        {"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause]},
    )


def details_of(resource: Resource, name: str = "") -> dict[str, Any]:
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in details.items() if value}
