"""Compare what should be scraped with what every server of one Prometheus scrapes.

Gives each expected job one state, and names the pools that nobody expected. It does not ask why.
"""

from collections.abc import Iterable, Mapping

from watcher.engine.naming import resolve
from watcher.engine.replicas import merged, summed
from watcher.model.comparison import Comparison, JobState, JobStatus, ServerStatus, TargetCounts
from watcher.model.expectations import ExpectedJob, Origin
from watcher.model.names import PoolName, ServerName
from watcher.model.observations import (
    Observation,
    ScrapePool,
    ServerObservation,
    UnreadableServer,
)

_MAYBE_INCLUDED = frozenset({Origin.PINNED, Origin.LEARNED, Origin.CONFIG_FILE})
"""Origins of jobs that may stand in ``scrape_config_files``; the operator never writes those."""


def compare(
    jobs: Iterable[ExpectedJob],
    observed: Observation,
    *,
    named_in_log: Mapping[ServerName, frozenset[PoolName]] | None = None,
) -> Comparison:
    """The state of each of *jobs*, which are those expected of the observed Prometheus.

    *named_in_log* holds the pools that each server's log says could not be made: before 2.55 that
    alone tells such a pool from one whose discovery gives nothing (prometheus.md 1.7).
    """
    logged = named_in_log or {}
    resolved = resolve(jobs, observed)
    statuses = tuple(_status(job, pools, observed, logged) for job, pools in resolved)
    claimed = {pool for _, pools in resolved for pool in pools}
    seen: set[PoolName] = set()
    for server in observed.readable:
        seen |= server.pools.keys() | server.jobs.keys()
    return Comparison(
        prometheus=observed.prometheus,
        taken_at=observed.taken_at,
        statuses=tuple(sorted(statuses, key=lambda s: (s.pool, s.job.key))),
        unexpected=tuple(sorted(seen - claimed)),
    )


def _status(
    job: ExpectedJob,
    pools: tuple[PoolName, ...],
    observed: Observation,
    logged: Mapping[ServerName, frozenset[PoolName]],
) -> JobStatus:
    found: list[ServerStatus | None] = []
    for server in observed.servers:
        if isinstance(server, UnreadableServer):
            found.append(None)
            continue
        named = logged.get(server.server.name, frozenset())
        each = [_on_server(job, pool, server, named=pool in named) for pool in pools]
        found.append(each[0] if len(each) == 1 else _together(each))
    return merged(job, pools[0], observed.servers, found)


def _on_server(
    job: ExpectedJob, name: PoolName, server: ServerObservation, *, named: bool
) -> ServerStatus:
    pool = server.pools.get(name)
    if pool is not None:
        counts = _counts(pool)
        state = state_of(pool) if pool.targets_read else JobState.UNKNOWN
        return ServerStatus(server=server.server.name, state=state, targets=counts)
    return ServerStatus(
        server=server.server.name,
        state=_without_pool(job, name, server, named=named),
        targets=TargetCounts(active=0, up=0, down=0, not_scraped=0),
    )


def state_of(pool: ScrapePool) -> JobState:
    """The state that follows from a pool's targets alone.

    A target not yet scraped counts neither as up nor as down.
    """
    if pool.active == 0:
        return JobState.EMPTY
    if pool.up == 0:
        return JobState.DOWN if pool.down else JobState.UNKNOWN
    if pool.barren is not None and pool.barren >= pool.up:
        return JobState.DOWN
    return JobState.DEGRADED if pool.down or pool.overwritten else JobState.HEALTHY


def _without_pool(
    job: ExpectedJob, name: PoolName, server: ServerObservation, *, named: bool
) -> JobState:
    if server.settling:
        return JobState.UNKNOWN
    if name in server.jobs:
        return _loaded(name, server, named=named)
    if maybe_included(job, server):
        return _perhaps_included(job, name, server, named=named)
    return JobState.MISSING


def _loaded(name: PoolName, server: ServerObservation, *, named: bool) -> JobState:
    """Of a job that *server* has loaded: before 2.55 an empty one has no pool either."""
    if named or server.lists_empty_pools:
        return JobState.UNSTARTED
    if server.metrics is None:
        return JobState.UNKNOWN
    return JobState.UNSTARTED if server.metrics.discovered.get(name, 0) > 0 else JobState.EMPTY


def _perhaps_included(
    job: ExpectedJob, name: PoolName, server: ServerObservation, *, named: bool
) -> JobState:
    """Of a job that may stand in an included file: discovery has a gauge for each that is loaded.

    That of a job that a reload took out stays (2.53 to 3.11), so it proves nothing then of a job
    that no file is known to ask for.
    """
    if named:
        return JobState.UNSTARTED
    if server.metrics is None:
        return JobState.UNKNOWN
    found = server.metrics.discovered.get(name)
    if found is None:
        return JobState.MISSING
    state = _loaded(name, server, named=False)
    asked = job.origin is Origin.CONFIG_FILE and job.gone_since is None
    if asked or not server.reloaded:
        return state
    return JobState.MISSING if state is JobState.UNSTARTED else JobState.UNKNOWN


def maybe_included(job: ExpectedJob, server: ServerObservation) -> bool:
    """Whether *server* may have the job in a file that its configuration includes and not lists."""
    return server.includes and job.origin in _MAYBE_INCLUDED


def _together(each: list[ServerStatus]) -> ServerStatus:
    """One status of several pools on one server, for a pin whose glob finds more than one."""
    states = {status.state for status in each}
    counts = each[0].targets
    for status in each[1:]:
        counts = summed(counts, status.targets)
    state = states.pop() if len(states) == 1 else JobState.DEGRADED
    return ServerStatus(server=each[0].server, state=state, targets=counts)


def _counts(pool: ScrapePool) -> TargetCounts:
    if not pool.targets_read:
        return TargetCounts(active=pool.active, dropped=pool.dropped)
    return TargetCounts(
        active=pool.active,
        up=pool.up,
        down=pool.down,
        not_scraped=pool.not_scraped,
        dropped=pool.dropped,
    )
