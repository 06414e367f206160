"""Which job a fresh snapshot's job is: an endpoint stays the one that it was when its fields change.

A key is given when a job is first seen, by what its endpoint asks for, and kept from then on. A pool's
name is no identity: when an endpoint is removed, those after it take the names of those before them.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Final, TypeAlias

from watcher.model.expectations import ExpectedJob
from watcher.model.names import JobKey, MonitorRef, PrometheusName

Endpoint: TypeAlias = tuple[PrometheusName, MonitorRef, int]

_ALIKE: Final[tuple[Callable[[ExpectedJob], Hashable], ...]] = (
    lambda job: (job.asks, job.endpoint),
    lambda job: job.asks,
    lambda job: job.endpoint,
)
"""What makes an endpoint of before the same as one of now: the first of these by which one is found.

One that asks for the same is the same wherever it stands in the list; what is left is told by its
place in it.
"""


def endpoint_of(job: ExpectedJob) -> Endpoint | None:
    """The place in a monitor's list that *job* is of; None where its object has one job only."""
    if job.monitor is None or job.endpoint is None:
        return None
    return (job.prometheus, job.monitor, job.endpoint)


def with_lasting_keys(
    before: Iterable[ExpectedJob], fresh: Iterable[ExpectedJob]
) -> tuple[ExpectedJob, ...]:
    """*fresh*, each with the key that it had *before*, whatever of its endpoint was changed.

    Of endpoints that were changed and moved at once nobody can tell which became which: they are
    paired by their place.
    """
    of_before, of_fresh = _by_monitor(before), tuple(fresh)
    keys: dict[JobKey, JobKey] = {}
    for monitor, jobs in _by_monitor(of_fresh).items():
        keys |= _keys(of_before.get(monitor, ()), jobs)
    return tuple(replace(job, key=keys.get(job.key, job.key)) for job in of_fresh)


def _by_monitor(jobs: Iterable[ExpectedJob]) -> dict[Hashable, list[ExpectedJob]]:
    found: dict[Hashable, list[ExpectedJob]] = defaultdict(list)
    for job in jobs:
        if endpoint_of(job) is not None:
            found[job.prometheus, job.monitor].append(job)
    return dict(found)


def _keys(before: Sequence[ExpectedJob], fresh: Sequence[ExpectedJob]) -> dict[JobKey, JobKey]:
    """The lasting key by the one that each of *fresh* has by what it asks for now."""
    keys: dict[JobKey, JobKey] = {}
    for alike in _ALIKE:
        waiting: dict[Hashable, deque[JobKey]] = defaultdict(deque)
        taken = set(keys.values())
        for job in before:
            if job.key not in taken:
                waiting[alike(job)].append(job.key)
        for job in fresh:
            if job.key not in keys and waiting[alike(job)]:
                keys[job.key] = waiting[alike(job)].popleft()
    new = [job.key for job in fresh if job.key not in keys]
    taken = set(keys.values())
    for key in new:
        keys[key] = _free(key, taken | set(new) - {key})
        taken.add(keys[key])
    return keys


def _free(key: JobKey, taken: set[JobKey]) -> JobKey:
    """*key*, or one with a number where an endpoint that asks for something else by now has it."""
    if key not in taken:
        return key
    return next(other for n in count(2) if (other := JobKey(f"{key} #{n}")) not in taken)
