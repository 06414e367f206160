"""The one seam at which everything that is read can be kept, and given again.

A request has a source, a method, a path with its query, and a body; what answers it is bytes with a
status. Nothing here knows what is asked, or where recordings are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. ``source`` is a server's address, or the name of something that is not a server."""

    source: str
    path: str
    method: str = "GET"
    body: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One whole answer. ``words`` go with the status, ``date`` is the answerer's clock (HTTP)."""

    body: bytes
    status: int = 200
    words: str = ""
    date: str | None = None


class Tape(Protocol):
    """Through which everything is asked."""

    def ask(self, asked: Asked, live: Callable[[], Answered]) -> Answered:
        """The answer to *asked*; *live* asks the source itself. Raises SourceUnavailable."""
        ...


class _Live:
    def ask(self, asked: Asked, live: Callable[[], Answered]) -> Answered:
        del asked
        return live()


LIVE: Final[Tape] = _Live()
"""Asks the sources themselves, and keeps nothing."""
