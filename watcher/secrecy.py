"""Takes users, passwords and tokens out of words, before anybody keeps or reads them. Pure.

One rule for all words that come from outside or leave: it is applied where the values that people
read are made (evidence, fixes, errors), so that nobody can forget it. Names of Secrets, of their keys
and of files are no secrets: causes are found by them.
"""

import re
from hashlib import sha256
from typing import Final

HIDDEN: Final = "<secret>"
"""What stands for a secret; Prometheus's own word."""

HIDDEN_IN_COMMANDS: Final = "REDACTED"
"""The same where a shell would take the brackets for redirections."""

TELLING: Final = (
    r"pass(?:word|wd|phrase)?|pwd|token|secret|signature|authorization|api[_-]?key|access[_-]?key|"
    r"private[_-]?key|credentials?|cookie|session[_-]?id"
)
"""Ends of names whose values are secrets."""

_KEPT_PARAMETERS: Final = frozenset(
    [
        "module",
        "target",
        "format",
        "timeout",
        "query",
        "match[]",
        "time",
        "start",
        "end",
        "step",
        "state",
        "scrapePool",
        "limit",
        "type",
        "collect[]",
        "name[]",
        "container",
        "previous",
        "tailLines",
        "sinceTime",
        "limitBytes",
        "watch",
        "labelSelector",
        "fieldSelector",
        "resourceVersion",
        "direction",
        "continue",
        "follow",
    ]
)
"""Parameters of URLs that are shown: those of our own commands and of the usual exporters."""

_PEM: Final = re.compile(
    r"-----BEGIN ([A-Z0-9 ]+)-----.*?(?:-----END \1-----|(?=['\"]|\Z))", re.DOTALL
)
_APPLIED: Final = re.compile(r"(last-applied-configuration\\?[\"']?\s*[:=]\s*).*")
# To the last @: a password may hold some, and slashes.
_USER: Final = re.compile(r"(://|%3A%2F%2F)[^/?#\s\"'<>]*(?:@|%40)")
_USER_WITH_ODD_PASSWORD: Final = re.compile(
    r"(://)[^/?#\s\"'@:<>]+:(?!\d{1,5}(?:[/?#\s]|$))[^\s\"'<>]*@"
)
_USER_ALONE: Final = re.compile(
    r"(?<![\w/@.:-])[\w.+-]+:(?!sha\d+:)[^\s\"'@/:<>]+@(?!sha\d+:)(?=[\w\[])"
)
_PARAMETER: Final = re.compile(
    r"([?&;#]|%3F|%26|%3B|%23)([\w.\[\]%-]{1,80}?)(=|%3D)([^\s\"'<>&;#\\]*)"
)
_AUTHORIZATION: Final = re.compile(
    r"(?i)(authorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:(?:bearer|basic|digest|token) +)?)(?!(?:bearer|basic|digest|token)\b)[^\s\"'\\,;<>]+"
)
_PAIR: Final = re.compile(
    rf"(?i)((?<![\w.</-])[\w.-]*(?:{TELLING})\\?[\"']?(?:[:=]|\s*=\s*|(?<!credentials)(?<!authorization)\s*:\s+|%3D|%3A))"
    r"(?:\\?\"[^\"\\]*\\?\"|'[^']*'|[^\s\"'\\,;&{}<>\[\]()]+)"
)
_FLAG: Final = re.compile(rf"(?i)(--[\w.-]*(?:{TELLING})[ ]+)(?!-)[^\s\"'<>]+")
_BEARER: Final = re.compile(r"(?i)\b(bearer +)(?:(?=\S*[\d._=~+/-])[\w.~+/=-]{6,}|[\w.~+/=-]{16,})")
_BASIC: Final = re.compile(r"\b(Basic +)(?=\S*[\d=+/])[A-Za-z0-9+/]{8,}={0,2}")
_KNOWN: Final = re.compile(
    r"\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}|\bgh[pousr]_\w{8,}|\bgithub_pat_\w{8,}|\bglpat-[\w-]{8,}|"
    r"\bxox[a-z]-[\w-]{4,}|\bxapp-[\w-]{4,}|\bAKIA[0-9A-Z]{12,}|(?<=hooks\.slack\.com/)[^\s\"'<>]+"
)
_STAND_IN: Final = re.compile(r"<secret(?: [0-9a-f]{4})?>")
_NAME: Final = re.compile(rf"(?:.*[^a-z0-9])?(?:{TELLING})|auth|sig|jwt", re.IGNORECASE | re.DOTALL)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SUSPECT: Final = re.compile(
    rf"(?i)[@=]|%40|%3D|-----|(?:{TELLING})|bearer |basic |last-applied|eyJ|gh[pousr]_|_pat_|glpat|xox|xapp|akia|"
    r"hooks\.slack"
)
"""What no secret is without: most words are read once only."""


