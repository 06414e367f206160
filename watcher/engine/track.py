"""Turn one look into changes of incidents: pending, firing, resolved."""

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.model.comparison import JobState, JobStatus
from watcher.model.findings import Found
from watcher.model.incidents import Ending, Incident, Status, Transition
from watcher.model.names import JobKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When an incident fires and when it ends.

    It fires once the job was lost in ``pending_watches`` watches and for ``pending_for``; it ends
    once the job was well in ``resolve_watches`` watches in a row. A job of which ``partial_share`` of the
    targets are down or lack counts as lost once that has lasted for ``partial_for``. A job that was lost more than
    ``flap_turns`` times within ``flap_window`` flaps: its incident continues until it was well, or
    lost, for ``flap_window`` without a break.
    """

    pending_watches: int = 2
    pending_for: timedelta = timedelta(minutes=1)
    partial_share: float = 0.2
    partial_for: timedelta = timedelta(minutes=5)
    resolve_watches: int = 2
    flap_turns: int = 4
    flap_window: timedelta = timedelta(hours=1)


def turns(incidents: Iterable[Incident], policy: Policy, now: datetime) -> Mapping[JobKey, int]:
    """How often each job was lost, long enough to be told, within the window that flapping has."""
    since = now - policy.flap_window
    return Counter(i.job for i in incidents if i.fired_at is not None and i.fired_at >= since)


def track(
    ongoing: Mapping[JobKey, Incident],
    statuses: Iterable[JobStatus],
    causes: Mapping[JobKey, Found],
    *,
    held: AbstractSet[JobKey] = frozenset(),
    lately: Mapping[JobKey, int] | None = None,
    policy: Policy,
    now: datetime,
) -> tuple[Transition, ...]:
    """The changes that *statuses* bring to the *ongoing* incidents.

    *causes* has the finding of each job whose cause was found; the others keep the cause that they
    had. Jobs in *held* were changed a moment ago and do not fire yet; *lately* is what ``turns``
    says. An *unknown* job changes nothing. An ongoing incident whose job is no longer expected ends
    as retired. Called again at the same moment with its result applied, it gives no further change.
    """
    transitions = []
    expected = set()
    for status in statuses:
        key = status.job.key
        expected.add(key)
        before = ongoing.get(key)
        moment = _Moment(
            status=status,
            cause=causes.get(key),
            policy=policy,
            now=now,
            hold=key in held,
            lately=(lately or {}).get(key, 0),
        )
        after = moment.after(before)
        if after is not None and after != before:
            transitions.append(Transition(before=before, after=after, at=now))
    for key in sorted(ongoing.keys() - expected):
        ended = replace(
            ongoing[key], status=Status.RESOLVED, ends_at=now, ending=Ending.RETIRED, seen_at=now
        )
        transitions.append(Transition(before=ongoing[key], after=ended, at=now))
    return tuple(sorted(transitions, key=lambda t: t.after.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """All that bears on one job's incident at one watch."""

    status: JobStatus
    cause: Found | None
    policy: Policy
    now: datetime
    hold: bool
    lately: int

    def after(self, before: Incident | None) -> Incident | None:
        """The incident as it is after this watch, None while there is none."""
        if before is not None and before.seen_at == self.now:
            return before
        if self.status.state is JobState.UNKNOWN:
            return before
        if self.status.job.steering.ignores(self.now):
            return self._ended(before, Ending.RETIRED)
        if before is not None and before.flapping:
            return self._flapping(before)
        if self.lost:
            return self._lost(before)
        return self._well(before)

    @property
    def lost(self) -> bool:
        """Whether it is lost, or so much of it that people are told."""
        return self.status.state.lost or self.status.lacks(self.policy.partial_share)

    def _lost(self, before: Incident | None) -> Incident:
        if before is not None and before.status is Status.FIRING:
            return replace(self._seen(before), seen_at=before.seen_at, good_watches=0)
        partial = not self.status.state.lost
        if before is not None and not before.state.lost and not partial:
            # That a part was lost says nothing of how long all of it is.
            before = replace(before, starts_at=self.now, watches=0)
        started = self._seen(before or self._begun())
        watches = started.watches + 1
        wait = self.policy.partial_for if partial else self.policy.pending_for
        due = watches >= self.policy.pending_watches and self.now - started.starts_at >= wait
        pending = replace(started, watches=watches)
        return self._fired(pending) if due and not self.hold else pending

    def _begun(self) -> Incident:
        job = self.status.job
        return Incident(
            id=f"{job.key}@{self.now.isoformat()}",
            job=job.key,
            prometheus=job.prometheus,
            pool=self.status.pool,
            state=self.status.state,
            status=Status.PENDING,
            starts_at=self.now,
            seen_at=self.now,
            watches=0,
        )

    def _seen(self, incident: Incident) -> Incident:
        """With the state and cause of this watch; one that was not found now stays the last one."""
        return replace(
            incident,
            state=self.status.state,
            pool=self.status.pool,
            seen_at=self.now,
            cause=self.cause.code if self.cause else incident.cause,
            found=self.cause or incident.found,
        )

    def _fired(self, pending: Incident) -> Incident:
        turns = self.lately + 1
        flaps = turns > self.policy.flap_turns
        return replace(
            pending,
            status=Status.FIRING,
            fired_at=self.now,
            turns=turns if flaps else 0,
            turned_at=self.now if flaps else None,
        )

    def _well(self, before: Incident | None) -> Incident | None:
        """One good watch ends what was only pending; what fired needs several in a row."""
        if before is None:
            return None
        good = before.good_watches + 1
        if before.status is Status.FIRING and good < self.policy.resolve_watches:
            return replace(before, good_watches=good, seen_at=self.now)
        return self._ended(replace(before, good_watches=good), Ending.RECOVERED)

    def _flapping(self, before: Incident) -> Incident | None:
        """It changes only when the job turns, and when it has settled, either way."""
        lost, was_lost = self.lost, before.good_watches == 0
        if lost is not was_lost:
            good = 0 if lost else 1
            return replace(before, good_watches=good, turned_at=self.now, seen_at=self.now)
        if self.now - (before.turned_at or before.starts_at) < self.policy.flap_window:
            return before
        if not lost:
            return self._ended(before, Ending.RECOVERED)
        return replace(self._seen(before), turns=0, turned_at=None)

    def _ended(self, before: Incident | None, ending: Ending) -> Incident | None:
        if before is None:
            return None
        return replace(
            before, status=Status.RESOLVED, ends_at=self.now, ending=ending, seen_at=self.now
        )
