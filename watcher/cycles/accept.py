"""Accept removals: a person says that what is gone was meant to go."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from watcher.engine.choose import chosen
from watcher.errors import ConfigError, StoreError
from watcher.model.expectations import Expectations, ExpectedJob
from watcher.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """Takes removals as meant, in the store; the next watch and snapshot go by it."""

    store: Store
    clock: Callable[[], datetime]

    def named(self, names: Sequence[str]) -> tuple[ExpectedJob, ...]:
        """Accept the removal of the jobs that *names* (globs) name, and answer them.

        Raises ConfigError for a name of no job, or of jobs that all still stand; StoreError where
        nothing is remembered yet.
        """
        expected = self._expected()
        for name in names:
            found = chosen(expected.jobs, (name,))
            if all(job.gone_since is None for job in found):
                raise ConfigError(_stands(found[0], expected.taken_at))
        return self._accepted(chosen(expected.jobs, names) if names else ())

    def all_in(self, namespace: str) -> tuple[ExpectedJob, ...]:
        """Accept every removal of monitors in *namespace*, and answer the jobs; none is no error."""
        return self._accepted(
            job
            for job in self._expected().jobs
            if job.monitor is not None and job.monitor.namespace == namespace
        )

    def _expected(self) -> Expectations:
        expected = self.store.expectations()
        if expected is None:
            raise StoreError(
                "nothing is remembered yet, so nothing can be gone: let `watcher run` take a"
                " snapshot first, and name its settings with --config"
            )
        return expected

    def _accepted(self, jobs: Iterable[ExpectedJob]) -> tuple[ExpectedJob, ...]:
        gone = tuple(job for job in jobs if job.gone_since is not None)
        if gone:
            self.store.accept([job.key for job in gone], self.clock())
        return gone


def _stands(job: ExpectedJob, seen: datetime) -> str:
    asks = str(job.monitor) if job.monitor is not None else f"source {job.origin.value}"
    return (
        f"{job.pool} is not gone: {asks} asked for it at {seen:%Y-%m-%d %H:%M:%S} UTC, and only a"
        " removal can be accepted: if it was removed since, the next snapshot will see it; to leave it"
        " unwatched annotate the monitor with watcher/ignore"
    )
