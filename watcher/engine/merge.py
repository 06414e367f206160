"""What was expected stays expected: merge a fresh snapshot with what is remembered.

A monitor that disappears is not evidence that nobody wants it: removal is accepted, not assumed.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.engine.identity import Endpoint, endpoint_of, with_lasting_keys
from watcher.engine.mass_loss import mass_losses
from watcher.model.expectations import Expectations, ExpectedJob, WatchedPrometheus
from watcher.model.names import JobKey, PoolName, PrometheusName


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How long a job that is no longer declared is kept.

    ``mass_loss`` is the share of the baseline whose removal at once is not believed.
    """

    retire_after: timedelta = timedelta(days=8)
    mass_loss: float = 0.2


def combined(found: Sequence[Expectations]) -> Expectations:
    """Several sources' expectations as one; for a job that several ask for, the first one speaks.

    An endpoint is one job, whatever each source says of its fields. A job that is known by its
    pool's name alone is left out where another source explains that pool. A monitor is selected by
    nobody only if no source knows better.
    """
    jobs: dict[JobKey, ExpectedJob] = {}
    endpoints: set[Endpoint | None] = set()
    explained: set[tuple[PrometheusName, PoolName]] = set()
    watched: dict[str, WatchedPrometheus] = {}
    for expectations in found:
        for job in expectations.jobs:
            if endpoint_of(job) in endpoints:
                continue
            if job.monitor is not None or (job.prometheus, job.pool) not in explained:
                jobs.setdefault(job.key, job)
        endpoints |= {endpoint_of(job) for job in expectations.jobs} - {None}
        explained |= _pools(expectations.jobs)
        for prometheus in expectations.prometheuses:
            watched.setdefault(prometheus.name, prometheus)
    selected = {job.monitor for job in jobs.values()}
    unselected = {u.monitor: u for e in reversed(found) for u in e.unselected}
    return Expectations(
        taken_at=found[0].taken_at,
        prometheuses=tuple(watched.values()),
        jobs=tuple(jobs.values()),
        objects={ref: raw for e in reversed(found) for ref, raw in e.objects.items()},
        unselected=tuple(u for ref, u in sorted(unselected.items()) if ref not in selected),
        unreadable=tuple(u for e in found for u in e.unreadable),
        unserved=tuple(sorted({kind for e in found for kind in e.unserved})),
        nodes=next((e.nodes for e in found if e.nodes is not None), None),
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

    A job keeps the key that it had, whatever fields of its endpoint were changed.
    A job is left out when its removal was accepted, when its monitor continues with fewer endpoints
    (its owner removed this one), when it was known by its pool's name
    alone and another source explains that pool now, or when it is gone longer than
    ``retire_after`` and its Prometheus has no mass loss. What an unreadable source would have told
    stays as it was, and is not gone.
    """
    if before is None:
        return fresh
    fresh = replace(fresh, jobs=with_lasting_keys(before.jobs, fresh.jobs))
    hidden = frozenset(name for unreadable in fresh.unreadable for name in unreadable.hides)
    replaced = _Replaced(fresh)
    left = tuple(
        job if is_hidden(job, hidden) else _gone(job, now)
        for job in before.jobs
        if job.key not in accepted and not replaced.stands_for(job, hidden)
    )
    kept = _not_retired(left, fresh, keeping, now)
    monitors = {job.monitor for job in kept}
    # A monitor that is gone still says whose pool it is; so a running one is not expected twice.
    spoken_for = _pools([job for job in kept if job.monitor is not None])
    return replace(
        fresh,
        prometheuses=_prometheuses(before, fresh, kept, hidden),
        jobs=tuple(job for job in fresh.jobs if not _is_named_in(job, spoken_for)) + kept,
        objects={**fresh.objects, **{r: o for r, o in before.objects.items() if r in monitors}},
        unselected=tuple(u for u in fresh.unselected if u.monitor not in monitors),
    )


def is_hidden(job: ExpectedJob, hidden: AbstractSet[str]) -> bool:
    """Whether what asks for *job* is among what could not be read."""
    names = {"Prometheus", job.origin.value, f"{job.origin.value} {job.prometheus}"}
    if job.monitor is not None:
        names |= {str(job.monitor), job.monitor.kind.value}
    return not names.isdisjoint(hidden)


class _Replaced:
    """Which jobs of before a fresh snapshot answers for."""

    def __init__(self, fresh: Expectations) -> None:
        self._asked = {job.key for job in fresh.jobs}
        self._going_on = {(job.prometheus, job.monitor) for job in fresh.jobs if job.monitor}
        self._explained = _pools(fresh.jobs)
        self._watched = {prometheus.name for prometheus in fresh.prometheuses}

    def stands_for(self, job: ExpectedJob, hidden: AbstractSet[str]) -> bool:
        """Whether *job* is asked for still, continues as another one, or is a pin taken back."""
        if job.key in self._asked or (job.prometheus, job.monitor) in self._going_on:
            return True
        if job.pin is not None:
            return job.prometheus in self._watched and not is_hidden(job, hidden)
        return job.monitor is None and (job.prometheus, job.pool) in self._explained


def _is_named_in(job: ExpectedJob, pools: AbstractSet[tuple[PrometheusName, PoolName]]) -> bool:
    """Whether *job*, known by its pool's name alone, is one of *pools*."""
    return job.monitor is None and job.pin is None and (job.prometheus, job.pool) in pools


def _pools(jobs: Sequence[ExpectedJob]) -> set[tuple[PrometheusName, PoolName]]:
    return {(job.prometheus, name) for job in jobs if job.pin is None for name in job.names}


def _gone(job: ExpectedJob, now: datetime) -> ExpectedJob:
    return job if job.gone_since else replace(job, gone_since=now)


def _not_retired(
    left: tuple[ExpectedJob, ...], fresh: Expectations, keeping: Keeping, now: datetime
) -> tuple[ExpectedJob, ...]:
    lost = mass_losses((*fresh.jobs, *left), fresh.unserved, keeping.mass_loss)
    return tuple(
        job
        for job in left
        if job.gone_since is None
        or job.prometheus in lost
        or now - job.gone_since < keeping.retire_after
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
