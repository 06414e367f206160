"""All jobs with their states at one moment, kept in a file: before an upgrade, and after it."""

from dataclasses import dataclass
from datetime import datetime

from watcher.model.comparison import JobState
from watcher.model.names import JobKey, PoolName, PrometheusName


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedJob:
    """One expected job. Numbers of targets are None where they were not known."""

    key: JobKey
    prometheus: PrometheusName
    pool: PoolName
    state: JobState
    active: int | None = None
    up: int | None = None
    expected: int | None = None
    ignored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """All expected jobs at one moment; ``complete`` is false where something could not be read."""

    at: datetime
    jobs: tuple[SavedJob, ...] = ()
    complete: bool = True
