"""Gathers what the logs of a Prometheus's servers say: of a file, of Loki, or of the pod."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from watcher.adapters.kubernetes.api import KubeApi
from watcher.adapters.logs.files import LogFile
from watcher.adapters.logs.followed import FollowedLog
from watcher.adapters.logs.loki import FIRST, Loki
from watcher.adapters.tape import LIVE, Answered, Asked, Tape
from watcher.model.comparison import JobStatus
from watcher.model.expectations import ExpectedServer, WatchedPrometheus
from watcher.model.facts import LOGS, Availability, Facts, Known, LogLine, Unavailable
from watcher.model.names import JobKey
from watcher.model.observations import Observation

CONTAINER: Final = "prometheus"
LIMIT: Final = 8 * 1024 * 1024
"""Bytes of a log that are read at the most at one time."""


class LogFacts:
    """Fits the port FactGatherer for LOGS. Each log is followed from watch to watch.

    A file that the settings name comes before *loki*, and that before the pod's own log. Files are
    read through *tape*.
    """

    def __init__(self, kube: KubeApi | None, tape: Tape = LIVE, loki: Loki | None = None) -> None:
        self._kube = kube
        self._loki = loki
        self._tape = tape
        self._followed: dict[tuple[str, str], FollowedLog] = {}

    def gather(
        self,
        prometheus: WatchedPrometheus,
        observation: Observation,
        needs: Mapping[JobKey, frozenset[str]],
        jobs: Sequence[JobStatus],
        now: datetime,
    ) -> Mapping[JobKey, Facts]:
        """The logs, read once, for the jobs that need them."""
        asking = [s.job.key for s in jobs if LOGS.name in needs.get(s.job.key, ())]
        if not asking:
            return {}
        servers = [seen.server for seen in observation.readable]
        facts = Facts({LOGS.name: self._lines(prometheus, servers, now)})
        return dict.fromkeys(asking, facts)

    def gather_prometheus(
        self,
        prometheus: WatchedPrometheus,
        observation: Observation | None,
        needs: frozenset[str],
        now: datetime,
    ) -> Facts:
        """The logs, where they are needed."""
        del observation
        if LOGS.name not in needs:
            return Facts()
        return Facts({LOGS.name: self._lines(prometheus, prometheus.servers, now)})

    def _lines(
        self, prometheus: WatchedPrometheus, servers: Sequence[ExpectedServer], now: datetime
    ) -> Availability[tuple[LogLine, ...]]:
        """Lines of all *servers*; one log that cannot be read makes all of them unavailable."""
        found: list[LogLine] = []
        for server in servers:
            log = self._log(prometheus, server, now)
            if log is None:
                return Unavailable(
                    f"the log of {server.name} is nowhere: no cluster, no Loki, and no log_file for it",
                    "set loki, or log_file of the server, in the settings",
                )
            lines = log.lines()
            if isinstance(lines, Unavailable):
                return lines
            found += lines.value
        return Known(tuple(found))

    def _log(
        self, prometheus: WatchedPrometheus, server: ExpectedServer, now: datetime
    ) -> FollowedLog | None:
        place = (prometheus.name, server.name)
        if place not in self._followed:
            followed = self._follow(prometheus, server, now)
            if followed is None:
                return None
            self._followed[place] = followed
        return self._followed[place]

    def _follow(
        self, prometheus: WatchedPrometheus, server: ExpectedServer, now: datetime
    ) -> FollowedLog | None:
        if server.log_file is not None:
            file = LogFile(Path(server.log_file))
            asked = Asked(source=server.log_file, method="READ", path="")
            return FollowedLog(server.name, lambda _: self._read(asked, file))
        if (loki := self._loki) is not None:
            first, name = now - FIRST, prometheus.name
            return FollowedLog(
                server.name, lambda since: loki.read(name, server.name, since or first)
            )
        if self._kube is None or prometheus.resource is None:
            return None
        namespace = prometheus.name.partition("/")[0]
        read = partial(self._kube.log, namespace, server.name, CONTAINER, limit_bytes=LIMIT)
        return FollowedLog(
            server.name, lambda since: read(since=since), lambda: read(previous=True)
        )

    def _read(self, asked: Asked, file: LogFile) -> str:
        answered = self._tape.ask(asked, lambda: Answered(body=file.read().encode()))
        return answered.body.decode("utf-8", "replace")
