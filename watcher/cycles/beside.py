"""What is worth knowing beside the cause of a loss: the labels it had, silenced alerts, a timeline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
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

BESIDE: Final = frozenset({RULES.name}) | timeline.NEEDS
"""Facts that are gathered of lost jobs for this."""


def with_labels(
    comparison: Comparison, observation: Observation, memory: Mapping[JobKey, JobMemory]
) -> Comparison:
    """*comparison* with the labels of each job's targets, or those that are remembered of it."""
    seen: dict[PoolName, tuple[tuple[str, str], ...]] = {}
    for server in observation.readable:
        for name, pool in server.pools.items():
            if pool.labels:
                seen.setdefault(name, pool.labels)

    def labelled(status: JobStatus) -> JobStatus:
        known = memory.get(status.job.key)
        labels = seen.get(status.pool) or (known.labels if known is not None else ())
        return replace(status, labels=labels)

    return replace(comparison, statuses=tuple(map(labelled, comparison.statuses)))


def silenced(
    gathered: Iterable[Facts], statuses: Sequence[JobStatus]
) -> Mapping[PoolName, tuple[LoadedRule, ...]]:
    """The alerts that cannot fire, by lost pool; none where the rules could not be read."""
    for facts in gathered:
        rules = facts.get(RULES)
        if isinstance(rules, Known):
            return blast(rules.value, statuses)
    return {}


def with_beside(
    found: Diagnosis, case: Case, incident: Incident | None, alerts: Sequence[LoadedRule]
) -> Diagnosis:
    """*found* with what is worth knowing of a lost job; of others nothing."""
    if not case.state.lost:
        return found
    lines = [
        told(alerts, f"curl -s '{seen.server.url}/api/v1/rules?type=alert'")
        for seen in case.observation.readable[:1]
        if alerts
    ]
    lost_at = _lost_at(case.facts, incident)
    if lost_at is not None:
        lines += timeline.timeline(case.facts, case.observation, lost_at)
    return replace(found, beside=tuple(lines), silenced=tuple(alerts))


def _lost_at(facts: Facts, incident: Incident | None) -> datetime | None:
    """The last sample, else when the loss was first seen; None where neither is known."""
    sample = facts.get(LAST_SAMPLE)
    if isinstance(sample, Known) and sample.value is not None:
        return sample.value
    return None if incident is None else incident.starts_at
