"""Label selectors of list and watch requests: read, or refused in the real server's words.

The grammar and the words are those of k8s.io/apimachinery pkg/labels/selector.go, held against a
real server by tests/adapters/test_kube_api_contract.py.
"""

import re
from collections.abc import Callable

from tests.kube_api.names import bad_label_key, bad_label_value
from tests.kube_api.statuses import bad_request

Labels = dict[str, str]
Match = Callable[[Labels], bool]

_TOKEN = re.compile(r"\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)")
_SPECIAL = ("==", "!=", "=", "!", "(", ")", ",", "<", ">")
_OPERATORS = "in, notin, =, ==, !=, gt, lt"


def label_matches(text: str) -> list[Match]:
    """What each requirement of *text* asks for. Raises 400 when it cannot be understood."""
    tokens = _Tokens(text)
    matches: list[Match] = []
    while tokens.next:
        if tokens.is_word or tokens.next == "!":
            matches.append(_requirement(tokens))
        else:
            raise bad_request(f"found '{tokens.next}', expected: !, identifier, or 'end of string'")
        if not tokens.next:
            break
        if tokens.next != ",":
            raise bad_request(f"found '{tokens.next}', expected: ',' or 'end of string'")
        tokens.take()
        if not tokens.is_word and tokens.next != "!":
            raise bad_request(f"found '{tokens.next}', expected: identifier after ','")
    return matches


class _Tokens:
    """The tokens of a selector; after the last one the next is empty."""

    def __init__(self, text: str) -> None:
        self._left = [*_TOKEN.findall(text), ""]

    @property
    def next(self) -> str:
        return self._left[0]

    @property
    def is_word(self) -> bool:
        return self.next not in ("", *_SPECIAL)

    def take(self) -> str:
        return self._left.pop(0) if len(self._left) > 1 else ""


def _requirement(tokens: _Tokens) -> Match:
    absent = tokens.next == "!"
    if absent:
        tokens.take()
    if not tokens.is_word:
        raise _unparsed(f"found '{tokens.next}', expected: identifier")
    key = tokens.take()
    if why := bad_label_key(key):
        raise _unparsed(f'<nil>: Invalid value: "{key}": {why}')
    if absent or tokens.next in ("", ","):
        return lambda labels: (key not in labels) == absent
    operator = tokens.take()
    match operator:
        case "in" | "notin":
            values = _values(tokens)
        case "=" | "==" | "!=" | "<" | ">":
            values = {_value(tokens)}
        case _:
            raise _unparsed(f"found '{operator}', expected: {_OPERATORS}")
    _check(key, operator, values)
    return _match(key, operator, values)


def _values(tokens: _Tokens) -> set[str]:
    """Those between brackets; nothing between two commas is an empty one."""
    if tokens.next != "(":
        raise _unparsed(f"found '{tokens.next}' expected: '('")
    tokens.take()
    values = set()
    while True:
        values.add(tokens.take() if tokens.is_word else "")
        if tokens.next == ")":
            tokens.take()
            return values
        if tokens.next != ",":
            raise _unparsed(f"found '{tokens.next}', expected: ',' or ')'")
        tokens.take()


def _value(tokens: _Tokens) -> str:
    if tokens.next in ("", ","):
        return ""
    if not tokens.is_word:
        raise _unparsed(f"found '{tokens.next}', expected: identifier")
    return tokens.take()


def _check(key: str, operator: str, values: set[str]) -> None:
    for place, value in enumerate(sorted(values)):
        if operator in "<>" and not re.fullmatch(r"[+-]?\d+", value):
            why = "for 'Gt', 'Lt' operators, the value must be an integer"
            raise _unparsed(f'values[{place}]: Invalid value: "{value}": {why}')
        if why := bad_label_value(value):
            raise _unparsed(f'values[{place}][{key}]: Invalid value: "{value}": {why}')


def _match(key: str, operator: str, values: set[str]) -> Match:
    match operator:
        case "in" | "=" | "==":
            return lambda labels: labels.get(key) in values
        case "notin" | "!=":
            return lambda labels: labels.get(key) not in values
        case _:
            (bound,) = map(int, values)
            return lambda labels: (
                (labels.get(key) or "").isdigit()
                and (int(labels[key]) > bound if operator == ">" else int(labels[key]) < bound)
            )


def _unparsed(why: str) -> Exception:
    return bad_request(f"unable to parse requirement: {why}")
