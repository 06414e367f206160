"""Find the pool of each expected job: by today's name, by an older operator's, or by a pin."""

from collections.abc import Iterable, Sequence

from watcher.engine.pins import matching, seen_pools
from watcher.model.expectations import ExpectedJob, Origin
from watcher.model.names import PoolName
from watcher.model.observations import Observation


def resolve(
    jobs: Iterable[ExpectedJob], observed: Observation
) -> Sequence[tuple[ExpectedJob, tuple[PoolName, ...]]]:
    """Each job with the pools that are its own: one, or for a pin all that it finds.

    A job that has no pool anywhere goes by the name that the others' operator would give it:
    operators before v0.47 gave no prefix (operator.md 1.2).
    """
    jobs = tuple(jobs)
    seen: set[PoolName] = set()
    for server in observed.readable:
        seen |= server.jobs.keys() | server.pools.keys()
    old = _old_names(jobs, seen)
    return [
        (
            job,
            _pinned(job, jobs, observed)
            if job.origin is Origin.PINNED
            else _pools(job, seen, old=old),
        )
        for job in jobs
    ]


def _old_names(jobs: Sequence[ExpectedJob], seen: set[PoolName]) -> bool:
    """Whether the running configuration goes by older names: some are seen, and none of today's."""
    return not any(job.pool in seen for job in jobs if job.aliases) and any(
        alias in seen for job in jobs for alias in job.aliases
    )


def _pools(job: ExpectedJob, seen: set[PoolName], *, old: bool) -> tuple[PoolName, ...]:
    for name in job.names:
        if name in seen:
            return (name,)
    return (job.aliases[0],) if old and job.aliases else (job.pool,)


def _pinned(
    job: ExpectedJob, jobs: Sequence[ExpectedJob], observed: Observation
) -> tuple[PoolName, ...]:
    """All that a pin finds, but for what is another job's where there is more than that."""
    others = {name for each in jobs if each.origin is not Origin.PINNED for name in each.names}
    found = matching(job.pin, seen_pools(observed))
    return tuple(sorted(found - others) or sorted(found)) or (job.pool,)
