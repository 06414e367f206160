"""What the API server demands of an object that is written to it, in its own words.

Known from k8s.io/apimachinery pkg/api/validation and the apiextensions API server, held against a
real server by tests/adapters/test_kube_api_contract.py. No schema is looked at.
"""

from typing import Any

from tests.kube_api.names import bad_label_key, bad_label_value, bad_name
from tests.kube_api.resources import Object, Resource
from tests.kube_api.routes import Asked
from tests.kube_api.statuses import Cause, Refused, bad_request, invalid, refuse

_SHOWN = 30


def only_tries(asked: Asked, options: str) -> bool:
    """Whether the request only asks what would come of it (`dryRun=All`)."""
    wanted = asked.query.get("dryRun", "")
    if wanted in ("", "All"):
        return bool(wanted)
    why = f'Unsupported value: ["{wanted}"]: supported values: "All"'
    raise invalid(f"{options}.meta.k8s.io", "", Cause("FieldValueNotSupported", "dryRun", why))


def check_type(resource: Resource, body: Any, sent: bytes) -> Object:
    """The object, which must say that it is of the kind and version of the path."""
    if not isinstance(body, dict) or not (body.get("kind") or not resource.custom):
        raise _unrecognized(resource, sent)
    meta = body.setdefault("metadata", {})
    if not isinstance(meta, dict):
        raise bad_request(f"the object provided is not a {resource.kind}")
    version, kind = body.get("apiVersion"), body.get("kind")
    if not resource.custom and (
        version not in (None, resource.api_version) or kind not in (None, resource.kind)
    ):
        raise bad_request(
            f'{kind} in version "{version}" cannot be handled as a {resource.kind}: it is none'
        )
    if version not in (None, resource.api_version):
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    if kind not in (None, resource.kind):
        cause = Cause(
            "FieldValueInvalid", "kind", f'Invalid value: "{kind}": must be {resource.kind}'
        )
        raise invalid(f"{kind}.{resource.group}", meta.get("name", ""), cause)
    return body


def check_new(resource: Resource, body: Object) -> None:
    """Raises what is wrong with an object that is to be made."""
    meta = body["metadata"]
    if meta.get("resourceVersion"):
        raise refuse(500, "", "resourceVersion should not be set on objects to be created")
    name = meta.get("name", "")
    wrong = []
    if not name:
        why = "Required value: name or generateName is required"
        wrong.append(Cause("FieldValueRequired", "metadata.name", why))
    elif why := bad_name(name):
        wrong.append(_value("metadata.name", name, why))
    wrong += _of_labels(meta)
    if wrong:
        raise invalid(_kind(resource), name, *wrong)


def check_change(resource: Resource, body: Object, before: Object) -> None:
    """Raises what is wrong with the next state of an object."""
    meta, old = body["metadata"], before["metadata"]
    wrong = _of_labels(meta)
    if meta.get("uid") not in (None, old["uid"]):
        wrong.append(_value("metadata.uid", meta["uid"], "field is immutable"))
    added = sorted({*(meta.get("finalizers") or ())} - {*(old.get("finalizers") or ())})
    if added and old.get("deletionTimestamp"):
        names = ", ".join(f'"{name}"' for name in added)
        why = (
            "Forbidden: no new finalizers can be added if the object is being deleted, found new "
            f"finalizers []string{{{names}}}"
        )
        wrong.append(Cause("FieldValueForbidden", "metadata.finalizers", why))
    if wrong:
        raise invalid(_kind(resource), old["name"], *wrong)


def check_version_given(resource: Resource, name: str, body: Object) -> None:
    """Raises 422 for a custom resource that is to be replaced whatever its version."""
    if resource.custom and not body["metadata"].get("resourceVersion"):
        why = "Invalid value: 0: must be specified for an update"
        cause = Cause("FieldValueInvalid", "metadata.resourceVersion", why)
        raise invalid(resource.qualified, name, cause)


def _of_labels(meta: Object) -> list[Cause]:
    labels, annotations = meta.get("labels") or {}, meta.get("annotations") or {}
    judged = [("labels", key, bad_label_key(key)) for key in labels]
    judged += [("labels", value, bad_label_value(value)) for value in labels.values()]
    judged += [("annotations", key, bad_label_key(key.lower())) for key in annotations]
    return [_value(f"metadata.{field}", text, why) for field, text, why in judged if why]


def _value(field: str, value: str, why: str) -> Cause:
    return Cause("FieldValueInvalid", field, f'Invalid value: "{value}": {why}')


def _kind(resource: Resource) -> str:
    return f"{resource.kind}.{resource.group}" if resource.group else resource.kind


def _unrecognized(resource: Resource, sent: bytes) -> Refused:
    text = sent.decode(errors="replace")
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."
    return bad_request(
        f"the object provided is unrecognized (must be of type {resource.kind}): Object 'Kind' is "
        f"missing in '{text}' ({short})"
    )
