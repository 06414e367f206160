"""The watch cycle: look, follow the incidents, keep the outcome, tell people."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from watcher.cycles.look import Look, Remembered
from watcher.engine.announce import Reason, why
from watcher.engine.blind import spells
from watcher.engine.group import Problem, assign, problems
from watcher.engine.track import Policy, track
from watcher.engine.wording import Context, Message, of_blindness, of_problem
from watcher.errors import NotifyError
from watcher.model.comparison import JobState
from watcher.model.expectations import Expectations, Unreadable
from watcher.model.facts import Known
from watcher.model.findings import Confidence, Found, Link
from watcher.model.history import Blindness, JobMemory, Sent, WatchRecord
from watcher.model.incidents import Incident, Status
from watcher.model.names import JobKey
from watcher.model.results import Result
from watcher.ports import Notifier, Store

logger = logging.getLogger(__name__)

_REMEMBERED_FOR = timedelta(days=2)
"""How long after its end a spell of blindness is still told to a receiver that was away."""


class Tally(Protocol):
    """Counts deliveries, for the metrics."""

    def delivered(self, notifier: str) -> None:
        """One more message was accepted."""
        ...

    def refused(self, notifier: str, reason: str) -> None:
        """One more message was not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Compares what is scraped with the latest snapshot, and follows up."""

    look: Look
    store: Store
    notifiers: Sequence[Notifier]
    tally: Tally
    policy: Policy
    repeat: timedelta
    blind_grace: timedelta
    clock: Callable[[], datetime]

    def run(self) -> Result:
        """Run once; the answer's ``str`` is the line for the log."""
        now = self.clock()
        expectations = self.store.expectations() or Expectations(taken_at=now)
        incidents = self.store.ongoing()
        memory = self.store.memory()
        remembered = Remembered(
            memory=memory, incidents=incidents, mounts=Known(tuple(self.store.mount_history()))
        )
        result = self.look.at(expectations, remembered, now)
        causes = {k: d.cause for k, d in result.diagnoses.items() if d.cause is not None}
        transitions = assign(
            track(
                incidents,
                result.statuses,
                causes,
                held=_held(result, causes, self.look.settle),
                policy=self.policy,
                now=now,
            ),
            incidents,
        )
        blindness = spells(self.store.blindness(), result.unreadable, now)
        memory = remember_states(result, now)
        self.store.record(watch_record(result), memory, transitions, blindness)
        after = dict(incidents)
        for transition in transitions:
            after[transition.after.job] = transition.after
        going_on = {k: i for k, i in after.items() if i.status is not Status.RESOLVED}
        result = replace(
            result,
            memory=memory,
            incidents=going_on,
            unreadable=with_since(result.unreadable, blindness),
        )
        self._tell(result, now)
        return result

    def _tell(self, result: Result, now: datetime) -> None:
        about = contexts(result)
        for problem in problems(self.store.unsettled()):
            body = _digest(problem)
            for notifier in self.notifiers:
                last = self.store.last_sent(problem.id, notifier.name)
                cause = problem.spokesman.cause
                reason = why(problem.status, cause, body, last, repeat=self.repeat, now=now)
                if reason is not Reason.NONE:
                    sent = Sent(status=problem.status, cause=cause, at=now, body=body)
                    self._deliver(notifier, of_problem(problem, reason, about), sent, last)
        for spell in self.store.blind_spells(now - _REMEMBERED_FOR, now):
            self._tell_blindness(spell, now)

    def _tell_blindness(self, spell: Blindness, now: datetime) -> None:
        over = spell.until is not None
        if not over and now - spell.since < self.blind_grace:
            return
        status = Status.RESOLVED if over else Status.FIRING
        for notifier in self.notifiers:
            source = Unreadable(source=spell.source, error=spell.error)
            subject = of_blindness(source, spell.since, spell.until, Reason.FIRST).subject
            last = self.store.last_sent(subject, notifier.name)
            reason = why(status, None, "", last, repeat=self.repeat, now=now)
            if reason is not Reason.NONE:
                message = of_blindness(source, spell.since, spell.until, reason)
                self._deliver(notifier, message, Sent(status=status, cause=None, at=now), last)

    def _deliver(self, notifier: Notifier, message: Message, sent: Sent, last: Sent | None) -> None:
        """Deliver, and only then remember it: a message is told at least once."""
        try:
            handle = notifier.notify(message, last)
        except NotifyError as error:
            self.tally.refused(notifier.name, error.reason)
            logger.warning("%s was not told of %s: %s", notifier.name, message.headline, error)
        else:
            self.tally.delivered(notifier.name)
            self.store.mark_sent(message.subject, notifier.name, replace(sent, handle=handle))


def remember_states(result: Result, now: datetime) -> Mapping[JobKey, JobMemory]:
    """What is remembered of each job after *result*; an *unknown* one stays as it was."""
    memory = dict(result.memory)
    for status in result.statuses:
        before = memory.get(status.job.key)
        if status.state is JobState.UNKNOWN:
            continue
        same = before is not None and before.state is status.state
        memory[status.job.key] = JobMemory(
            prometheus=status.job.prometheus,
            pool=status.pool,
            state=status.state,
            since=before.since if before is not None and same else now,
            most_targets=max(
                before.most_targets if before is not None else 0, status.targets.active or 0
            ),
        )
    return memory


def watch_record(result: Result) -> WatchRecord:
    """The sum of one look."""
    return WatchRecord(at=result.at, **result.summary)


def with_since(
    unreadable: Iterable[Unreadable], blindness: Iterable[Blindness]
) -> tuple[Unreadable, ...]:
    """*unreadable* with the time since which each is."""
    since = {spell.source: spell.since for spell in blindness if spell.until is None}
    return tuple(replace(u, since=since.get(u.source, u.since)) for u in unreadable)


def contexts(result: Result) -> Mapping[str, Context]:
    """What messages say of each incident beyond the incident itself, by its id."""
    by_key: Mapping[JobKey, Incident] = result.incidents
    found = {}
    for status in result.statuses:
        incident = by_key.get(status.job.key)
        if incident is None:
            continue
        diagnosis = result.diagnoses.get(status.job.key)
        found[incident.id] = Context(
            monitor=str(status.job.monitor) if status.job.monitor else None,
            last_sample_at=result.last_samples.get(status.job.key),
            undecided=diagnosis.undecided if diagnosis else (),
            severity=status.job.steering.severity,
        )
    return found


def _held(result: Result, causes: Mapping[JobKey, Found], settle: timedelta) -> frozenset[JobKey]:
    """Jobs that were changed a moment ago, but for those with certain proof at *created*."""
    held = set()
    for status in result.statuses:
        changed = [at for at in (status.job.changed_at, status.job.gone_since) if at is not None]
        if not changed or result.at - max(changed) >= settle:
            continue
        cause = causes.get(status.job.key)
        proven = (
            cause is not None
            and cause.link is Link.CREATED
            and cause.finding.confidence is Confidence.CERTAIN
        )
        if not proven:
            held.add(status.job.key)
    return frozenset(held)


def _digest(problem: Problem) -> str:
    """What is said beyond status and cause: which jobs, and how they are."""
    said = "\n".join(f"{i.pool} {i.state}" for i in problem.open)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
