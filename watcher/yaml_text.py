"""The one reader of YAML, for settings, manifests and configurations alike.

It reads as Kubernetes and Prometheus do (a date, ``=`` and ``12:30`` stay text) and refuses with line
and column what they refuse or what would harm: a key that is there twice, an alias that holds itself
or stands for too much, values nested too deep, numbers beyond 64 bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

Place: TypeAlias = tuple[int, int]
"""Line and column, from 1."""

DEEPEST: Final = 100
"""Levels of lists and mappings; the definition of a Prometheus resource has about 40."""

MOST_BY_ALIAS: Final = 1_000_000
"""Values that aliases may stand for beside those that are written out."""


class NotYaml(ValueError):  # noqa: N818 -- it says what the text is
    """A text that is not valid YAML, or not of the YAML that we read."""

    def __init__(self, problem: str, place: Place | None = None) -> None:
        super().__init__(f"line {place[0]}, column {place[1]}: {problem}" if place else problem)
        self.problem = problem
        self.place = place


def load(
    text: str,
    *,
    places: dict[tuple[str | int, ...], Place] | None = None,
    as_written: frozenset[str] = frozenset(),
    first_line: int = 1,
) -> Any:
    """What the one document in *text* holds: dicts, lists, text, numbers; None for nothing.

    Where each key and item is goes into *places*, by its path. Values of the keys *as_written* stay
    text where they look like numbers. Lines are counted from *first_line*. Raises NotYaml.
    """
    builder = _Builder(places, as_written, first_line - 1)
    try:
        loader = _Loader(text)
    except UnicodeEncodeError:
        raise NotYaml("not valid Unicode") from None
    try:
        while (event := loader.get_event()) is not None:
            builder.take(event, loader)
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].count(b"\n")
        raise NotYaml(f"{error.reason}", (first_line + before, 1)) from None
    except yaml.MarkedYAMLError as error:
        words = ", ".join(each for each in (error.context, error.problem) if each)
        raise NotYaml(words, builder.place(error.problem_mark)) from None
    finally:
        loader.dispose()
    return builder.root


class _Loader(yaml.CSafeLoader):
    """Knows which text without quotes is a number, a truth value or nothing."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if not tag.endswith((":timestamp", ":value"))]
    for first, forms in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}

_TAG: Final = "tag:yaml.org,2002:"
_NUMBERS: Final = {"int": _Loader.construct_yaml_int, "float": _Loader.construct_yaml_float}
_BITS: Final = 64


@dataclass(slots=True, eq=False)
class _Open:
    """A list or mapping whose end has not come; ``size`` counts what is in it, aliases in full."""

    value: Any
    place: Place
    path: tuple[str | int, ...]
    anchor: str | None
    size: int = 1
    key: Any = None
    at_value: bool = False
    merges: bool = False
    lines: dict[Any, Place] = field(default_factory=dict)
    merged: list[Mapping[Any, Any]] = field(default_factory=list)


