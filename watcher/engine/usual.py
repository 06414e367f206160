"""How many targets a job used to have, where nobody says how many it should have.

Fewer than that is no loss: a workload may have been scaled down. It is shown for a day, and then
taken as meant.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from watcher.model.comparison import Comparison, JobState, JobStatus
from watcher.model.expectations import Origin
from watcher.model.history import JobMemory, UsualTargets
from watcher.model.names import JobKey

MORE_AFTER: Final = timedelta(hours=1)
"""So long more targets must be there to be the usual number: a rollout has too many for a while."""

FEWER_AFTER: Final = timedelta(days=1)


def with_fewer(comparison: Comparison, memory: Mapping[JobKey, JobMemory]) -> Comparison:
    """*comparison* with the jobs degraded that are well and have fewer targets than they used to."""

    def judged(status: JobStatus) -> JobStatus:
        known = memory.get(status.job.key)
        active = status.targets.active
        if known is None or not active or not _uncounted(status):
            return status
        if active >= known.usual.count:
            return status
        counts = replace(status.targets, before=known.usual.count)
        worse = JobState.DEGRADED
        return replace(status, state=worse, worse=worse, targets=counts)

    return replace(comparison, statuses=tuple(map(judged, comparison.statuses)))


def usual(before: UsualTargets, active: int | None, now: datetime) -> UsualTargets:
    """What is usual after *active* targets were seen at *now*; None or none at all change nothing."""
    if not active:
        return before
    if not before.count:
        return UsualTargets(count=active, last=active, since=now)
    since = before.since if active == before.last and before.since is not None else now
    needed = MORE_AFTER if active > before.count else FEWER_AFTER
    count = active if now - since >= needed else before.count
    return UsualTargets(count=count, last=active, since=since)


def _uncounted(status: JobStatus) -> bool:
    job = status.job
    said = job.targets is not None or job.steering.min_targets is not None
    return status.state is JobState.HEALTHY and job.origin is not Origin.PINNED and not said
