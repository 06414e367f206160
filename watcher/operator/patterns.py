"""Whether Go's regexp package, as Prometheus and its operator use it, compiles a pattern.

Go's dialect is that of RE2. Where the two differ is named here (Go 1.20 to 1.26, regexp/syntax).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Protocol

import re2

_MEMORY: Final = 256 << 20
"""Bytes that a pattern may take: what RE2 alone refuses as too large, Go may take."""

_GROUP: Final = re.compile(r"\(\?(?P<p>P?)<(?P<name>\w+)>")
_PARENTHESIS: Final = re.compile(r"\(\?P?<\w|\(\??|\)")

_HIGHEST: Final = 1_000
"""Levels of a parsed expression that Go takes (since Go 1.19)."""

_LEVELS_OF_A_GROUP: Final = 4
"""That a group may add at most: itself, an alternation, a sequence, a repetition."""

_SKIPPED: Final = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\(?P<escaped>.)|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^]\\])*\]", re.DOTALL
)


class Match(Protocol):
    """What is used of a match of ``re2``, which ships no types: group 0 is all of it."""

    def group(self, group: int | str) -> str | None:
        """What one group found, None where it took no part."""
        ...

    def groups(self) -> tuple[str | None, ...]:
        """What each group found."""
        ...

    def groupdict(self) -> Mapping[str, str | None]:
        """What each named group found."""
        ...


class Regex(Protocol):
    """What is used of a compiled expression."""

    def search(self, text: str) -> Match | None:
        """The first match in *text*."""
        ...


class PatternError(ValueError):
    """Go does not compile the pattern; the message says why."""


class PatternUnknownError(ValueError):
    """Whether Go compiles the pattern is not known."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Regex:
    """*pattern*, ready to search. Raises PatternError, and PatternUnknownError where only Go could tell."""
    options = re2.Options()
    options.log_errors, options.max_mem = False, _MEMORY
    if difference := _refused_by_go_alone(pattern):
        raise PatternError(difference)
    _check_height(pattern)
    try:
        found: Regex = re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0].decode(errors="replace") if error.args else "not a pattern"
        raise (PatternUnknownError if "too large" in said else PatternError)(said) from None
    except UnicodeEncodeError:
        raise PatternUnknownError("it is not Unicode") from None
    return found


def compiles(pattern: str, *, short_names: bool = True) -> bool | None:
    """Whether Go compiles *pattern*, as Prometheus anchors it; None where that is not known.

    *short_names*: groups may be named ``(?<name>…)``, as since Go 1.22.
    """
    if not short_names and any(not group["p"] for group in _groups(pattern)):
        return False
    try:
        compiled(f"^(?s:{pattern})$")
    except PatternError:
        return False
    except PatternUnknownError:
        return None
    return True


def _refused_by_go_alone(pattern: str) -> str | None:
    if any(skipped["escaped"] == "C" for skipped in _SKIPPED.finditer(pattern)):
        return "invalid escape sequence: `\\C`"
    names = [group["name"] for group in _groups(pattern)]
    twice = next((name for name in names if names.count(name) > 1), None)
    return None if twice is None else f"duplicate capture group name: `{twice}`"


def _check_height(pattern: str) -> None:
    deepest = depth = capturing = most = 0
    captures: list[bool] = []
    for found in _PARENTHESIS.finditer(_SKIPPED.sub("", pattern)):
        if found[0] == ")":
            if captures:
                capturing -= captures.pop()
            continue
        captures.append(found[0] != "(?")
        capturing += captures[-1]
        depth = len(captures)
        deepest, most = max(deepest, depth), max(most, capturing)
    if most + 2 > _HIGHEST:  # with what is in the innermost, and the anchors around all
        raise PatternError("expression nests too deeply")
    if _LEVELS_OF_A_GROUP * (deepest + 1) > _HIGHEST:
        raise PatternUnknownError("it is nested so deeply that only Go can tell")


def _groups(pattern: str) -> list[re.Match[str]]:
    return list(_GROUP.finditer(_SKIPPED.sub("", pattern)))
