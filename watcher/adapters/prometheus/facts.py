"""Gathers what the servers of a Prometheus themselves know of a job: dropped targets, last sample."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from watcher.adapters.prometheus.observer import Prometheus
from watcher.model.comparison import JobStatus
from watcher.model.expectations import ExpectedServer, WatchedPrometheus
from watcher.model.facts import (
    ACTIVE,
    DROPPED,
    LAST_SAMPLE,
    RULES,
    Availability,
    DroppedTarget,
    Facts,
    Known,
    Unavailable,
)
from watcher.model.names import JobKey, PoolName
from watcher.model.observations import Observation
from watcher.model.rules import LoadedRule

_NOT_READABLE = Unavailable("no server of this Prometheus can be read")


class PrometheusFacts:
    """Fits the port FactGatherer for ACTIVE, DROPPED, LAST_SAMPLE and RULES.

    *of* finds who speaks to a server.
    """

    def __init__(self, of: Callable[[ExpectedServer], Prometheus]) -> None:
        self._of = of

    def gather(
        self,
        prometheus: WatchedPrometheus,
        observation: Observation,
        needs: Mapping[JobKey, frozenset[str]],
        jobs: Sequence[JobStatus],
        now: datetime,
    ) -> Mapping[JobKey, Facts]:
        """What each job needs; the rules are read once."""
        asked = any(RULES.name in needs.get(status.job.key, ()) for status in jobs)
        rules = self._rules(prometheus.servers) if asked else None
        found = {}
        for status in jobs:
            wanted = needs.get(status.job.key, frozenset())
            known: dict[str, Known[object] | Unavailable] = {}
            if ACTIVE.name in wanted and _lacks(status):
                known[ACTIVE.name] = self._active(observation, status.pool)
            if DROPPED.name in wanted:
                known[DROPPED.name] = self._dropped(observation, status.pool)
            if LAST_SAMPLE.name in wanted:
                known[LAST_SAMPLE.name] = self._last_sample(observation, status, now)
            if rules is not None and RULES.name in wanted:
                known[RULES.name] = rules
            found[status.job.key] = Facts(known)
        return found

    def gather_prometheus(
        self,
        prometheus: WatchedPrometheus,
        observation: Observation | None,
        needs: frozenset[str],
        now: datetime,
    ) -> Facts:
        """The rules, of the first server that tells; the others concern one job."""
        del observation, now
        return Facts({RULES.name: self._rules(prometheus.servers)} if RULES.name in needs else {})

    def _rules(self, servers: Iterable[ExpectedServer]) -> Availability[tuple[LoadedRule, ...]]:
        """Of the first server that tells: all servers of a Prometheus load the same."""
        answer: Availability[tuple[LoadedRule, ...]] = _NOT_READABLE
        for server in servers:
            answer = self._of(server).rules(server)
            if isinstance(answer, Known):
                break
        return answer

    def _active(self, observation: Observation, pool: PoolName) -> Availability[frozenset[str]]:
        """Of all servers together, for shards share them; of some of them nothing is known."""
        if not observation.readable or observation.unreadable:
            return Unavailable("not every server of this Prometheus can be read")
        every: set[str] = set()
        for server in observation.readable:
            if pool not in server.pools:
                continue
            found = self._of(server.server).active_addresses(server.server, pool)
            if isinstance(found, Unavailable):
                return found
            every |= found.value
        return Known(frozenset(every))

    def _dropped(
        self, observation: Observation, pool: PoolName
    ) -> Availability[tuple[DroppedTarget, ...]]:
        """Of the first server that dropped any."""
        answer: Availability[tuple[DroppedTarget, ...]] = _NOT_READABLE
        for server in observation.readable:
            answer = self._of(server.server).dropped_targets(server.server, pool)
            if not isinstance(answer, Unavailable) and answer.value:
                return answer
        return answer

    def _last_sample(
        self, observation: Observation, status: JobStatus, now: datetime
    ) -> Availability[datetime | None]:
        """The newest over all servers; that there never was one only if every server says so."""
        latest: datetime | None = None
        unavailable: Unavailable | None = None if observation.readable else _NOT_READABLE
        for server in observation.readable:
            asked = self._of(server.server)
            match asked.last_sample(
                server.server, status.pool, now, status.labels, status.supposed
            ):
                case Known(value=datetime() as at):
                    latest = max(latest, at) if latest else at
                case Unavailable() as reason:
                    unavailable = reason
                case _:
                    pass
        if latest is not None:
            return Known(latest)
        return unavailable or Known(None)


def _lacks(status: JobStatus) -> bool:
    """Whether targets lack, so that it is worth asking which there are."""
    counts = status.targets
    return counts.active is not None and counts.active < (counts.expected or 0)
