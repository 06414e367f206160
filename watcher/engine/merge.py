"""What was expected stays expected: merge a fresh snapshot with what is remembered.

A monitor that disappears is not evidence that nobody wants it: removal is accepted, not assumed.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.model.expectations import Expectations, ExpectedJob, WatchedPrometheus
from watcher.model.names import JobKey

AT_LEAST = 5
"""Fewer removals than this at once are never called a mass loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long what nobody asks for any more is kept.

    ``mass_loss`` is the share of the baseline whose removal at once is not believed.
    """

    retire_after: timedelta = timedelta(days=8)
    mass_loss: float = 0.2


def combined(found: Sequence[Expectations]) -> Expectations:
    """Several sources' expectations as one; for a job that several ask for, the first one speaks.

    A job that is known by its pool's name alone is left out where another source explains that
    pool.
    """
    jobs: dict[JobKey, ExpectedJob] = {}
    explained: set[tuple[str, str]] = set()
    watched: dict[str, WatchedPrometheus] = {}
    for expectations in found:
        for job in expectations.jobs:
            if job.monitor is not None or (job.prometheus, job.pool) not in explained:
                jobs.setdefault(job.key, job)
        explained |= {(job.prometheus, name) for job in expectations.jobs for name in job.names}
        for prometheus in expectations.prometheuses:
            watched.setdefault(prometheus.name, prometheus)
    return Expectations(
        taken_at=found[0].taken_at,
        prometheuses=tuple(watched.values()),
        jobs=tuple(jobs.values()),
        objects={ref: raw for e in reversed(found) for ref, raw in e.objects.items()},
        unselected=tuple(u for e in found for u in e.unselected),
        unreadable=tuple(u for e in found for u in e.unreadable),
    )


def remember(
    before: Expectations | None,
    fresh: Expectations,
    *,
    keeping: Keeping,
    now: datetime,
    accepted: AbstractSet[JobKey] = frozenset(),
) -> Expectations:
    """*fresh*, and with it every job of *before* that is not in it, marked as gone.

    A job is left out when its removal was accepted, when its monitor goes on with other endpoints
    (they were renamed, replaced or removed by its owner), or when it is gone longer than
    ``retire_after`` and there is no mass loss. What an unreadable source would have told stays as
    it was, and is not gone.
    """
    if before is None:
        return fresh
    hidden = {name for unreadable in fresh.unreadable for name in unreadable.hides}
    asked = {job.key for job in fresh.jobs}
    going_on = {(job.prometheus, job.monitor) for job in fresh.jobs if job.monitor}
    left = [
        job if _is_hidden(job, hidden) else _gone(job, now)
        for job in before.jobs
        if job.key not in asked
        and job.key not in accepted
        and (job.prometheus, job.monitor) not in going_on
    ]
    kept = _not_retired(left, len(before.jobs), keeping, now)
    monitors = {job.monitor for job in kept}
    return replace(
        fresh,
        prometheuses=_prometheuses(before, fresh, kept, hidden),
        jobs=fresh.jobs + kept,
        objects={**fresh.objects, **{r: o for r, o in before.objects.items() if r in monitors}},
        unselected=tuple(u for u in fresh.unselected if u.monitor not in monitors),
    )


def is_mass_loss(jobs: Sequence[ExpectedJob], keeping: Keeping) -> bool:
    """Whether the unaccepted removals among *jobs* are together too many to be believed."""
    gone = sum(job.gone_since is not None for job in jobs)
    return gone >= AT_LEAST and gone > keeping.mass_loss * len(jobs)


def _is_hidden(job: ExpectedJob, hidden: AbstractSet[str]) -> bool:
    if "Prometheus" in hidden:
        return True
    return job.monitor is not None and bool({str(job.monitor), job.monitor.kind} & hidden)


def _gone(job: ExpectedJob, now: datetime) -> ExpectedJob:
    return job if job.gone_since else replace(job, gone_since=now)


def _not_retired(
    left: Sequence[ExpectedJob], baseline: int, keeping: Keeping, now: datetime
) -> tuple[ExpectedJob, ...]:
    gone = [job for job in left if job.gone_since]
    if len(gone) >= AT_LEAST and len(gone) > keeping.mass_loss * baseline:
        return tuple(left)
    return tuple(
        job for job in left if not job.gone_since or now - job.gone_since < keeping.retire_after
    )


def _prometheuses(
    before: Expectations,
    fresh: Expectations,
    kept: Sequence[ExpectedJob],
    hidden: AbstractSet[str],
) -> tuple[WatchedPrometheus, ...]:
    """Those of *fresh*, and those of *before* that kept jobs belong to.

    Where the pods could not be read, the servers are those that there were.
    """
    old = {prometheus.name: prometheus for prometheus in before.prometheuses}
    found = {prometheus.name: prometheus for prometheus in fresh.prometheuses}
    for name, prometheus in found.items():
        if not prometheus.servers and "Pod" in hidden and name in old:
            found[name] = replace(prometheus, servers=old[name].servers)
    for job in kept:
        if job.prometheus in old:
            found.setdefault(job.prometheus, old[job.prometheus])
    return tuple(found.values())
