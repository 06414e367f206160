"""What one look at everything came to: the immutable value that page, API, metrics and CLI show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watcher.model.comparison import Comparison, JobState, JobStatus
from watcher.model.expectations import Expectations, Unreadable
from watcher.model.findings import Diagnosis, Risk, Undecided
from watcher.model.history import JobMemory, Owed
from watcher.model.incidents import Incident
from watcher.model.mutes import Mute
from watcher.model.names import JobKey
from watcher.model.observations import Observation

SHOWN = 5
"""How many lost jobs the sentence of a result names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One look. ``expectations`` is None when there is no snapshot and none could be taken.

    ``owed`` are the messages that receivers have not taken yet, ``mutes`` those in force.
    """

    at: datetime
    expectations: Expectations | None
    observations: tuple[Observation, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    diagnoses: Mapping[JobKey, Diagnosis] = field(default_factory=dict)
    memory: Mapping[JobKey, JobMemory] = field(default_factory=dict)
    incidents: Mapping[JobKey, Incident] = field(default_factory=dict)
    last_samples: Mapping[JobKey, datetime] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()
    owed: tuple[Owed, ...] = ()
    mutes: tuple[Mute, ...] = ()

    @property
    def statuses(self) -> tuple[JobStatus, ...]:
        """Every expected job, sorted by Prometheus and pool."""
        found = [status for comparison in self.comparisons for status in comparison.statuses]
        return tuple(sorted(found, key=lambda s: (s.job.prometheus, s.pool, s.job.key)))

    @property
    def summary(self) -> Mapping[str, int]:
        """Numbers of jobs; all but ``expected`` add up to it. An ignored job counts only as that."""
        counts = dict.fromkeys(
            ("expected", "healthy", "degraded", "lost", "dormant", "unknown", "ignored"), 0
        )
        for status in self.statuses:
            counts["expected"] += 1
            counts[_column(status, self.at)] += 1
        return counts

    @property
    def watches_nothing(self) -> str | None:
        """Why no job is expected at all, so that none can be missed; None where some are."""
        if self.statuses:
            return None
        if self.unreadable:
            first = self.unreadable[0]
            return f"no job is expected, as {first.source} cannot be read: {first.error}"
        return "no job is expected: name a cluster, servers or configuration files in the settings"

    def __str__(self) -> str:
        """One sentence, as the daemon logs it."""
        counts = self.summary
        sick = [
            f"{s.pool} {s.state}: {self._cause(s)}"
            for s in self.statuses
            if s.state.lost and not s.job.steering.ignores(self.at)
        ]
        parts = [f"{counts['lost']} of {counts['expected']} jobs lost"]
        parts += [f"{counts[k]} {k}" for k in ("degraded", "unknown", "ignored") if counts[k]]
        parts += [f"{len(self.unreadable)} sources unreadable"] if self.unreadable else []
        shown = "; ".join(sick[:SHOWN]) + ("; …" if len(sick) > SHOWN else "")
        return ", ".join(parts) + (f" ({shown})" if shown else "")

    def _cause(self, status: JobStatus) -> str:
        diagnosis = self.diagnoses.get(status.job.key)
        return diagnosis.code if diagnosis else "not diagnosed"


def _column(status: JobStatus, now: datetime) -> str:
    if status.job.steering.ignores(now):
        return "ignored"
    match status.state:
        case JobState.DOWN | JobState.EMPTY | JobState.UNSTARTED | JobState.MISSING:
            return "lost"
        case (JobState.HEALTHY | JobState.DEGRADED | JobState.DORMANT | JobState.UNKNOWN) as state:
            return state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What is at risk, as of one moment."""

    at: datetime
    risks: tuple[Risk, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
