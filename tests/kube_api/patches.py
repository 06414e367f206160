"""JSON patch (RFC 6902) and JSON merge patch (RFC 7386), as far as the API server takes them."""

import json
from typing import Any

from tests.kube_api.statuses import bad_request, patch_refused
from tests.kube_api.store import copied

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
_OPERATIONS = ("test", "add", "replace", "remove", "move", "copy")


def json_patched(body: Any, operations: Any) -> Any:
    """All operations or none: one that does not apply, or a `test` that fails, answers 422."""
    if not isinstance(operations, list):
        raise _undecoded(operations, "[]handlers.jsonPatchOp")
    patched = copied(body)
    for operation in operations:
        _check(operation)
        try:
            patched = _applied(patched, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise patch_refused() from error
    return patched


def merged(body: Any, patch: Any) -> Any:
    """Null removes, objects merge, everything else (lists too) replaces."""
    if not isinstance(patch, dict):
        raise _undecoded(patch, "map[string]interface {}")
    return _merged(body, patch)


def _merged(body: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(body) if isinstance(body, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _undecoded(patch: Any, wanted: str) -> Exception:
    kinds = {dict: "object", list: "array", str: "string", bool: "bool"}
    given = kinds.get(type(patch), "number")
    return bad_request(
        f"error decoding patch: json: cannot unmarshal {given} into Go value of type {wanted}"
    )


def _check(operation: dict[str, Any]) -> None:
    why = ""
    if "path" not in operation:
        why = "failed to decode 'path': operation missing path field: missing value"
    elif operation.get("op") not in _OPERATIONS:
        why = "unsupported operation"
    if why:
        told = json.dumps(operation, separators=(",", ":"), sort_keys=True)
        raise bad_request(f"invalid operation {told}: {why}")


def _applied(body: Any, operation: dict[str, Any]) -> Any:
    path = _keys(operation["path"])
    match operation["op"]:
        case "test":
            if _value(body, path) != operation.get("value"):
                raise ValueError(operation["path"])
        case "add":
            _add(body, path, operation["value"])
        case "replace":
            _remove(body, path)
            _add(body, path, operation["value"])
        case "remove":
            _remove(body, path)
        case "move":
            source = _keys(operation["from"])
            value = _at(body, source)
            _remove(body, source)
            _add(body, path, value)
        case "copy":
            _add(body, path, copied(_at(body, _keys(operation["from"]))))
        case _:
            pass
    return body


def _keys(pointer: str) -> list[str]:
    if not pointer.startswith("/"):
        raise ValueError(pointer)
    return [key.replace("~1", "/").replace("~0", "~") for key in pointer[1:].split("/")]


def _at(body: Any, keys: list[str]) -> Any:
    for key in keys:
        body = body[_index(key)] if isinstance(body, list) else body[key]
    return body


def _value(body: Any, keys: list[str]) -> Any:
    """What a `test` compares: a key that is not there is as good as null, a place is not."""
    parent, last = _at(body, keys[:-1]), keys[-1]
    return parent.get(last) if isinstance(parent, dict) else _at(parent, [last])


def _add(body: Any, keys: list[str], value: Any) -> None:
    parent, last = _at(body, keys[:-1]), keys[-1]
    if not isinstance(parent, list):
        parent[last] = value
        return
    index = len(parent) if last == "-" else _index(last)
    if index > len(parent):
        raise IndexError(last)
    parent.insert(index, value)


def _remove(body: Any, keys: list[str]) -> None:
    """A number below none counts from the end."""
    parent, last = _at(body, keys[:-1]), keys[-1]
    if isinstance(parent, list):
        del parent[int(last) if last.startswith("-") else _index(last)]
    else:
        del parent[last]


def _index(key: str) -> int:
    if not key.isdigit():
        raise ValueError(key)
    return int(key)
