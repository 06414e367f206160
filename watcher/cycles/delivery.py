"""Deliver messages: written down before they are sent, marked once they were accepted.

A kill at any moment leaves a row that says a message may have been taken, so that it is looked up
or said again, never forgotten. What cannot succeed is tried ever less often; a receiver that does
not answer, or asks us to wait, is left alone.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from watcher.cycles import unforeseen
from watcher.cycles.lanes import InTurn, Lanes
from watcher.cycles.tidings import Tidings
from watcher.engine.announce import URGENT, Reason, why
from watcher.engine.wording import Message
from watcher.errors import NotifyError
from watcher.model.history import Owed, Sent
from watcher.model.incidents import Status
from watcher.ports import Notifier, Store

logger = logging.getLogger(__name__)

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=1)
"""How long a message that cannot succeed rests before it is tried again: doubled each time."""

_FORGOTTEN_AFTER: Final = timedelta(days=2)
"""A debt of which nobody has spoken for so long is of a problem or a receiver that is no more."""


class Tally(Protocol):
    """Counts deliveries, for the metrics."""

    def delivered(self, notifier: str) -> None:
        """One more message was accepted."""
        ...

    def refused(self, notifier: str, reason: str) -> None:
        """One more message was not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """One message to one receiver."""

    tidings: Tidings
    reason: Reason
    notifier: Notifier
    last: Sent | None
    owed: Owed | None

    @property
    def key(self) -> tuple[str, str]:
        return (self.tidings.subject, self.notifier.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Tells every receiver what it has to hear.

    The *fallback* hears of what another receiver refuses for good, until its end. *lanes* say
    whether a receiver waits for the others.
    """

    store: Store
    notifiers: Sequence[Notifier]
    tally: Tally
    fallback: Notifier | None = None
    lanes: Lanes = field(default_factory=InTurn)

    def tell(self, tidings: Iterable[Tidings], now: datetime) -> None:
        """Deliver what is due. Raises StoreError alone: what a receiver does is remembered."""
        # Asked before the store: what ends after this is read with its outcome, or left out.
        busy = self.lanes.busy()
        owed = {(each.subject, each.notifier): each for each in self.store.owed()}
        rounds, spoken = defaultdict(list), set()
        for each in tidings:
            for notifier in self._receivers(each, owed):
                name = notifier.name
                spoken.add((each.subject, name))
                if name not in busy and (due := self._due(each, notifier, owed, now)) is not None:
                    rounds[name].append(due)
        for key, debt in owed.items():
            if key not in spoken and key[1] not in busy and now - debt.since > _FORGOTTEN_AFTER:
                self.store.forgive(*key)
        resting = set(_resting(owed.values(), now))
        for name, dues in rounds.items():
            if name not in resting:
                self.lanes.start(name, partial(self._round, dues, now))
        self.lanes.wait(rounds)
        for name in sorted(busy & {notifier for _, notifier in spoken}):
            logger.warning("%s has not ended what it was sending: its messages wait", name)

    def _round(self, dues: Sequence[_Due], now: datetime) -> None:
        """Deliver to one receiver until it had better be left alone."""
        # What failed before comes last, so that no message keeps the others from being sent.
        for due in sorted(dues, key=lambda due: due.owed.tries if due.owed else 0):
            if self.lanes.ending or not self._deliver(due, now):
                return

    def _receivers(
        self, tidings: Tidings, owed: Mapping[tuple[str, str], Owed]
    ) -> Iterator[Notifier]:
        """Those of the route; and those that heard of it before, who must hear of its end, too.

        Where the route names none that is there, as in a dry run, all hear of it. What the others
        were owed before there was a route for it is forgiven.
        """
        subject = tidings.subject
        routed = [each for each in self.notifiers if each.name in tidings.receivers]
        for notifier in self.notifiers:
            if not routed or notifier in routed or self._heard(subject, notifier, owed):
                yield notifier
            elif (subject, notifier.name) in owed:
                self.store.forgive(subject, notifier.name)
        if self.fallback is None:
            return
        refused = any(
            (debt := owed.get((subject, notifier.name))) is not None and debt.permanent
            for notifier in self.notifiers
        )
        if refused or self._heard(subject, self.fallback, {}):
            yield self.fallback

    def _heard(
        self, subject: str, notifier: Notifier, owed: Mapping[tuple[str, str], Owed]
    ) -> bool:
        last = self.store.last_sent(subject, notifier.name)
        debt = owed.get((subject, notifier.name))
        tried = debt is not None and debt.tries > 0  # whose outcome may not be known
        return tried or (last is not None and last.status is Status.FIRING)

    def _due(
        self,
        tidings: Tidings,
        notifier: Notifier,
        owed: Mapping[tuple[str, str], Owed],
        now: datetime,
    ) -> _Due | None:
        debt = owed.get((tidings.subject, notifier.name))
        last = self.store.last_sent(tidings.subject, notifier.name)
        repeat = notifier.resend or tidings.repeat
        plain = replace(last, reminders=0) if last is not None and notifier.resend else last
        news = replace(tidings.news, quiet=tidings.news.quiet and notifier.resend is None)
        reason = why(news, plain, owed=debt, repeat=repeat, now=now)
        if reason is Reason.NONE:
            if debt is not None:
                self.store.forgive(tidings.subject, notifier.name)
            return None
        if debt is not None and debt.not_before is not None and now < debt.not_before:
            return None
        return _Due(tidings=tidings, reason=reason, notifier=notifier, last=last, owed=debt)

    def _deliver(self, due: _Due, now: datetime) -> bool:
        """Deliver one; False where its receiver had better be left alone for now."""
        subject, name = due.key
        debt = due.owed or Owed(subject=subject, notifier=name, since=now)
        tried = replace(debt, tries=debt.tries + 1, doubtful=True)
        message = _worded(due)
        self.store.owe(tried)
        try:
            handle = due.notifier.notify(message, due.last, doubtful=debt.doubtful)
        except Exception as fault:  # noqa: BLE001 -- nothing that a receiver answers ends a watch
            error = fault if isinstance(fault, NotifyError) else _unexpected(name, fault)
            if error is not fault:
                unforeseen.write("telling", fault, of=name)
            self.tally.refused(name, error.reason)
            logger.warning("%s was not told of %s: %s", name, message.headline, error)
            self.store.owe(_failed(tried, debt, error, now))
            return error.permanent
        self.tally.delivered(name)
        self.store.mark_sent(subject, name, replace(_sent(due, message, now), handle=handle))
        return True


def _worded(due: _Due) -> Message:
    """What was critical once stays so; only then somebody is mentioned.

    What ended began when it was told to have begun, or was owed: a mass loss that is over has left
    no other trace.
    """
    message, last = due.tidings.words(due.reason), due.last
    if message.status is Status.RESOLVED:
        message = replace(message, starts_at=min(message.starts_at, *_beginnings(due)))
    told = last.severity if last is not None else ""
    if told and (told == URGENT or message.status is Status.RESOLVED):
        message = replace(message, severity=told)
    return message if message.severity == URGENT else replace(message, mention=None)


def _beginnings(due: _Due) -> Iterator[datetime]:
    if due.last is not None and due.last.status is Status.FIRING:
        yield due.last.since or due.last.at
    if due.owed is not None:
        yield due.owed.since


def _unexpected(name: str, fault: Exception) -> NotifyError:
    """Without the words of *fault*, which may hold an address or a token."""
    return NotifyError(
        f"{name}: an answer that cannot be read ({type(fault).__name__}): it is sent again at the "
        "next watch; check its address, and report this if it stays",
        permanent=False,
        reason="unreadable",
    )


def _sent(due: _Due, message: Message, now: datetime) -> Sent:
    news, last = due.tidings.news, due.last
    reminders = last.reminders if last is not None else 0
    quiet = due.reason is Reason.CHANGED and last is not None
    return Sent(
        status=news.status,
        cause=news.cause,
        at=last.at if quiet and last is not None else now,
        body=news.body,
        severity=message.severity,
        reminders=reminders + (due.reason is Reason.REPEAT),
        since=message.starts_at,
    )


def _failed(tried: Owed, before: Owed, error: NotifyError, now: datetime) -> Owed:
    """What is known after a try that failed: whether it may have been taken, when the next is."""
    wait = None
    if error.retry_after is not None:
        wait = timedelta(seconds=error.retry_after)
    elif error.permanent:
        wait = min(_FIRST_WAIT * 2 ** min(tried.tries - 1, 10), _LONGEST_WAIT)
    return replace(
        tried,
        doubtful=before.doubtful or not (error.permanent or error.retry_after is not None),
        permanent=error.permanent,
        not_before=None if wait is None else now + wait,
        reason=error.reason,
        error=str(error),
    )


def _resting(owed: Iterable[Owed], now: datetime) -> Iterator[str]:
    """The receivers that asked us to wait."""
    for each in owed:
        if each.not_before is not None and not each.permanent and now < each.not_before:
            yield each.notifier
