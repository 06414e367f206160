"""Tell a job that never gave a sample from one that lost its targets or its samples.

Only the first may be silent, and only on proof: what cannot be asked leaves a job that was never
dormant as it is, and one that was as it was.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from watcher.model.comparison import Comparison, JobState, JobStatus
from watcher.model.facts import Availability, Known
from watcher.model.history import JobMemory
from watcher.model.names import JobKey, PoolName
from watcher.model.observations import Observation

_DROPPING = frozenset({"drop", "keep", "dropequal", "keepequal"})
"""Actions of relabelling that can leave nothing."""


def may_be_dormant(
    status: JobStatus, memory: Mapping[JobKey, JobMemory], observation: Observation
) -> bool:
    """Whether it is worth asking the TSDB about it; never for a pinned job.

    It is empty, our own history never saw a target of it, and no address, pod or node would give it
    one now. Or all its targets are up, its own metric relabelling can drop all that they tell (as
    that of kube-prometheus does for the kubelet's ``/metrics/slis``), and our history never saw it
    with samples; that its targets failed for a while in between does not matter.
    """
    job, remembered = status.job, memory.get(status.job.key)
    if job.pin is not None or job.steering.min_targets:
        return False
    was = None if remembered is None else remembered.state
    if status.state is JobState.EMPTY:
        nothing_there = job.targets == 0 or (job.targets is None and was is JobState.DORMANT)
        return nothing_there and (remembered is None or remembered.most_targets == 0)
    sampled = None if remembered is None else remembered.gave_samples
    if sampled is None:  # as a store of before has it
        sampled = was not in {None, JobState.DORMANT, JobState.EMPTY}
    return not sampled and is_barren(status) and _drops_samples(status.pool, observation)


def is_barren(status: JobStatus) -> bool:
    """Whether it is down though all its targets are up: none of them yields a sample."""
    up = status.targets.up
    return status.state is JobState.DOWN and bool(up) and up == status.targets.active


def with_dormant(
    comparison: Comparison,
    last_samples: Mapping[JobKey, Availability[datetime | None]],
    memory: Mapping[JobKey, JobMemory],
) -> Comparison:
    """*comparison* with the jobs dormant of which the TSDB knows for sure that it has nothing.

    Where it cannot be asked a job that was dormant stays so; one without samples whose history
    nobody knows is unknown.
    """

    def told(status: JobStatus) -> JobStatus:
        match last_samples.get(status.job.key):
            case None:
                return status
            case Known(value=None):
                return replace(status, state=JobState.DORMANT)
            case Known():
                return status
        remembered = memory.get(status.job.key)
        if remembered is not None and remembered.state is JobState.DORMANT:
            return replace(status, state=JobState.DORMANT)
        return replace(status, state=JobState.UNKNOWN) if is_barren(status) else status

    return replace(comparison, statuses=tuple(map(told, comparison.statuses)))


def _drops_samples(pool: PoolName, observation: Observation) -> bool:
    """Whether every server that runs the job has metric relabelling that can drop all samples."""
    running = [s.jobs[pool] for s in observation.readable if pool in s.jobs]
    return bool(running) and all(map(_can_drop, (job.raw for job in running)))


def _can_drop(raw: Mapping[str, object]) -> bool:
    steps = raw.get("metric_relabel_configs")
    return isinstance(steps, list | tuple) and any(
        isinstance(step, Mapping) and step.get("action") in _DROPPING for step in steps
    )