def without_secrets(text: str, hidden: str = HIDDEN) -> str:
    """*text* without what is secret in it by its place or its form; *hidden* stands there instead."""
    if _SUSPECT.search(text) is None:
        return text
    text = _PEM.sub(hidden, text)
    text = _APPLIED.sub(rf"\g<1>{hidden}", text)
    text = _USER_WITH_ODD_PASSWORD.sub(r"\1", _USER.sub(r"\1", text))
    text = _USER_ALONE.sub("", text)
    text = _PARAMETER.sub(lambda found: _parameter(found, hidden), text)
    text = _AUTHORIZATION.sub(rf"\g<1>{hidden}", text)
    text = _PAIR.sub(lambda found: _pair(found, hidden), text)
    text = _FLAG.sub(rf"\g<1>{hidden}", text)
    text = _BASIC.sub(rf"\g<1>{hidden}", _BEARER.sub(rf"\g<1>{hidden}", text))
    return _KNOWN.sub(hidden, text)


def command_without_secrets(command: str) -> str:
    """The same of a shell command, which stays one."""
    return without_secrets(command, HIDDEN_IN_COMMANDS)


def is_secret(name: str) -> bool:
    """Whether what a field, label or annotation of this name holds is a secret."""
    if name.startswith("__param_"):
        return name.removeprefix("__param_") not in _KEPT_PARAMETERS
    return _NAME.fullmatch(_CAMEL.sub("_", name)) is not None


def is_flag_of_secret(argument: str) -> bool:
    """Whether the argument of a program after this one is a secret, as after ``--password``."""
    return argument.startswith("-") and is_secret(argument.lstrip("-"))


def parameter_without_secret(name: str, value: str) -> str:
    """*value* of a parameter of a scrape, or what stands for it: of equal values the same.

    What stands for it tells values of one parameter apart, so that endpoints keep their identity;
    it is far too short for anybody to guess by it.
    """
    if name in _KEPT_PARAMETERS:
        return without_secrets(value)
    if not value or _STAND_IN.fullmatch(value):
        return value
    return f"<secret {sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:4]}>"


def _parameter(found: re.Match[str], hidden: str) -> str:
    before, name, equals, value = found.groups()
    plain = name == "query" or not any(mark in value for mark in ("@", "%40"))
    if not value or value.startswith((hidden, "$")) or (name in _KEPT_PARAMETERS and plain):
        return found[0]
    return f"{before}{name}{equals}{hidden}"


def _pair(found: re.Match[str], hidden: str) -> str:
    value = found[0][len(found[1]) :]
    if value.lower() in _SCHEMES:
        return found[0]  # what follows is hidden by itself
    if found[1].endswith(" ") and value in _WORDS:
        return found[0]  # `…/token: open …` is an error, and no token
    if value.strip("\\\"'").startswith((HIDDEN, HIDDEN_IN_COMMANDS, "$")) or value in _NO_VALUES:
        return found[0]
    quote = next((mark for mark in ('\\"', '"', "'") if value.startswith(mark)), "")
    return f"{found[1]}{quote}{hidden}{quote}"


_SCHEMES: Final = frozenset({"bearer", "basic", "digest", "token"})
_WORDS: Final = frozenset(
    [
        "open",
        "stat",
        "read",
        "no",
        "not",
        "is",
        "invalid",
        "unexpected",
        "expected",
        "cannot",
        "unable",
        "failed",
        "missing",
        "unknown",
        "permission",
        "EOF",
    ]
)
"""With which errors go on after a colon, so that what stands there is no secret."""

_NO_VALUES: Final = frozenset({"null", "None", "true", "false", '""', "''"})
