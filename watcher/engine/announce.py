"""Decide what is worth a message, and name the reason."""

from datetime import datetime, timedelta
from enum import StrEnum

from watcher.model.history import Sent
from watcher.model.incidents import Status


class Reason(StrEnum):
    """Why a message is sent, or that none is."""

    NONE = "none"
    FIRST = "first notification"
    CAUSE_CHANGED = "cause changed"
    CHANGED = "jobs changed"
    RESOLVED = "resolved"
    REPEAT = "repeat interval elapsed"


def why(
    status: Status,
    cause: str | None,
    body: str,
    last: Sent | None,
    *,
    repeat: timedelta,
    now: datetime,
) -> Reason:
    """Why a problem deserves a message now, given the *last* one that was delivered about it.

    *body* is a digest of what would be said beyond status and cause (which jobs, in which state).
    """
    match status, last:
        case Status.PENDING, _:
            return Reason.NONE
        case Status.RESOLVED, Sent(status=Status.FIRING):
            return Reason.RESOLVED
        case Status.RESOLVED, _:
            return Reason.NONE
        case Status.FIRING, Sent(status=Status.FIRING):
            return _still_firing(cause, body, last, repeat=repeat, now=now)
        case _:
            return Reason.FIRST


def _still_firing(
    cause: str | None, body: str, last: Sent, *, repeat: timedelta, now: datetime
) -> Reason:
    if last.cause != cause:
        return Reason.CAUSE_CHANGED
    if last.body != body:
        return Reason.CHANGED
    return Reason.REPEAT if now - last.at >= repeat else Reason.NONE
