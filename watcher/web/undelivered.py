"""What receivers have not taken, summed up by receiver and reason for the page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from watcher.model.history import Owed


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """So many messages that one receiver refuses for one reason, the oldest owed *since* then."""

    notifier: str
    reason: str
    error: str
    count: int
    since: datetime


def undelivered(owed: Iterable[Owed]) -> tuple[Undelivered, ...]:
    """Those that were tried and not taken; what is on its way is none of them."""
    failed = sorted(
        (each for each in owed if each.reason), key=lambda o: (o.notifier, o.reason, o.since)
    )
    found = []
    for (notifier, reason), group in groupby(failed, key=lambda o: (o.notifier, o.reason)):
        several = list(group)
        found.append(
            Undelivered(
                notifier=notifier,
                reason=reason,
                error=several[-1].error,
                count=len(several),
                since=several[0].since,
            )
        )
    return tuple(found)
