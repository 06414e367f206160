"""What the store remembers beyond incidents: jobs, watches, blindness, and what was said."""

from dataclasses import dataclass
from datetime import datetime

from watcher.model.comparison import JobState
from watcher.model.incidents import Status
from watcher.model.names import PoolName, PrometheusName


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualTargets:
    """How many targets a job used to have: ``count``, 0 where that is not known yet.

    ``last`` is the number that was last seen, and ``since`` when it was first seen without a break.
    """

    count: int = 0
    last: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMemory:
    """What is remembered of one job.

    ``state`` is the last one that could be told, ``since`` when it was first seen in it without
    a break. ``most_targets`` is the greatest number of active targets ever seen, 0 for none.
    ``labels`` are those that all its targets shared when it last had some, ``usual`` how many it
    used to have. ``gave_samples``: whether it was ever seen with samples, None where that is not
    remembered.
    """

    prometheus: PrometheusName
    pool: PoolName
    state: JobState
    since: datetime
    most_targets: int = 0
    labels: tuple[tuple[str, str], ...] = ()
    usual: UsualTargets = UsualTargets()
    gave_samples: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRecord:
    """The sum of one watch: numbers of jobs by state (as in the JSON's summary)."""

    at: datetime
    expected: int
    healthy: int
    degraded: int
    lost: int
    dormant: int
    unknown: int
    ignored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blindness:
    """A spell in which a source could not be read. ``until`` is None while it is ongoing."""

    source: str
    since: datetime
    error: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The last message that was delivered about a subject.

    ``at`` is when it last said more than which jobs are concerned, ``since`` when what it tells
    began, None in a store of before. ``handle`` is the receiver's own
    name of it, ``body`` a digest of what it said. ``severity`` is the highest that was told,
    ``reminders`` counts how often it was told again unchanged.
    """

    status: Status
    cause: str | None
    at: datetime
    handle: str = ""
    body: str = ""
    severity: str = ""
    reminders: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A message that a notifier is owed about a subject: written down before it is sent.

    It is owed from *since* until it was accepted. ``doubtful``: a try was begun whose outcome is
    not known, so that the receiver may have taken it. ``not_before`` is when the next try may be
    made, None for at once. ``reason`` and ``error`` are those of the last failure, empty before one.
    """

    subject: str
    notifier: str
    since: datetime
    tries: int = 0
    doubtful: bool = False
    permanent: bool = False
    not_before: datetime | None = None
    reason: str = ""
    error: str = ""
