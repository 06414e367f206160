"""How what is scraped differs from what should be."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from watcher.model.expectations import ExpectedJob
from watcher.model.names import PoolName, PrometheusName, ServerName


class JobState(StrEnum):
    """State of one expected job.

    Healthy: it yields samples. Degraded: some targets are down, there are fewer than there should
    be, several write the same series, or another server of its Prometheus is worse. Down: every target is down, or all are up and
    none yields a sample. Empty: a pool without targets. Unstarted: configured, no pool. Missing:
    not configured. Unknown: cannot be told, or not scraped yet. Dormant: empty, and nobody ever
    saw a target; or all that its targets tell is dropped by its own metric relabelling, and nobody
    ever saw a sample.
    """

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"
    EMPTY = "empty"
    UNSTARTED = "unstarted"
    MISSING = "missing"
    UNKNOWN = "unknown"
    DORMANT = "dormant"

    @property
    def lost(self) -> bool:
        """Whether the job yields no samples at all."""
        return self in LOST


LOST: Final = frozenset({JobState.DOWN, JobState.EMPTY, JobState.UNSTARTED, JobState.MISSING})

BADNESS: Final = (
    JobState.HEALTHY,
    JobState.DORMANT,
    JobState.DEGRADED,
    JobState.DOWN,
    JobState.EMPTY,
    JobState.UNSTARTED,
    JobState.MISSING,
)
"""From well to worst, by how early in the chain the state breaks it; *unknown* is no place in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCounts:
    """Numbers of targets; None where not known or not asked, never zero for that.

    ``expected`` is how many there should be; ``before`` how many there used to be, where there are
    fewer now and nobody says how many there should be.
    """

    active: int | None = None
    up: int | None = None
    down: int | None = None
    not_scraped: int | None = None
    dropped: int | None = None
    expected: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """The state of one job on one server."""

    server: ServerName
    state: JobState
    targets: TargetCounts = TargetCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """One expected job and the state that it is in, over all servers of its Prometheus.

    ``pool`` is the name that it has (or would have) in the running configuration. ``servers`` holds
    its state on every server. ``disagree`` is true when replicas differ. ``worse`` is the state
    to be explained where it is not ``state`` itself: that of the worse replica, or of the shards on
    which the job is missing or unstarted. ``labels`` are those that all its targets have, or had
    when the job last had some; empty where nobody remembers. ``supposed`` are then those that it
    must have had by what asks for it, empty where another job may have them too.
    """

    job: ExpectedJob
    pool: PoolName
    state: JobState
    targets: TargetCounts = TargetCounts()
    servers: tuple[ServerStatus, ...] = ()
    disagree: bool = False
    settling: bool = False
    worse: JobState | None = None
    labels: tuple[tuple[str, str], ...] = ()
    supposed: tuple[tuple[str, str], ...] = ()

    @property
    def worst(self) -> JobState:
        """The state on the server where it is worst, or the job's own where none can be told."""
        if self.worse is not None:
            return self.worse
        known = [s.state for s in self.servers if s.state is not JobState.UNKNOWN]
        return max(known, key=BADNESS.index) if known and self.disagree else self.state

    def lacks(self, share: float) -> bool:
        """Whether it is degraded so far that *share* of its targets, or more, are down or not there.

        Also where there are fewer than the least number that somebody asks for. What is only fewer
        than there used to be, or not scraped yet, does not count.
        """
        counts = self.targets
        if self.state is not JobState.DEGRADED or counts.active is None:
            return False
        wanted = max(counts.expected or 0, counts.active)
        lacking = wanted - counts.active + (counts.down or 0)
        least = self.job.steering.min_targets
        return (least is not None and counts.active < least) or 0 < share * wanted <= lacking

    @property
    def healthy(self) -> bool:
        """Whether nothing is to be explained."""
        return self.state in {JobState.HEALTHY, JobState.DORMANT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every expected job's state, and the pools that nobody expected, of one Prometheus."""

    prometheus: PrometheusName
    taken_at: datetime
    statuses: tuple[JobStatus, ...]
    unexpected: tuple[PoolName, ...] = ()

    @property
    def lost(self) -> tuple[JobStatus, ...]:
        """Jobs that yield no samples."""
        return tuple(status for status in self.statuses if status.state.lost)
