"""Tell people, past the store, of a trouble of the store itself: nothing else can be told then."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from watcher.cycles.lanes import Lanes
from watcher.engine.announce import Reason
from watcher.engine.wording import Message
from watcher.errors import NotifyError
from watcher.model.history import Sent
from watcher.model.incidents import Status
from watcher.ports import Notifier

logger = logging.getLogger(__name__)

_HEADLINE: Final = "The watcher cannot keep what it sees"
_OVER: Final = "The watcher can keep what it sees again"


@dataclass(slots=True, kw_only=True)
class StoreTrouble:
    """Told once it lasts for *grace*, and when it is over.

    What was said is remembered in this process alone.
    """

    notifiers: Sequence[Notifier]
    lanes: Lanes
    grace: timedelta
    clock: Callable[[], datetime]
    since: datetime | None = None
    words: str = ""
    told: dict[str, Sent] = field(default_factory=dict)
    """What each receiver heard last of a trouble whose end it has not heard of."""

    @property
    def lasting(self) -> str | None:
        """The trouble in words, where it lasts long enough to be told."""
        if self.since is None or self.clock() - self.since < self.grace:
            return None
        return self.words

    def met(self, words: str) -> None:
        """It is there."""
        if self.since is None:
            self.since = self.clock()
        self.words = words
        if self.lasting is None:
            return
        message = self._message(Status.FIRING, words, self.since)
        for notifier in self.notifiers:
            if notifier.name not in self.told or notifier.resend is not None:
                self.lanes.start(notifier.name, partial(self._tell, notifier, message))

    def over(self) -> None:
        """It is not there."""
        self.since = None
        for notifier in self.notifiers:
            if (sent := self.told.get(notifier.name)) is not None:
                since = sent.since or sent.at
                words = "what was lost meanwhile is told from now on"
                message = self._message(Status.RESOLVED, words, since)
                self.lanes.start(notifier.name, partial(self._tell, notifier, message))

    def _message(self, status: Status, words: str, since: datetime) -> Message:
        over = status is Status.RESOLVED
        return Message(
            subject=f"store@{since.isoformat()}",
            reason=(Reason.RESOLVED if over else Reason.FIRST).value,
            status=status,
            headline=_OVER if over else _HEADLINE,
            summary=words,
            starts_at=since,
            ends_at=self.clock() if over else None,
            severity="blind",
        )

    def _tell(self, notifier: Notifier, message: Message) -> None:
        last = self.told.get(notifier.name)
        try:
            handle = notifier.notify(message, last)
        except NotifyError as error:
            logger.warning("%s was not told of %s: %s", notifier.name, message.headline, error)
            return
        if message.status is Status.RESOLVED:
            self.told.pop(notifier.name, None)
            return
        self.told[notifier.name] = Sent(
            status=message.status,
            cause=None,
            at=message.starts_at,
            handle=handle,
            severity=message.severity,
            since=message.starts_at,
        )
