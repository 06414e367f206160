"""The samples of each metric that follows from a result: label values in order, and the value."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from watcher.model.comparison import BADNESS, JobState, JobStatus
from watcher.model.incidents import Status
from watcher.model.results import Result

Samples: TypeAlias = Mapping[tuple[str, ...], float]


def one_per_pool(result: Result) -> Sequence[JobStatus]:
    """One job for each pool name, since a series that stands twice spoils the whole scrape.

    When the first endpoint of a monitor is removed, the second takes over its name: that of the job
    which is still asked for, and of the worse one where both are.
    """
    found: dict[tuple[str, str], JobStatus] = {}
    for status in sorted(result.statuses, key=_precedence, reverse=True):
        found.setdefault((status.job.prometheus, status.pool), status)
    return tuple(found.values())


def named(statuses: Iterable[JobStatus]) -> Samples:
    """Each job with its monitor."""
    return {_labels(status): 1 for status in statuses}


def states(statuses: Iterable[JobStatus]) -> Samples:
    """Each job with every state, 1 for the one that it is in."""
    return {
        (status.job.prometheus, status.pool, state.value): float(state is status.state)
        for status in statuses
        for state in JobState
    }


def targets(statuses: Iterable[JobStatus]) -> Samples:
    """Each job's targets by health, where the number is known."""
    samples: dict[tuple[str, ...], float] = {}
    for status in statuses:
        counts = status.targets
        for health, count in (
            ("up", counts.up),
            ("down", counts.down),
            ("unknown", counts.not_scraped),
        ):
            if count is not None:
                samples[status.job.prometheus, status.pool, health] = count
    return samples


def incidents(result: Result) -> Samples:
    """The start of each incident that fires."""
    samples: dict[tuple[str, ...], float] = {}
    for incident in result.incidents.values():
        if incident.status is Status.FIRING:
            labels = (incident.prometheus, incident.pool, incident.cause or "")
            started = incident.starts_at.timestamp()
            samples[labels] = min(started, samples.get(labels, started))
    return samples


def servers(result: Result) -> Samples:
    """Each server that was asked, 1 where it answered."""
    samples: dict[tuple[str, ...], float] = {}
    for observation in result.observations:
        for server in observation.readable:
            samples[observation.prometheus, server.server.name] = 1
        for silent in observation.unreadable:
            samples[observation.prometheus, silent.server.name] = 0
    return samples


def undelivered(result: Result) -> Samples:
    """How many messages each receiver has been tried with and is still owed."""
    return Counter((each.notifier,) for each in result.owed if each.tries)


def sources(result: Result, names: Iterable[str]) -> Samples:
    """Each of *names*, 1 unless the result calls it unreadable, and whatever else it calls so."""
    samples: dict[tuple[str, ...], float] = {(name,): 1 for name in names}
    for one in (
        *(result.expectations.unreadable if result.expectations else ()),
        *result.unreadable,
    ):
        samples[one.source,] = 0
    return samples


def undecided(result: Result) -> Samples:
    """For how many jobs a rule lacked a fact."""
    counted = Counter[tuple[str, ...]](
        (one.code, one.lacking)
        for diagnosis in result.diagnoses.values()
        for one in diagnosis.undecided
    )
    return {labels: float(count) for labels, count in counted.items()}


def _precedence(status: JobStatus) -> tuple[bool, int]:
    badness = BADNESS.index(status.state) if status.state in BADNESS else -1
    return (status.job.gone_since is None, badness)


def _labels(status: JobStatus) -> tuple[str, ...]:
    ref = status.job.monitor
    monitor = ("", "", "") if ref is None else (ref.kind.value, ref.namespace, ref.name)
    return (status.job.prometheus, status.pool, *monitor)
