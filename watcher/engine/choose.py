"""Choose expected jobs by the names that people give them: globs over pools and monitors."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from watcher.errors import ConfigError
from watcher.model.expectations import ExpectedJob
from watcher.model.names import JobKey


def chosen(jobs: Iterable[ExpectedJob], patterns: Iterable[str]) -> tuple[ExpectedJob, ...]:
    """The jobs that any of *patterns* names; all of them where there is no pattern.

    A pattern is a glob over today's pool name, the names that older operators gave, the monitor's
    name and its ``namespace/name``. Raises ConfigError for a pattern that names no job.
    """
    everything, patterns = tuple(jobs), tuple(patterns)
    if not patterns:
        return everything
    found: set[JobKey] = set()
    for pattern in patterns:
        named = {job.key for job in everything if is_named(job, pattern)}
        if not named:
            raise ConfigError(f"{pattern} is no expected job: `watcher expect` lists them")
        found |= named
    return tuple(job for job in everything if job.key in found)


def is_named(job: ExpectedJob, pattern: str) -> bool:
    """Whether *pattern* names *job*."""
    names: list[str] = [*job.names]
    if job.monitor is not None:
        names += [job.monitor.name, f"{job.monitor.namespace}/{job.monitor.name}"]
    return any(fnmatchcase(name, pattern) for name in names)
