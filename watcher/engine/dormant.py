"""Tell an empty job that never had a target from one that lost its targets.

Only the first may be silent, and only on proof: what cannot be asked leaves the job *empty*.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from watcher.model.comparison import Comparison, JobState, JobStatus
from watcher.model.expectations import Origin
from watcher.model.facts import Availability, Known
from watcher.model.history import JobMemory
from watcher.model.names import JobKey


def may_be_dormant(status: JobStatus, memory: Mapping[JobKey, JobMemory]) -> bool:
    """Whether it is worth asking the TSDB about it.

    It is empty, not pinned, our own history never saw a target of it, and no address, pod or node
    would give it one now.
    """
    remembered = memory.get(status.job.key)
    return (
        status.state is JobState.EMPTY
        and status.job.origin is not Origin.PINNED
        and status.job.targets == 0
        and not status.job.steering.min_targets
        and (remembered is None or remembered.most_targets == 0)
    )


def with_dormant(
    comparison: Comparison, last_samples: Mapping[JobKey, Availability[datetime | None]]
) -> Comparison:
    """*comparison* with the jobs dormant of which the TSDB knows for sure that it has nothing."""
    never = {key for key, last in last_samples.items() if last == Known(None)}
    return replace(
        comparison,
        statuses=tuple(
            replace(status, state=JobState.DORMANT) if status.job.key in never else status
            for status in comparison.statuses
        ),
    )