class _Builder:
    """Makes the value out of the parser's events, without recursion: the depth is not ours."""

    def __init__(
        self,
        places: dict[tuple[str | int, ...], Place] | None,
        as_written: frozenset[str],
        above: int,
    ) -> None:
        self.root: Any = None
        self._places = places
        self._as_written = as_written
        self._above = above
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._written = 0
        self._documents = 0

    def place(self, mark: Any) -> Place | None:
        """Line and column of the parser's *mark*."""
        return None if mark is None else (mark.line + 1 + self._above, mark.column + 1)

    def take(self, event: Any, loader: _Loader) -> None:
        """Continue with the next *event*."""
        place = (event.start_mark.line + 1 + self._above, event.start_mark.column + 1)
        match event:
            case yaml.ScalarEvent():
                self._written += 1
                self._put(self._scalar(event, place, loader), 1, place, event.anchor)
            case yaml.AliasEvent():
                self._put(*self._anchored(str(event.anchor), place), place, None)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event, place)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise NotYaml("another document begins here: expected only one", place)
            case _:
                pass

    def _begin(self, event: Any, place: Place) -> None:
        kind = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
        if event.tag not in {None, "!", f"{_TAG}{kind}"}:
            raise NotYaml(f"the tag {_shown(event.tag)} is not supported", place)
        if len(self._open) >= DEEPEST:
            raise NotYaml(f"nested more than {DEEPEST} levels deep", place)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._written += 1
        value: Any = {} if kind == "map" else []
        self._open.append(_Open(value, place, self._path(), event.anchor))

    def _end(self) -> None:
        ended = self._open.pop()
        for merged in ended.merged:
            ended.value = {**merged, **ended.value}
        self._put(ended.value, ended.size, ended.place, ended.anchor)

    def _put(self, value: Any, size: int, place: Place, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, size)
        if not self._open:
            self.root = value
            return
        into = self._open[-1]
        into.size += size
        if into.size - self._written > MOST_BY_ALIAS:
            raise NotYaml(f"aliases stand for more than {MOST_BY_ALIAS:,} values", place)
        if isinstance(into.value, list):
            self._note(into, len(into.value), place)
            into.value.append(value)
        elif into.at_value:
            into.at_value = False
            self._put_at_key(into, value, place)
        else:
            into.key, into.at_value, into.merges = value, True, value is _MERGE
            self._once(into, place)

    def _once(self, into: _Open, place: Place) -> None:
        """Note a key. Raises NotYaml for one that is no single value, or is there already."""
        if isinstance(into.key, dict | list):
            raise NotYaml("a key is a list or a mapping: expected text", place)
        if not into.merges and (first := into.lines.setdefault(into.key, place)) is not place:
            raise NotYaml(
                f"the key {_shown(into.key)} is here for the second time, the first is in line"
                f" {first[0]}: keep one of them",
                place,
            )
        self._note(into, into.key, place)

    def _note(self, into: _Open, step: Any, place: Place) -> None:
        if self._places is not None:
            self._places[*into.path, step] = place

    def _put_at_key(self, into: _Open, value: Any, place: Place) -> None:
        if not into.merges:
            into.value[into.key] = value
            return
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, dict):
                raise NotYaml("expected a mapping to merge, or a list of them", place)
            into.merged.append(each)

    def _path(self) -> tuple[str | int, ...]:
        if not self._open or self._places is None:
            return ()
        into = self._open[-1]
        step: Any = len(into.value) if isinstance(into.value, list) else into.key
        return (*into.path, step)

    def _anchored(self, name: str, place: Place) -> tuple[Any, int]:
        if name not in self._anchors:
            raise NotYaml(f"the alias {_shown(name)} is defined nowhere above", place)
        found = self._anchors[name]
        if found is None:
            raise NotYaml(f"the alias {_shown(name)} stands for what it is in", place)
        return found

    def _scalar(self, event: Any, place: Place, loader: _Loader) -> Any:
        into = self._open[-1] if self._open else None
        tag = event.tag
        if tag in {None, "!"}:
            tag = loader.resolve(  # type: ignore[no-untyped-call]
                yaml.ScalarNode, event.value, event.implicit
            )
        kind = str(tag).removeprefix(_TAG)
        match kind:
            case "null":
                return None
            case "merge" if into is not None and isinstance(into.value, dict) and not into.at_value:
                return _MERGE
            case "str" | "merge" | "timestamp" | "value":
                return event.value
            case _:
                pass
        if into is not None and into.at_value and into.key in self._as_written:
            return event.value
        if kind == "bool" and event.value.lower() in loader.bool_values:
            return loader.bool_values[event.value.lower()]
        if kind in _NUMBERS:
            return _number(event.value, kind, place, loader)
        raise NotYaml(f"the tag {_shown(tag)} is not supported", place)


_MERGE: Final = object()
"""The key ``<<``, without quotes."""


def _number(text: str, kind: str, place: Place, loader: _Loader) -> Any:
    if ":" in text:  # YAML 1.1 counts in sixties with it, Kubernetes and Prometheus do not
        return text
    try:
        number = _NUMBERS[kind](loader, yaml.ScalarNode(f"{_TAG}{kind}", text))
    except (ValueError, IndexError):  # written as one by its tag alone, or far too long
        raise NotYaml(f"expected a number of at most {_BITS} bits", place) from None
    if isinstance(number, int) and number.bit_length() > _BITS:
        raise NotYaml(f"expected a number of at most {_BITS} bits", place)
    return number


def _shown(name: object) -> str:
    text = str(name).removeprefix(_TAG)
    return repr(text if len(text) <= 60 else f"{text[:60]}…")  # noqa: PLR2004
