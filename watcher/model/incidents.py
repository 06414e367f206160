"""A lost job over time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watcher.model.comparison import JobState
from watcher.model.findings import Found
from watcher.model.names import JobKey, PoolName, PrometheusName


class Status(StrEnum):
    """Status of an incident, in Alertmanager's words."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Ending(StrEnum):
    """How an incident ended."""

    RECOVERED = "recovered"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One job's loss, from when it was first seen to when it was over.

    ``id`` is made of the job's key and ``starts_at``. ``watches`` counts the watches in which the
    job was lost until it fired, ``good_watches`` the consecutive ones in which it was well again,
    since one alone does not end it; ``seen_at`` is when one of them last moved. ``cause`` is the
    last one found and ``found`` its finding; a rule that turned undecided does not take them away.
    ``group`` is the id of the problem that it is told as a part of, None until it fires;
    ``grouped_by`` is the cause and proof that it fired with and was grouped by (``engine.group``),
    empty in a store of before, and ``fired_at`` is when it did. ``turns`` is how often the job was lost in a short while when that
    was found to be too often, 0 while it was not; such an incident lasts until the job no longer
    turns, and ``turned_at`` is when it last did.
    """

    id: str
    job: JobKey
    prometheus: PrometheusName
    pool: PoolName
    state: JobState
    status: Status
    starts_at: datetime
    seen_at: datetime
    watches: int = 1
    good_watches: int = 0
    ends_at: datetime | None = None
    ending: Ending | None = None
    cause: str | None = None
    found: Found | None = None
    group: str | None = None
    grouped_by: tuple[str, ...] = ()
    fired_at: datetime | None = None
    turns: int = 0
    turned_at: datetime | None = None

    @property
    def flapping(self) -> bool:
        """Whether the job comes and goes too often for each time to be told."""
        return self.turns > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of an incident; history is nothing else."""

    before: Incident | None
    after: Incident
    at: datetime
