"""What a PromQL expression reads, and whether it must stay empty when some of that is not there.

The only home of ``promql_parser``. It knows series selectors and operators, no jobs and no rules.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias

import promql_parser

from watcher.diagnosis import relabel
from watcher.secrecy import clipped

_ON_ABSENCE: Final = frozenset({"absent", "absent_over_time", "scalar"})
"""Functions that give something for nothing (``scalar`` gives NaN)."""

_OPS: Final = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


class PromqlError(ValueError):
    """A text that is no PromQL; the message says where."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher: ``name``, ``op`` (``=``, ``!=``, ``=~`` or ``!~``) and ``value``."""

    name: str
    op: str
    value: str

    def matches(self, value: str) -> bool:
        """Whether a label of this *value* (empty: not there) passes."""
        match self.op:
            case "=":
                return value == self.value
            case "!=":
                return value != self.value
            case "=~":
                return _regex(self.value, value)
            case _:
                return not _regex(self.value, value)


@dataclass(frozen=True, slots=True)
class Selector:
    """A series selector; ``metric`` is None where it names none by equality."""

    metric: str | None
    matchers: tuple[Matcher, ...]

    def may_select(self, labels: Mapping[str, str]) -> bool:
        """Whether it can select a series that has *labels*, and others that nobody knows."""
        return all(m.matches(labels[m.name]) for m in self.matchers if m.name in labels)


Dead: TypeAlias = Callable[[Selector], bool]


LONGEST: Final = 5_000
"""Characters up to which an expression is read: the parser dies with the process on what is
thousands of levels deep (promql-parser 0.12: ``a + a + …`` with 5,000 terms)."""

DEEPEST: Final = 100
"""Levels of calls and operators in each other up to which an expression is read."""


def selectors(expression: str) -> tuple[Selector, ...]:
    """Every series selector in *expression*, in its order. Raises PromqlError."""
    return tuple(_leaves(_parsed(expression)))


def is_silent(expression: str, dead: Dead) -> bool:
    """Whether *expression* surely gives nothing, when the selectors that are *dead* give nothing.

    ``a or b`` needs both to be silent, ``a unless b`` the left one, other operators either one.
    What gives something on absence (``absent``) is never silent. Raises PromqlError.
    """
    return _silent(_parsed(expression), dead)


class _Empty(Enum):
    """When a part of an expression is empty, by what it is made of."""

    SELECTED = "when all its selectors are dead"
    ANY = "when any of its parts is"
    ALL = "when all of its parts are"
    FIRST = "when its first part is"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class _Part:
    """What of an expression decides whether it is empty; a hundredth of the parser's own tree."""

    empty: _Empty
    parts: tuple["_Part", ...] = ()
    selectors: tuple[Selector, ...] = ()


@lru_cache(maxsize=10_000)
def _parsed(expression: str) -> _Part:
    if len(expression) > LONGEST:
        raise PromqlError(f"longer than {LONGEST} characters")
    try:
        return _part(promql_parser.parse(expression))
    except ValueError as error:
        raise PromqlError(f"no PromQL: {clipped(str(error), 200)}") from None


def _part(node: Any, depth: int = 0) -> _Part:  # type: ignore[explicit-any]  # it has no types
    if depth > DEEPEST:
        raise ValueError(f"more than {DEEPEST} levels deep")
    deeper = partial(_part, depth=depth + 1)
    match node:
        case promql_parser.VectorSelector():
            return _Part(_Empty.SELECTED, selectors=_alternatives(node))
        case promql_parser.MatrixSelector():
            return deeper(node.vector_selector)
        case promql_parser.Call():
            empty = _Empty.NEVER if node.func.name in _ON_ABSENCE else _Empty.ANY
            return _Part(empty, tuple(map(deeper, node.args)))
        case promql_parser.BinaryExpr():
            return _Part(_joined(node), (deeper(node.lhs), deeper(node.rhs)))
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            return _Part(_Empty.NEVER)
        case _:
            return deeper(node.expr)


def _joined(node: Any) -> _Empty:  # type: ignore[explicit-any]
    match str(node.op):
        case "or":
            return _Empty.ALL
        case "unless":
            return _Empty.FIRST
        case _:
            return _Empty.ALL if _fills(node.modifier) else _Empty.ANY


def _fills(modifier: Any) -> bool:  # type: ignore[explicit-any]
    """Whether the operator puts a number where a side has nothing (``fill``)."""
    fill = getattr(modifier, "fill_values", None)
    return any(getattr(fill, side, None) is not None for side in ("lhs", "rhs"))


def _silent(part: _Part, dead: Dead) -> bool:
    match part.empty:
        case _Empty.SELECTED:
            return all(map(dead, part.selectors))
        case _Empty.ANY:
            return any(_silent(each, dead) for each in part.parts)
        case _Empty.ALL:
            return all(_silent(each, dead) for each in part.parts)
        case _Empty.FIRST:
            return _silent(part.parts[0], dead)
        case _Empty.NEVER:
            return False


def _leaves(part: _Part) -> Iterator[Selector]:
    yield from part.selectors
    for each in part.parts:
        yield from _leaves(each)


def _alternatives(node: Any) -> tuple[Selector, ...]:  # type: ignore[explicit-any]
    """The selector, or each of those that ``or`` joins within its braces."""
    every = node.matchers.or_matchers or [node.matchers.matchers]
    return tuple(_selector(node.name, each) for each in every)


def _selector(name: str | None, matchers: Any) -> Selector:  # type: ignore[explicit-any]
    told = tuple(
        Matcher(m.name, _OPS[str(m.op).removeprefix("MatchOp.")], str(m.value)) for m in matchers
    )
    named = next((m.value for m in told if m.name == "__name__" and m.op == "="), None)
    return Selector(name or named, told)


def _regex(regex: str, value: str) -> bool:
    try:
        return relabel.matches(regex, value)
    except relabel.StepError:
        return True  # what cannot be told excludes nothing
