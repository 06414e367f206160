"""The header ``Retry-After``: how long a peer asks to be left in peace. Pure."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

_LONGEST: Final = 3600.0
"""Seconds: no peer makes us wait for longer, whatever it writes."""


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """The wait that *headers* ask for, in seconds, an hour at most; None where they ask for none.

    A date counts from the answer's own ``Date``, as the peer's clock need not agree with ours;
    without one it asks for nothing.
    """
    by_name = {name.lower(): value.strip() for name, value in headers.items()}
    wait = by_name.get("retry-after", "")
    if wait.isdecimal():
        return min(float(wait), _LONGEST)
    until, now = date(wait), date(by_name.get("date", ""))
    if until is None or now is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), _LONGEST)


def date(text: str) -> datetime | None:
    """A date as HTTP has it, with its zone; None for what is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else None
