"""What a list or a watch may ask for together; 422 names at once all that it may not.

Known from k8s.io/apimachinery pkg/apis/meta/internalversion/validation, held against a real server
by tests/adapters/test_kube_api_contract.py.
"""

from tests.kube_api.routes import Asked
from tests.kube_api.statuses import Cause, invalid

_EXACT, _NOT_OLDER = "Exact", "NotOlderThan"
_MATCH, _SENDS = "resourceVersionMatch", "sendInitialEvents"


def check_list(asked: Asked) -> None:
    """Raises 422 for a list that may not be asked for so."""
    match, version = asked.query.get(_MATCH, ""), asked.query.get("resourceVersion", "")
    wrong = []
    if match and not version:
        wrong.append(
            _forbidden(_MATCH, f"{_MATCH} is forbidden unless resourceVersion is provided")
        )
    if match and asked.query.get("continue"):
        wrong.append(_forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided"))
    if match not in ("", _EXACT, _NOT_OLDER):
        wrong.append(_unsupported(match, _EXACT, _NOT_OLDER, ""))
    if (match, version) == (_EXACT, "0"):
        wrong.append(_forbidden(_MATCH, f'{_MATCH} "exact" is forbidden for resourceVersion "0"'))
    if asked.query.get(_SENDS):
        wrong.append(_forbidden(_SENDS, f"{_SENDS} is forbidden for list"))
    _raise(wrong)


def check_watch(asked: Asked, *, watch_list: bool) -> None:
    """Raises 422 for a watch that may not be asked for so; *watch_list* is the server's ability."""
    match, sends = asked.query.get(_MATCH, ""), asked.query.get(_SENDS)
    wrong = []
    if sends and match != _NOT_OLDER:
        wrong.append(_forbidden(_MATCH, f"{_SENDS} requires setting {_MATCH} to {_NOT_OLDER}"))
    if sends and not watch_list:
        why = f"{_SENDS} is forbidden for watch unless the WatchList feature gate is enabled"
        wrong.append(_forbidden(_SENDS, why))
    if match and not sends:
        wrong.append(
            _forbidden(_MATCH, f"{_MATCH} is forbidden for watch unless {_SENDS} is provided")
        )
    if match not in ("", _NOT_OLDER):
        wrong.append(_unsupported(match, _NOT_OLDER))
    _raise(wrong)


def _forbidden(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", field, f"Forbidden: {why}")


def _unsupported(match: str, *supported: str) -> Cause:
    names = ", ".join(f'"{name}"' for name in supported)
    return Cause(
        "FieldValueNotSupported", _MATCH, f'Unsupported value: "{match}": supported values: {names}'
    )


def _raise(wrong: list[Cause]) -> None:
    if wrong:
        raise invalid("ListOptions.meta.k8s.io", "", *wrong)
