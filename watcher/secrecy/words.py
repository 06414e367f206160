"""Takes secrets out of others' words, by their place and by their form."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, unquote

from watcher.secrecy import forms
from watcher.secrecy.names import ERRORS, KEPT_HEADERS, KEPT_PARAMETERS

HIDDEN: Final = "<secret>"
"""What stands for a secret; Prometheus's own word."""

_DEEPEST: Final = 4
_SIGNS: Final = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
"""What a letter stands for after a backslash; the backslash itself is the first to be written."""

_SCHEMES: Final = frozenset({"bearer", "basic", "digest", "token"})
_NO_VALUES: Final = frozenset({"null", "None", "true", "false", "nil", '""', "''", "``"})


def without_secrets(text: str, hidden: str = HIDDEN, *, deep: int = 0) -> str:
    """*text* without what is secret in it by its place or its form; *hidden* stands there instead.

    What is escaped or percent-encoded in it is looked into as well; *deep* says how often it was.
    """
    if forms.SUSPECT.search(text) is None:
        return text
    if deep < _DEEPEST and "\\" in text:
        text = forms.ESCAPED.sub(lambda found: _escaped(found, hidden, deep), text)
    text = _without_forms(text, hidden)
    if deep < _DEEPEST and "%" in text:
        text = forms.ENCODED.sub(lambda found: _encoded(found[0], hidden, deep), text)
    return text


def _without_forms(text: str, hidden: str) -> str:
    if forms.OBJECT.search(text):
        text = forms.DATA.sub(rf"\g<1>{hidden}", text)
    for pattern in forms.WHOLE:
        text = pattern.sub(hidden, text)
    for pattern in forms.USERS:
        text = pattern.sub(lambda found: found[1] or "", text)
    if is_named := forms.NAMED.search(text) is not None:
        text = forms.BLOCK.sub(rf"\g<1>{hidden}\n", text)
    for pattern in forms.IN_ONE_LINE:
        text = pattern.sub(rf"\g<1>{hidden}", text)
    for pattern, shown in _RULES:
        text = pattern.sub(lambda found, shown=shown: shown(found, hidden), text)  # type: ignore[misc]
    for pattern in (*forms.AFTER_NAMES, *forms.AFTER) if is_named else forms.AFTER:
        text = pattern.sub(rf"\g<1>{hidden}", text)
    for pattern in forms.KNOWN:
        text = pattern.sub(hidden, text)
    return text


def _escaped(found: re.Match[str], hidden: str, deep: int) -> str:
    """A string as JSON, Go and Python write it."""
    mark, inner = found[1], found[2]
    held = forms.ESCAPE.sub(lambda each: _meant(each[1], mark), inner)
    shown = held if held == inner else without_secrets(held, hidden, deep=deep + 1)
    if shown == held:
        return found[0]
    for char, sign in _SIGNS.items():
        shown = shown.replace(sign, f"\\{char}")
    shown = shown.replace(mark, f"\\{mark}")
    return f"{mark}{shown}{mark}"


def _meant(sign: str, mark: str) -> str:
    if sign in "\"'" and sign != mark:
        return f"\\{sign}"  # only the mark itself is escaped: this one is of what is quoted
    return chr(int(sign[1:], 16)) if len(sign) > 1 else _SIGNS.get(sign, sign)


def _encoded(run: str, hidden: str, deep: int) -> str:
    held = unquote(run)
    shown = held if held == run else without_secrets(held, hidden, deep=deep + 1)
    if shown == held:
        return run
    return hidden.join(quote(part, safe="/:") for part in shown.split(hidden))


def _parameter(found: re.Match[str], hidden: str) -> str:
    before, name, equals, value = found.groups()
    if not value or value.startswith((hidden, "$")):
        return found[0]
    if name not in KEPT_PARAMETERS:
        return f"{before}{name}{equals}{hidden}"
    if name != "query" and any(mark in value for mark in ("@", "%40")):
        return f"{before}{name}{equals}{hidden}"
    return f"{before}{name}{equals}{without_secrets(value, hidden, deep=_DEEPEST)}"


def _bare(found: re.Match[str], hidden: str) -> str:
    """A query that is a value alone."""
    return found[0] if found[2] in KEPT_PARAMETERS else f"{found[1]}{hidden}"


def _header(found: re.Match[str], hidden: str) -> str:
    name = found[2].lower()
    if name in KEPT_HEADERS | {"authorization"} or found[4].startswith(("$", hidden)):
        return found[0]
    return f"{found[1]}{found[2]}{found[3]}{hidden}"


def _authorization(found: re.Match[str], hidden: str) -> str:
    if not found[2] and (found[3] in ERRORS or found[3].lower() in _SCHEMES):
        return found[0]
    return found[0] if found[3].startswith("$") else f"{found[1]}{found[2] or ''}{hidden}"


def _pair(found: re.Match[str], hidden: str) -> str:
    name, value = found["before"], found["value"]
    if value.lower() in _SCHEMES:
        return found[0]  # what follows is hidden by itself
    if name[-1].isspace() and _is_said(value):
        return found[0]  # `…/token: open …` is an error, and no token
    held = value.strip("\\\"'`“”")
    if not held or held.startswith((HIDDEN, hidden, "$")) or value in _NO_VALUES:
        return found[0]
    if forms.SECRET_ALONE.search(name) and forms.NAME_OF_AN_OBJECT.fullmatch(held):
        return found[0]
    if "--from-file=" in name:
        return found[0]  # a path
    opening, closing = found["quote"] or "", found["closing"] or ""
    return f"{name}{opening}{hidden}{closing}"


def _is_said(value: str) -> bool:
    word = value.rstrip(",:")
    return word in ERRORS or any(p.fullmatch(word) for p in (forms.STATUS, forms.NAMED))


_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str]], ...]] = (
    (forms.PARAMETER, _parameter),
    (forms.BARE_QUERY, _bare),
    (forms.HEADER, _header),
    (forms.AUTHORIZATION, _authorization),
    (forms.VARIABLE, _pair),
    (forms.FLAG, _pair),
    (forms.PAIR, _pair),
)
