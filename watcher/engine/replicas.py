"""Merge one job's states on several servers into one.

Servers of one replica are shards: their targets are summed. Replicas ought to be alike.
"""

from collections.abc import Mapping, Sequence

from watcher.model.comparison import BADNESS, JobState, JobStatus, ServerStatus, TargetCounts
from watcher.model.expectations import ExpectedJob, ExpectedServer
from watcher.model.names import PoolName
from watcher.model.observations import ServerObservation, UnreadableServer

_NOWHERE = (JobState.MISSING, JobState.UNSTARTED)


def merged(
    job: ExpectedJob,
    pool: PoolName,
    servers: Sequence[ServerObservation | UnreadableServer],
    found: Sequence[ServerStatus | None],
) -> JobStatus:
    """The job's state over all *servers*; *found* is its status on each, None for unreadable ones.

    An unreadable server is stood in for by another replica of its shard; where there is none, the
    job is *unknown*: not seeing is not seeing nothing.
    """
    by_place = {
        (server.server.replica, server.server.shard): (server.server, status)
        for server, status in zip(servers, found, strict=True)
    }
    shown = tuple(
        status or ServerStatus(server=server.server.name, state=JobState.UNKNOWN)
        for server, status in zip(servers, found, strict=True)
    )
    replicas = _replicas(job, by_place)
    if replicas is None:
        unknown = TargetCounts(expected=job.targets)
        return JobStatus(job=job, pool=pool, state=JobState.UNKNOWN, targets=unknown, servers=shown)
    known = [replica for replica in replicas if replica[0] is not JobState.UNKNOWN]
    state, counts = max(known or replicas, key=lambda r: _rank(r[0]))
    disagree = len({state for state, _ in known}) > 1
    return JobStatus(
        job=job,
        pool=pool,
        state=JobState.DEGRADED if disagree else state,
        targets=TargetCounts(
            active=counts.active,
            up=counts.up,
            down=counts.down,
            not_scraped=counts.not_scraped,
            dropped=counts.dropped,
            expected=job.targets,
        ),
        servers=shown,
        disagree=disagree,
        settling=any(isinstance(s, ServerObservation) and s.settling for s in servers),
        worse=_worse(state, shown),
    )


def _worse(state: JobState, shown: Sequence[ServerStatus]) -> JobState:
    """The state to be explained, given that of the worse replica.

    A replica is degraded by one shard on which the job is missing; that is then to be explained.
    The worst state of any single server would be wrong: a shard without targets is no loss.
    """
    if state is not JobState.DEGRADED:
        return state
    return next((n for n in _NOWHERE if any(s.state is n for s in shown)), state)


def _replicas(
    job: ExpectedJob,
    by_place: Mapping[tuple[int, int], tuple[ExpectedServer, ServerStatus | None]],
) -> list[tuple[JobState, TargetCounts]] | None:
    """State and counts of each replica that can be read at all, None if a whole shard cannot."""
    shards = sorted({shard for _, shard in by_place})
    numbers = sorted({replica for replica, _ in by_place})
    instead: dict[int, tuple[ExpectedServer, ServerStatus]] = {}
    for (_, shard), (server, status) in sorted(by_place.items()):
        if status is not None:
            instead.setdefault(shard, (server, status))
    if len(instead) < len(shards) or not shards:
        return None
    states = []
    for replica in numbers:
        own = [by_place.get((replica, shard)) for shard in shards]
        if not any(place and place[1] for place in own):
            continue
        row = [
            (place[0], place[1]) if place and place[1] else instead[shard]
            for shard, place in zip(shards, own, strict=True)
        ]
        states.append(_over_shards(job, row))
    return states


def _over_shards(
    job: ExpectedJob, row: Sequence[tuple[ExpectedServer, ServerStatus]]
) -> tuple[JobState, TargetCounts]:
    """One replica: targets are summed, and *empty* counts only if all its shards are empty."""
    counts = row[0][1].targets
    for _, status in row[1:]:
        counts = summed(counts, status.targets)
    states = [status.state for server, status in row if not _idle(server, status)]
    if not states:
        return JobState.EMPTY, counts
    for nowhere in _NOWHERE:
        if nowhere in states:
            return (nowhere if set(states) == {nowhere} else JobState.DEGRADED), counts
    yielding = [state for state in states if state is not JobState.EMPTY]
    if not yielding:
        return JobState.EMPTY, counts
    return _fewer(job, _of_targets(yielding), counts), counts


def _idle(server: ExpectedServer, status: ServerStatus) -> bool:
    """Retained shards keep all pools and have no targets, by design (operator.md 2.4)."""
    return server.retained and status.state is JobState.EMPTY


def _of_targets(states: Sequence[JobState]) -> JobState:
    """The state over shards that have targets: alike, or some yield and some do not."""
    known = {state for state in states if state is not JobState.UNKNOWN}
    if not known:
        return JobState.UNKNOWN
    return known.pop() if len(known) == 1 else JobState.DEGRADED


def _fewer(job: ExpectedJob, state: JobState, counts: TargetCounts) -> JobState:
    """Healthy turns degraded where there are fewer targets than there should be."""
    wanted = max(job.targets or 0, job.steering.min_targets or 0)
    if state is JobState.HEALTHY and counts.active is not None and counts.active < wanted:
        return JobState.DEGRADED
    return state


def summed(one: TargetCounts, other: TargetCounts) -> TargetCounts:
    """Counts of both; a number that is not known in one is not known in the sum."""
    return TargetCounts(
        active=_plus(one.active, other.active),
        up=_plus(one.up, other.up),
        down=_plus(one.down, other.down),
        not_scraped=_plus(one.not_scraped, other.not_scraped),
        dropped=_plus(one.dropped, other.dropped),
    )


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _rank(state: JobState) -> int:
    return -1 if state is JobState.UNKNOWN else BADNESS.index(state)
