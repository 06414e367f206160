"""Decide what is worth a message, and name the reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watcher.model.history import Owed, Sent
from watcher.model.incidents import Status


class Reason(StrEnum):
    """Why a message is sent, or that none is."""

    NONE = "none"
    FIRST = "first notification"
    CAUSE_CHANGED = "cause changed"
    CHANGED = "jobs changed"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    REPEAT = "repeat interval elapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What there is to say about a subject.

    *body* is a digest of what would be said beyond status and cause (which jobs, in which state).
    What is *quiet* is told once, and no passing of time has it told again while it lasts.
    """

    status: Status
    cause: str | None = None
    body: str = ""
    severity: str = ""
    quiet: bool = False


URGENT: Final = "critical"
"""The severity that is told at once when something comes to it."""

_FARTHEST: Final = timedelta(days=1)
"""Reminders grow no farther apart than this."""


def why(
    news: News,
    last: Sent | None,
    *,
    owed: Owed | None = None,
    repeat: timedelta,
    now: datetime,
) -> Reason:
    """Why *news* deserve a message now, given the *last* one that was delivered about the subject.

    *owed* is what was written down and not delivered since: of such a problem the end is told too.
    *repeat* is how long after the first message the first reminder comes.
    """
    match news.status, last:
        case Status.PENDING, _:
            return Reason.NONE
        case Status.RESOLVED, Sent(status=Status.FIRING):
            return Reason.RESOLVED
        case Status.RESOLVED, None if owed is not None:
            return Reason.RESOLVED
        case Status.RESOLVED, _:
            return Reason.NONE
        case Status.FIRING, Sent(status=Status.FIRING):
            return _still_firing(news, last, owed, repeat=repeat, now=now)
        case _:
            return Reason.FIRST


def distance(repeat: timedelta, reminders: int) -> timedelta:
    """How long after the last message the next reminder comes: twice as long each time, to a day."""
    doubled: timedelta = repeat * 2 ** min(reminders, 20)
    return max(repeat, min(doubled, _FARTHEST))


def _still_firing(
    news: News, last: Sent, owed: Owed | None, *, repeat: timedelta, now: datetime
) -> Reason:
    if news.severity == URGENT != last.severity and not news.quiet:
        return Reason.ESCALATED
    if last.cause != news.cause:
        return Reason.CAUSE_CHANGED
    if last.body != news.body or (owed is not None and owed.doubtful):
        return Reason.CHANGED
    due = not news.quiet and now - last.at >= distance(repeat, last.reminders)
    return Reason.REPEAT if due else Reason.NONE
