"""What should be scraped as the servers' own running configuration says it.

For what nothing else speaks for: its configured jobs are expected, so that a pool that is not there
is seen, and a job that leaves the configuration stays expected until that is accepted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase

from watcher.adapters.configuration.files import configured, configured_key
from watcher.model.expectations import (
    Expectations,
    ExpectedJob,
    Origin,
    Pin,
    Unreadable,
    WatchedPrometheus,
)
from watcher.model.names import PoolName
from watcher.model.observations import RunningJob, ServerObservation
from watcher.operator.names import parse_pool
from watcher.ports import Observer


class RunningConfiguration:
    """Fits the port Supplement.

    Speaks for three things: a Prometheus without a resource of which no source knows a job, the
    ``additionalScrapeConfigs`` of one that has them (their Secret may not be read), and with
    *learned* whatever else runs; but for what a pin finds already. It asks no other server.
    """

    def __init__(
        self, observer: Observer, *, learned: bool = False, pins: Sequence[Pin] = ()
    ) -> None:
        self._observer = observer
        self._learned = learned
        self._pins = tuple(pins)

    def beside(self, declared: Expectations, now: datetime) -> Expectations:
        """The jobs that servers have configured, or made a pool of, and that nobody declares.

        None while it is not known which Prometheuses have a resource.
        """
        if any("Prometheus" in unreadable.hides for unreadable in declared.unreadable):
            return Expectations(taken_at=now)
        jobs: list[ExpectedJob] = []
        unreadable: list[Unreadable] = []
        for prometheus in declared.prometheuses:
            own = [job for job in declared.jobs if job.prometheus == prometheus.name]
            origins = self._origins(prometheus, own)
            if origins:
                running = self._running(prometheus, origins, now, unreadable)
                jobs += self._jobs(prometheus, running, own, origins)
        return Expectations(taken_at=now, jobs=tuple(jobs), unreadable=tuple(unreadable))

    def _origins(
        self, prometheus: WatchedPrometheus, own: Sequence[ExpectedJob]
    ) -> tuple[Origin, ...]:
        """As what its running jobs count; of two the first."""
        learned = (Origin.LEARNED,) if self._learned else ()
        if prometheus.resource is None:
            return learned if own else (Origin.CONFIG_FILE,)
        return (Origin.CONFIG_FILE,) if _has_additional(prometheus) else learned

    def _running(
        self,
        prometheus: WatchedPrometheus,
        origins: Sequence[Origin],
        now: datetime,
        unreadable: list[Unreadable],
    ) -> Mapping[PoolName, RunningJob]:
        found: dict[PoolName, RunningJob] = {}
        for server in prometheus.servers:
            seen = self._observer.observe(server, now)
            if isinstance(seen, ServerObservation):
                found |= {pool: RunningJob(name=pool) for pool in seen.pools if pool not in found}
                found |= seen.jobs
            else:
                hides = tuple(f"{origin} {prometheus.name}" for origin in origins)
                source = f"server {prometheus.name} {server.name}"  # as it is called at each watch
                unreadable.append(Unreadable(source=source, error=seen.error, hides=hides))
        return found

    def _jobs(
        self,
        prometheus: WatchedPrometheus,
        running: Mapping[PoolName, RunningJob],
        own: Sequence[ExpectedJob],
        origins: Sequence[Origin],
    ) -> Iterator[ExpectedJob]:
        explained = {name for job in own for name in job.names}
        origin = origins[0]
        for pool, job in sorted(running.items()):
            # What an operator named belongs to a monitor, and memory speaks for that.
            of_monitor = prometheus.resource is not None and parse_pool(pool) is not None
            if pool in explained or of_monitor:
                continue
            if origin is Origin.LEARNED and self._is_pinned(prometheus, pool):
                continue
            key = configured_key(prometheus.name, origin, pool)
            yield replace(configured(prometheus.name, job), key=key, origin=origin)

    def _is_pinned(self, prometheus: WatchedPrometheus, pool: PoolName) -> bool:
        return any(
            pin.pool is not None
            and pin.prometheus in {None, prometheus.name}
            and fnmatchcase(pool, pin.pool)
            for pin in self._pins
        )


def _has_additional(prometheus: WatchedPrometheus) -> bool:
    spec = (prometheus.resource or {}).get("spec")
    return isinstance(spec, Mapping) and bool(spec.get("additionalScrapeConfigs"))
