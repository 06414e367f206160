"""What is worth knowing beside the cause of a loss: the labels it had, silenced alerts, a timeline."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from shlex import quote
from typing import Final

from watcher.diagnosis import timeline
from watcher.diagnosis.blast import blast, told
from watcher.diagnosis.rule import Case
from watcher.model.comparison import Comparison, JobStatus
from watcher.model.facts import LAST_SAMPLE, RULES, Facts, Known
from watcher.model.findings import Diagnosis
from watcher.model.history import JobMemory
from watcher.model.incidents import Incident
from watcher.model.names import JobKey, PoolName
from watcher.model.observations import Observation
from watcher.model.rules import LoadedRule
from watcher.operator.target_labels import Labels, configured_labels

BESIDE: Final = frozenset({RULES.name}) | timeline.NEEDS
"""Facts that are gathered of lost jobs for this."""


def with_labels(
    comparison: Comparison, observation: Observation, memory: Mapping[JobKey, JobMemory]
) -> Comparison:
    """*comparison* with the labels of each job's targets, remembered or supposed where it has none."""
    seen = _seen(observation)

    def labelled(status: JobStatus) -> JobStatus:
        known = memory.get(status.job.key)
        labels = seen.get(status.pool) or (known.labels if known is not None else ())
        supposed = () if labels else _supposed(status, observation)
        return replace(status, labels=labels, supposed=supposed)

    statuses = tuple(map(labelled, comparison.statuses))
    strangers = [seen[pool] for pool in comparison.unexpected if pool in seen]
    return replace(comparison, statuses=_own(statuses, strangers))


def silenced(
    gathered: Iterable[Facts], comparison: Comparison, observation: Observation
) -> Mapping[PoolName, tuple[LoadedRule, ...]]:
    """The alerts that cannot fire, by lost pool; none where the rules could not be read."""
    seen = _seen(observation)
    scraping = {pool.name for s in observation.readable for pool in s.pools.values() if pool.active}
    strangers = [seen.get(pool, ()) for pool in comparison.unexpected if pool in scraping]
    for facts in gathered:
        rules = facts.get(RULES)
        if isinstance(rules, Known):
            return blast(rules.value, comparison.statuses, strangers)
    return {}


def with_beside(
    found: Diagnosis, case: Case, incident: Incident | None, alerts: Sequence[LoadedRule]
) -> Diagnosis:
    """*found* with what is worth knowing of a lost job; of others nothing."""
    if not case.state.lost:
        return found
    lines = [
        told(alerts, f"curl -s {quote(f'{seen.server.url}/api/v1/rules?type=alert')}")
        for seen in case.observation.readable[:1]
        if alerts
    ]
    lost_at = _lost_at(case.facts, incident)
    if lost_at is not None:
        lines += timeline.timeline(case.facts, case.observation, lost_at)
    return replace(found, around=tuple(lines), silenced=tuple(alerts))


def _seen(observation: Observation) -> Mapping[PoolName, Labels]:
    """The labels that all targets of each pool share; a pool without targets has none."""
    seen: dict[PoolName, Labels] = {}
    for server in observation.readable:
        for name, pool in server.pools.items():
            if pool.labels:
                seen.setdefault(name, pool.labels)
    return seen


def _supposed(status: JobStatus, observation: Observation) -> Labels:
    """By the running configuration where that tells, else by the job's own object."""
    for server in observation.readable:
        if status.pool in server.jobs and (
            labels := configured_labels(server.jobs[status.pool].raw)
        ):
            return labels
    return status.job.labels


def _own(statuses: Sequence[JobStatus], strangers: Iterable[Labels]) -> tuple[JobStatus, ...]:
    """*statuses* without supposed labels that another job has too: they would tell of that one."""
    by_job: defaultdict[str, list[frozenset[tuple[str, str]]]] = defaultdict(list)
    for labels in (*(s.labels or s.supposed for s in statuses), *strangers):
        by_job[dict(labels).get("job", "")].append(frozenset(labels))

    def alone(status: JobStatus) -> JobStatus:
        if not status.supposed:
            return status
        mine = frozenset(status.supposed)
        like = sum(mine <= each for each in by_job[dict(status.supposed)["job"]])
        return status if like == 1 else replace(status, supposed=())

    return tuple(map(alone, statuses))


def _lost_at(facts: Facts, incident: Incident | None) -> datetime | None:
    """The last sample, else when the loss was first seen; None where neither is known."""
    sample = facts.get(LAST_SAMPLE)
    if isinstance(sample, Known) and sample.value is not None:
        return sample.value
    return None if incident is None else incident.starts_at
