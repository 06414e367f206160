"""What a PromQL expression reads, and whether it must stay empty when some of that is not there.

The only home of ``promql_parser``. It knows series selectors and operators, no jobs and no rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

import promql_parser

from watcher.diagnosis import relabel

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


def selectors(expression: str) -> tuple[Selector, ...]:
    """Every series selector in *expression*, in its order. Raises PromqlError."""
    found: list[Selector] = []

    def collect(selector: Selector) -> bool:
        found.append(selector)
        return False

    _walk(_parsed(expression), collect)
    return tuple(found)


def is_silent(expression: str, dead: Dead) -> bool:
    """Whether *expression* surely gives nothing, when the selectors that are *dead* give nothing.

    ``a or b`` needs both to be silent, ``a unless b`` the left one, other operators either one.
    What gives something on absence (``absent``) is never silent. Raises PromqlError.
    """
    return _silent(_parsed(expression), dead)


@lru_cache(maxsize=10_000)
def _parsed(expression: str) -> Any:  # type: ignore[explicit-any]  # the library has no types
    try:
        return promql_parser.parse(expression)
    except (ValueError, RecursionError) as error:
        raise PromqlError(f"no PromQL: {' '.join(str(error).split())[:200]}") from None


def _silent(node: Any, dead: Dead) -> bool:  # type: ignore[explicit-any]
    match node:
        case promql_parser.VectorSelector():
            return all(map(dead, _alternatives(node)))
        case promql_parser.MatrixSelector():
            return _silent(node.vector_selector, dead)
        case promql_parser.Call():
            return node.func.name not in _ON_ABSENCE and any(_silent(a, dead) for a in node.args)
        case promql_parser.BinaryExpr():
            return _silent_pair(node, dead)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            return False
        case _:
            return _silent(node.expr, dead)


def _silent_pair(node: Any, dead: Dead) -> bool:  # type: ignore[explicit-any]
    left, right = _silent(node.lhs, dead), _silent(node.rhs, dead)
    match str(node.op):
        case "or":
            return left and right
        case "unless":
            return left
        case _:
            return (left and right) if _fills(node.modifier) else (left or right)


def _fills(modifier: Any) -> bool:  # type: ignore[explicit-any]
    """Whether the operator puts a number where a side has nothing (``fill``)."""
    fill = getattr(modifier, "fill_values", None)
    return any(getattr(fill, side, None) is not None for side in ("lhs", "rhs"))


def _walk(node: Any, visit: Dead) -> None:  # type: ignore[explicit-any]
    match node:
        case promql_parser.VectorSelector():
            for selector in _alternatives(node):
                visit(selector)
        case promql_parser.MatrixSelector():
            _walk(node.vector_selector, visit)
        case promql_parser.Call():
            for argument in node.args:
                _walk(argument, visit)
        case promql_parser.BinaryExpr():
            _walk(node.lhs, visit)
            _walk(node.rhs, visit)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            return
        case _:
            _walk(node.expr, visit)


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
