"""Takes out of answers what differs between two runs and means nothing: uids, times, numbers.

Versions of objects become ranks in the order of all that a scenario showed, and so do versions of
lists, so that equal ones stay equal and later ones stay later.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"20(?!20)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_NUMBERS = re.compile(r"(?<=current: )\d+|(?<=too old: )\d+|(?<=version: 1 \()\d+(?=\))")


class Versions:
    """The ranks of the versions in all answers of a scenario."""

    def __init__(self, answers: Iterable[Any]) -> None:
        found = list(_versions(list(answers), of_list=False))
        self._ranks = {
            of_list: {version: rank for rank, version in enumerate(sorted(each), start=1)}
            for of_list, each in (
                (True, {version for version, listed in found if listed}),
                (False, {version for version, listed in found if not listed}),
            )
        }

    def rank(self, version: str, *, of_list: bool) -> str:
        if not version.isdigit():
            return version
        return f"{'list ' if of_list else ''}version {self._ranks[of_list][int(version)]}"


def comparable(answer: Any, versions: Versions, *, managed: bool) -> Any:
    """The answer without what means nothing."""
    return _told(answer, versions, managed=managed, of_list=False)


def _told(value: Any, versions: Versions, *, managed: bool, of_list: bool) -> Any:
    if isinstance(value, list):
        told = [_told(each, versions, managed=managed, of_list=of_list) for each in value]
        return [each for at, each in enumerate(told) if not (at and _repeated(each, told[at - 1]))]
    if isinstance(value, str):
        return _NUMBERS.sub("<number>", _TIME.sub("<time>", _UID.sub("<uid>", value)))
    if not isinstance(value, dict):
        return value
    of_list = of_list or _is_list(value)
    plain = {}
    for key, each in value.items():
        if key == "storageVersionHash" or (key == "managedFields" and not managed):
            continue
        if key == "resourceVersion":
            plain[key] = versions.rank(each, of_list=of_list)
        elif key == "continue" and each:
            plain[key] = "<token>"
        elif key == "causes":  # some are found and told several times
            plain[key] = [cause for at, cause in enumerate(each) if cause not in each[:at]]
        elif key == "resources" and isinstance(each, list):  # in no order on a real server
            ordered = sorted(each, key=lambda resource: str(resource["name"]))
            plain[key] = _told(ordered, versions, managed=managed, of_list=of_list)
        else:
            plain[key] = _told(each, versions, managed=managed, of_list=_inside(key, of_list))
    return plain


def _versions(value: Any, *, of_list: bool) -> Iterator[tuple[int, bool]]:
    if isinstance(value, list):
        for each in value:
            yield from _versions(each, of_list=of_list)
    if not isinstance(value, dict):
        return
    of_list = of_list or _is_list(value)
    for key, each in value.items():
        if key == "resourceVersion" and isinstance(each, str) and each.isdigit():
            yield int(each), of_list
        yield from _versions(each, of_list=_inside(key, of_list))


def _is_list(value: dict[str, Any]) -> bool:
    """A list, or a bookmark: their versions are of the whole, not of an object."""
    return (str(value.get("kind", "")).endswith("List") and "items" in value) or value.get(
        "type"
    ) == "BOOKMARK"


def _repeated(event: Any, before: Any) -> bool:
    """A bookmark that says again what the last one said."""
    return isinstance(event, dict) and event.get("type") == "BOOKMARK" and event == before


def _inside(key: str, of_list: bool) -> bool:  # noqa: FBT001
    return (of_list or key == "list") and key != "items"
