"""What the operator may refuse a monitor for, and how a refusal is told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from watcher.model.facts import Unavailable


class Reason(StrEnum):
    """Why prometheus-operator v0.93.0 rejects one object while all others continue."""

    SELECTOR = "bad-selector"
    SELECTOR_MECHANISM = "selector-mechanism-unsupported"
    TOKEN_FILE_DENIED = "token-file-denied"  # noqa: S105 -- the name of a reason
    TLS_FILE_DENIED = "tls-file-denied"
    SEVERAL_AUTH_METHODS = "several-auth-methods"
    AUTHORIZATION = "bad-authorization"
    TLS = "bad-tls-config"
    SAFE_TLS = "bad-safe-tls-config"
    REFERENCE_MISSING = "reference-missing"
    KEY_MISSING = "key-missing"
    PEM = "bad-pem"
    OAUTH2 = "bad-oauth2"
    TIMEOUT = "timeout-above-interval"
    RELABELING = "bad-relabeling"
    SCRAPE_CLASS = "scrape-class-unknown"
    PROXY = "bad-proxy"
    NO_TARGETS = "probe-without-targets"
    PROBER_URL = "bad-prober-url"
    STATIC_LABEL = "bad-static-label"
    DISCOVERY = "bad-discovery"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One reason for which the operator rejects the object; *text* is in the operator's words."""

    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class Untold:
    """One thing that could be such a reason and could not be looked at; *text* says what.

    *lacking* says why, where something could not be read.
    """

    reason: Reason
    text: str
    lacking: Unavailable | None = None


Problem: TypeAlias = Rejection | Untold
Problems: TypeAlias = Iterator[Problem]


def under(prefix: str, problems: Iterable[Problem]) -> Problems:
    """*problems* with their place in the object before their text."""
    for problem in problems:
        yield replace(problem, text=f"{prefix}: {problem.text}")
