"""What should be scraped as the servers' own running configuration says it.

For a Prometheus that nothing else speaks for: its configured jobs are expected, so that a pool that
is not there is seen, and a job that leaves the configuration stays expected until that is accepted.
"""

from collections.abc import Sequence
from datetime import datetime

from watcher.errors import SourceUnavailable
from watcher.model.expectations import (
    Expectations,
    ExpectedJob,
    Origin,
    Unreadable,
    WatchedPrometheus,
)
from watcher.model.facts import MountRecord
from watcher.model.names import JobKey, PoolName
from watcher.model.observations import ServerObservation
from watcher.ports import Observer


class RunningConfiguration:
    """Fits the port ExpectationSource. *origin* says as what its jobs count."""

    name = "running configuration"

    def __init__(
        self, observer: Observer, prometheuses: Sequence[WatchedPrometheus], origin: Origin
    ) -> None:
        self._observer = observer
        self._prometheuses = tuple(prometheuses)
        self._origin = origin

    def snapshot(self, now: datetime) -> Expectations:
        """Every job that a server has configured or made a pool of.

        Raises SourceUnavailable when not one server could be read.
        """
        jobs: list[ExpectedJob] = []
        unreadable: list[Unreadable] = []
        for prometheus in self._prometheuses:
            found: dict[PoolName, ExpectedJob] = {}
            for server in prometheus.servers:
                seen = self._observer.observe(server, now)
                if isinstance(seen, ServerObservation):
                    found |= {pool: self._job(prometheus, pool) for pool in _pools(seen)}
                else:
                    source = f"running configuration of {prometheus.name} {server.name}"
                    unreadable.append(
                        Unreadable(source=source, error=seen.error, hides=("Prometheus",))
                    )
            jobs += found.values()
        if unreadable and not jobs:
            raise SourceUnavailable(unreadable[0].source, unreadable[0].error)
        return Expectations(
            taken_at=now,
            prometheuses=self._prometheuses,
            jobs=tuple(jobs),
            unreadable=tuple(unreadable),
        )

    def mounts(self, now: datetime) -> Sequence[MountRecord]:  # noqa: ARG002 -- the port's form
        """None: a server knows nothing of its mounts."""
        return ()

    def _job(self, prometheus: WatchedPrometheus, pool: PoolName) -> ExpectedJob:
        return ExpectedJob(
            key=JobKey(f"{prometheus.name}|{self._origin}|{pool}"),
            prometheus=prometheus.name,
            pool=pool,
            origin=self._origin,
        )


def _pools(seen: ServerObservation) -> set[PoolName]:
    return seen.jobs.keys() | seen.pools.keys()
