"""Tapes that keep what is asked and answered, and that give it again. Where it is kept is ``recording``'s."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from watcher.adapters import redaction
from watcher.adapters.tape import Answered, Asked
from watcher.errors import SourceUnavailable
from watcher.secrecy import without_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A source that could not be read, in the words of its SourceUnavailable."""

    source: str
    reason: str
    permission: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and what came of it."""

    asked: Asked
    came: Answered | Failed


class Recorder:
    """A Tape that asks the sources and keeps every exchange. Safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[Exchange] = []

    def ask(self, asked: Asked, live: Callable[[], Answered]) -> Answered:
        """Ask, and keep."""
        try:
            answered = live()
        except SourceUnavailable as error:
            came = Failed(source=error.source, reason=error.reason, permission=error.permission)
            self._keep(Exchange(asked=asked, came=came))
            raise
        self._keep(Exchange(asked=asked, came=answered))
        return answered

    def exchanges(self) -> tuple[Exchange, ...]:
        """All of them without their secrets, sorted by request, those of one request in order."""
        with self._lock:
            kept = [Exchange(asked=_key(e.asked), came=_hidden(e.came)) for e in self._kept]
        return tuple(
            sorted(kept, key=lambda e: (e.asked.source, e.asked.path, e.asked.method, e.asked.body))
        )

    def _keep(self, exchange: Exchange) -> None:
        with self._lock:
            self._kept.append(exchange)


class Player:
    """A Tape that gives again what was kept, and asks nobody.

    What was asked several times has its answers in turn; after the last one that stays. Safe among
    threads.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._lock = threading.Lock()
        self._answers: dict[Asked, list[Answered | Failed]] = defaultdict(list)
        for exchange in exchanges:
            self._answers[_key(exchange.asked)].append(exchange.came)

    def ask(self, asked: Asked, live: Callable[[], Answered]) -> Answered:
        """What was answered then. Raises SourceUnavailable for what was not asked then."""
        del live
        with self._lock:
            answers = self._answers.get(_key(asked), [])
            came = answers.pop(0) if len(answers) > 1 else next(iter(answers), None)
        match came:
            case Answered():
                return came
            case Failed():
                raise SourceUnavailable(came.source, came.reason, permission=came.permission)
            case None:
                raise SourceUnavailable(
                    asked.source,
                    f"the recording does not hold {asked.method} {asked.path[:200]}; record it "
                    "again with this version, or look at the source itself",
                )


def _key(asked: Asked) -> Asked:
    """The request as the archive names it: redacted, and so the same on both sides."""
    return Asked(
        source=without_secrets(asked.source),
        path=without_secrets(asked.path),
        method=asked.method,
        body=without_secrets(asked.body),
    )


def _hidden(came: Answered | Failed) -> Answered | Failed:
    match came:
        case Answered():
            body = redaction.body(came.body)
            return Answered(body=body, status=came.status, words=came.words, date=came.date)
        case Failed():
            reason = without_secrets(came.reason)
            return Failed(
                source=without_secrets(came.source), reason=reason, permission=came.permission
            )
