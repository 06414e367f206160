"""A Kubernetes object as the API gives it, read field by field with the types checked.

Objects stay raw, because rules are tested on raw objects and only a few fields of each are read.
A field of the wrong type raises FieldError, which names it: one bad object costs only itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from shlex import quote
from typing import TypeAlias

JSON: TypeAlias = "Mapping[str, JSON] | Sequence[JSON] | str | int | float | bool | None"
JSONObject: TypeAlias = Mapping[str, JSON]
Path: TypeAlias = str | int

_EMPTY: JSONObject = {}


class FieldError(ValueError):
    """A field has not the type that its schema gives it."""

    def __init__(self, path: tuple[Path, ...], expected: str, got: JSON) -> None:
        self.path = ".".join(map(str, path))
        self._expected, self._got = expected, got
        super().__init__(f"field {self.path}: expected {expected}, got {type(got).__name__}")

    def below(self, *parents: Path) -> "FieldError":
        """The same with the place of what was read before its path."""
        return FieldError((*parents, *filter(None, [self.path])), self._expected, self._got)


def value(raw: JSON, *path: str) -> JSON:
    """What stands at *path*, None where nothing does. Raises FieldError if a parent is no mapping."""
    found = raw
    for step in path:
        if found.__class__ is dict:  # as nearly always; asking for a Mapping takes ten times longer
            found = found.get(step)
        elif found is None:
            return None
        else:
            return _value(raw, path)
    return found


def _value(raw: JSON, path: tuple[str, ...]) -> JSON:
    found = raw
    for depth, step in enumerate(path):
        if found is None:
            return None
        if not isinstance(found, Mapping):
            raise FieldError(path[:depth], "a mapping", found)
        found = found.get(step)
    return found


def mapping(raw: JSON, *path: str) -> JSONObject:
    """The mapping at *path*, an empty one where nothing stands."""
    found = value(raw, *path)
    if found is None:
        return _EMPTY
    if found.__class__ is not dict and not isinstance(found, Mapping):
        raise FieldError(path, "a mapping", found)
    return found


def items(raw: JSON, *path: str) -> Sequence[JSON]:
    """The list at *path*, an empty one where nothing stands."""
    found = value(raw, *path)
    if found.__class__ is list:
        return found
    if found is None:
        return ()
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise FieldError(path, "a list", found)
    return found


def objects(raw: JSON, *path: str) -> Iterator[JSONObject]:
    """The mappings in the list at *path*."""
    for index, item in enumerate(items(raw, *path)):
        if item.__class__ is not dict and not isinstance(item, Mapping):
            raise FieldError((*path, index), "a mapping", item)
        yield item


def text(raw: JSON, *path: str) -> str | None:
    """The string at *path*, None where nothing stands."""
    found = value(raw, *path)
    if found is None or isinstance(found, str):
        return found
    raise FieldError(path, "a string", found)


def texts(raw: JSON, *path: str) -> tuple[str, ...]:
    """The strings in the list at *path*."""
    found = []
    for index, item in enumerate(items(raw, *path)):
        if not isinstance(item, str):
            raise FieldError((*path, index), "a string", item)
        found.append(item)
    return tuple(found)


def text_map(raw: JSON, *path: str) -> Mapping[str, str]:
    """The mapping of strings to strings at *path*, as labels are."""
    found = {}
    for key, item in mapping(raw, *path).items():
        if not isinstance(item, str):
            raise FieldError((*path, key), "a string", item)
        found[key] = item
    return found


def number(raw: JSON, *path: str) -> int | None:
    """The integer at *path*, None where nothing stands."""
    found = value(raw, *path)
    if found is None or (isinstance(found, int) and not isinstance(found, bool)):
        return found
    raise FieldError(path, "an integer", found)


def flag(raw: JSON, *path: str) -> bool:
    """The boolean at *path*, false where nothing stands."""
    found = value(raw, *path)
    if found is None:
        return False
    if isinstance(found, bool):
        return found
    raise FieldError(path, "true or false", found)


def moment(raw: JSON, *path: str) -> datetime | None:
    """The RFC 3339 time at *path*, None where nothing stands."""
    found = text(raw, *path)
    if found is None:
        return None
    try:
        at = datetime.fromisoformat(found)
    except ValueError:
        raise FieldError(path, "an RFC 3339 time", found) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KubeObject:
    """One object of the Kubernetes API."""

    raw: JSONObject

    @property
    def kind(self) -> str:
        """Kind; a list's items lack it, so whoever reads a list puts it in."""
        return text(self.raw, "kind") or ""

    @property
    def namespace(self) -> str:
        """Namespace, empty for what has none."""
        return text(self.raw, "metadata", "namespace") or ""

    @property
    def name(self) -> str:
        """Name."""
        return text(self.raw, "metadata", "name") or ""

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels."""
        return text_map(self.raw, "metadata", "labels")

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations."""
        return text_map(self.raw, "metadata", "annotations")

    @property
    def generation(self) -> int:
        """How often the spec was changed; 0 where not told."""
        return number(self.raw, "metadata", "generation") or 0

    @property
    def created_at(self) -> datetime | None:
        """When it was made, None where not told."""
        return moment(self.raw, "metadata", "creationTimestamp")

    @property
    def deleted_at(self) -> datetime | None:
        """When its deletion was asked for, None while nobody has."""
        return moment(self.raw, "metadata", "deletionTimestamp")

    @property
    def spec(self) -> JSONObject:
        """The ``spec``."""
        return mapping(self.raw, "spec")

    @property
    def status(self) -> JSONObject:
        """The ``status``."""
        return mapping(self.raw, "status")

    @property
    def full_name(self) -> str:
        """``namespace/name``, or the name alone."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def kubectl(self, output: str = "-o yaml") -> str:
        """The command that shows it."""
        scope = f"-n {quote(self.namespace)} " if self.namespace else ""
        return f"kubectl {scope}get {quote(self.kind.lower())} {quote(self.name)} {output}"

    def edit(self) -> str:
        """The command that opens it in an editor."""
        scope = f"-n {quote(self.namespace)} " if self.namespace else ""
        return f"kubectl {scope}edit {quote(self.kind.lower())} {quote(self.name)}"
