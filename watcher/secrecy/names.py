"""Which names are those of secrets: of fields, labels, headers, flags and parameters."""

import re
from typing import Final

TELLING: Final = (
    r"(?<!com)(?<!by)pass(?:words?|wd|phrases?)?|(?<![a-z])pwd?|(?<![a-z])psk|(?<![a-z])otp|tokens?|"
    r"secret|signature|authorization|(?:api|access|account|auth|private|routing|secret|service)[_-]?key|"
    r"\bx-[\w-]*key|credentials?|cookie|session[_-]?id|code[_-]verifier|dockerconfigjson|dockercfg"
)
"""Ends of names whose values are secrets."""

KEPT_PARAMETERS: Final = frozenset(
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
        "labels",
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

KEPT_HEADERS: Final = frozenset({"accept", "content-type", "host", "user-agent"})
"""Headers that are shown; what another one holds may be a secret whatever it is called."""

ERRORS: Final = frozenset(
    [
        "a", "an", "and", "authentication", "both", "can't", "cannot", "check", "could", "couldn't",
        "EOF", "error", "expected", "expired", "failed", "field", "file", "flag", "for", "in",
        "invalid", "is", "key", "lookup", "missing", "must", "name", "no", "none", "not", "of", "open",
        "or", "password", "permission", "read", "rejected", "required", "requires", "secret", "Secret",
        "stat", "the", "token", "type", "unable", "unauthorized", "unexpected", "unknown", "was",
    ]
)  # fmt: skip
"""With which an error continues after a colon or a flag, so that what stands there is no secret."""

_NAME: Final = re.compile(
    rf"(?:.*[^a-z0-9])?(?:{TELLING})|auth|.*_auth|sig|jwt", re.IGNORECASE | re.DOTALL
)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def is_secret(name: str) -> bool:
    """Whether what a field, label or annotation of this name holds is a secret."""
    if name.startswith("__param_"):
        return name.removeprefix("__param_") not in KEPT_PARAMETERS
    return _NAME.fullmatch(_CAMEL.sub("_", name)) is not None


def is_flag_of_secret(argument: str) -> bool:
    """Whether the argument of a program after this one is a secret, as after ``--password``."""
    return argument.startswith("-") and is_secret(argument.lstrip("-"))
