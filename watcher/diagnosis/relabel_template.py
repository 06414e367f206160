"""Puts what a regular expression found into a template, as Go's ``Regexp.Expand`` does."""

from collections.abc import Iterator
from typing import Final

from watcher.operator.patterns import Match

_DIGITS: Final = frozenset("0123456789")
_MOST_DIGITS: Final = 8


def expanded(template: str, found: Match) -> str:
    """Go's ``Regexp.Expand``: ``$1``, ``${1}``, ``$name``, ``$$``; unknown ones are empty."""
    return "".join(_parts(template, found))


def _parts(template: str, found: Match) -> Iterator[str]:
    rest = template
    while rest:
        before, dollar, rest = rest.partition("$")
        yield before
        if not dollar:
            return
        if rest.startswith("$"):
            yield "$"
            rest = rest[1:]
            continue
        name, after = _name(rest)
        if name is None:
            yield "$"
            continue
        yield _group(name, found)
        rest = after


def _name(rest: str) -> tuple[str | None, str]:
    """The name that *rest* begins with, in braces or not, and what follows; None for none."""
    braced = rest.startswith("{")
    body = rest[1:] if braced else rest
    end = next((i for i, c in enumerate(body) if not (c == "_" or c.isalnum())), len(body))
    name = body[:end]
    if not name or (braced and body[end : end + 1] != "}"):
        return None, rest
    return name, body[end + 1 :] if braced else body[end:]


def _group(name: str, found: Match) -> str:
    if set(name) <= _DIGITS:
        plain = (len(name) == 1 or name[0] != "0") and len(name) <= _MOST_DIGITS
        index = int(name) if plain else 0
        known = plain and index <= len(found.groups())
        return (found.group(index) or "") if known else ""
    return found.groupdict().get(name) or ""
