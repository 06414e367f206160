"""The answers of the API server: `Status` bodies in the real server's own words.

The words are those of k8s.io/apimachinery pkg/api/errors; an unknown path is plain text, as the
real server's router answers it.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tests.kube_api.resources import Resource

JSON = "application/json"
FORMS = (JSON, "application/yaml", "application/vnd.kubernetes.protobuf")
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
    """The body of a failure; `code` is in the body and on the status line; some give no reason."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    body |= {"message": message, **({"reason": reason} if reason else {}), **extra}
    if details is not None:
        body["details"] = details
    return body | {"code": code}


def refuse(
    code: int, reason: str, message: str, details: dict[str, Any] | None = None, **extra: Any
) -> Refused:
    return Refused(ok(status(code, reason, message, details, **extra), code))


def no_such_path() -> Refused:
    return Refused(Answer(404, b"404 page not found\n", TEXT))


def no_such_resource() -> Refused:
    """What a built-in group says of a version, kind or subresource that it has not."""
    message = "the server could not find the requested resource"
    return refuse(404, "NotFound", message, {})


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


def not_supported(verb: str, resource: Resource) -> Refused:
    """A verb that the resource has not, though others it has."""
    message = f'{verb} is not supported on resources of kind "{resource.qualified}"'
    return refuse(405, "MethodNotAllowed", message, details_of(resource))


def not_acceptable() -> Refused:
    """None of the forms that the caller takes can be had."""
    message = f"only the following media types are accepted: {', '.join(FORMS)}"
    return refuse(406, "NotAcceptable", message)


def unsupported_media_type(*accepted: str) -> Refused:
    """A body of a form that is not known; *accepted* are those that are."""
    message = (
        f"the body of the request was in an unknown format - accepted media types include: "
        f"{', '.join(accepted)}"
    )
    return refuse(415, "UnsupportedMediaType", message)


def patch_refused() -> Refused:
    """A JSON patch that does not apply: the real server does not say which operation failed."""
    message = "the server rejected our request due to an error in our request"
    return refuse(422, "Invalid", message, {})


def expired(message: str) -> Refused:
    return refuse(410, "Expired", message)


def too_large_version(asked: int, current: int) -> Refused:
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    details = {"causes": [cause], "retryAfterSeconds": 1}
    answer = ok(status(504, "Timeout", message, details), 504)
    return Refused(replace(answer, headers={"Retry-After": "1"}))


class Cause(NamedTuple):
    """One thing that is wrong with an object, or with what was asked for."""

    reason: str
    field: str
    message: str


def invalid(kind: str, name: str, *causes: Cause) -> Refused:
    """422 for an object of *kind* (`ServiceMonitor.monitoring.coreos.com`), all causes at once."""
    told = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    words = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    message = f'{kind} "{name}" is invalid: {words}'
    short, _, group = kind.partition(".")
    details = {"name": name, "group": group, "kind": short}
    details = {key: value for key, value in details.items() if value}
    return refuse(
        422, "Invalid", message, details | {"causes": [cause._asdict() for cause in causes]}
    )


def details_of(resource: Resource, name: str = "") -> dict[str, Any]:
    details = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in details.items() if value}
