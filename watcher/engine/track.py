"""Turn one look into changes of incidents: pending, firing, resolved."""

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
    once the job was well in ``resolve_watches`` watches in a row.
    """

    pending_watches: int = 2
    pending_for: timedelta = timedelta(minutes=1)
    resolve_watches: int = 2


def track(
    ongoing: Mapping[JobKey, Incident],
    statuses: Iterable[JobStatus],
    causes: Mapping[JobKey, Found],
    *,
    held: AbstractSet[JobKey] = frozenset(),
    policy: Policy,
    now: datetime,
) -> tuple[Transition, ...]:
    """The changes that *statuses* bring to the *ongoing* incidents.

    *causes* has the finding of each job whose cause was found; the others keep the cause that they had. Jobs in
    *held* were changed a moment ago and do not fire yet. An *unknown* job changes nothing. An
    ongoing incident whose job is no longer expected ends as retired. Called again at the same
    moment with its result applied, it gives no further change.
    """
    transitions = []
    expected = set()
    for status in statuses:
        key = status.job.key
        expected.add(key)
        before = ongoing.get(key)
        after = _after(before, status, causes.get(key), policy, now, hold=key in held)
        if after is not None and after != before:
            transitions.append(Transition(before=before, after=after, at=now))
    for key in sorted(ongoing.keys() - expected):
        ended = replace(
            ongoing[key], status=Status.RESOLVED, ends_at=now, ending=Ending.RETIRED, seen_at=now
        )
        transitions.append(Transition(before=ongoing[key], after=ended, at=now))
    return tuple(sorted(transitions, key=lambda t: t.after.id))


def _after(
    before: Incident | None,
    status: JobStatus,
    cause: Found | None,
    policy: Policy,
    now: datetime,
    *,
    hold: bool,
) -> Incident | None:
    if before is not None and before.seen_at == now:
        return before
    if status.state is JobState.UNKNOWN:
        return before
    if status.job.steering.ignores(now):
        return _retired(before, now)
    if status.state.lost:
        return _lost(before, status, cause, policy, now, hold=hold)
    return _well(before, policy, now)


def _retired(before: Incident | None, now: datetime) -> Incident | None:
    """An ignored job has no incident."""
    if before is None:
        return None
    return replace(before, status=Status.RESOLVED, ends_at=now, ending=Ending.RETIRED, seen_at=now)


def _lost(
    before: Incident | None,
    status: JobStatus,
    cause: Found | None,
    policy: Policy,
    now: datetime,
    *,
    hold: bool,
) -> Incident:
    started = before or Incident(
        id=f"{status.job.key}@{now.isoformat()}",
        job=status.job.key,
        prometheus=status.job.prometheus,
        pool=status.pool,
        state=status.state,
        status=Status.PENDING,
        starts_at=now,
        seen_at=now,
        watches=0,
    )
    if started.status is Status.FIRING:
        return replace(
            started,
            state=status.state,
            pool=status.pool,
            good_watches=0,
            cause=cause.code if cause else started.cause,
            found=cause or started.found,
        )
    watches = started.watches + 1
    due = watches >= policy.pending_watches and now - started.starts_at >= policy.pending_for
    return replace(
        started,
        state=status.state,
        pool=status.pool,
        status=Status.FIRING if due and not hold else Status.PENDING,
        watches=watches,
        seen_at=now,
        cause=cause.code if cause else started.cause,
        found=cause or started.found,
    )


def _well(before: Incident | None, policy: Policy, now: datetime) -> Incident | None:
    """One good watch ends what was only pending; what fired needs several in a row."""
    if before is None:
        return None
    good = before.good_watches + 1
    if before.status is Status.FIRING and good < policy.resolve_watches:
        return replace(before, good_watches=good, seen_at=now)
    return replace(
        before,
        status=Status.RESOLVED,
        good_watches=good,
        seen_at=now,
        ends_at=now,
        ending=Ending.RECOVERED,
    )
