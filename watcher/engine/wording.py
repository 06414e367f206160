"""What is said of a problem, before any markup: once for every place that says it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.model.comparison import JobState
from watcher.model.findings import Evidence, FixStep
from watcher.model.incidents import Status
from watcher.model.names import PoolName, PrometheusName


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One job that a message speaks of."""

    prometheus: PrometheusName
    pool: PoolName
    state: JobState
    monitor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message about one problem, before any markup.

    ``subject`` is the id under which deliveries are remembered; ``reason`` says why it is sent now
    (``announce.Reason``). ``headline`` is one line; ``summary`` the cause in one sentence;
    ``cause`` its code. ``duration`` is set when it ended. ``about`` holds the jobs concerned, one or
    a whole group. ``note`` is set for what is no incident (a blind source, a mass loss).
    """

    subject: str
    reason: str
    status: Status
    headline: str
    summary: str
    about: tuple[Subject, ...] = ()
    cause: str | None = None
    confidence: str | None = None
    link: str | None = None
    starts_at: datetime
    ends_at: datetime | None = None
    last_sample_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    fix: tuple[FixStep, ...] = ()
    undecided: tuple[str, ...] = ()
    severity: str = "warning"
    links: tuple[tuple[str, str], ...] = ()
    """Pairs of a text and a URL."""

    @property
    def duration(self) -> timedelta | None:
        """How long it lasted, None while it goes on."""
        return None if self.ends_at is None else self.ends_at - self.starts_at


def length(duration: timedelta) -> str:
    """A duration as people say it: ``9 d 4 h``, ``12 min``, ``40 s``: two units at the most."""
    seconds = int(duration.total_seconds())
    parts: list[str] = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
