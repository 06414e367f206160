"""Observes the servers of a Prometheus over HTTP.

Nothing here compares or explains.
"""

import threading
from collections.abc import Mapping
from datetime import datetime

from watcher.adapters.http.session import BoundedSession
from watcher.adapters.prometheus.answers import RuleGroups
from watcher.adapters.prometheus.api import Api
from watcher.adapters.prometheus.pools import Labels
from watcher.adapters.prometheus.reader import Reader
from watcher.adapters.prometheus.targets import active_addresses, dropped_targets
from watcher.adapters.tape import LIVE, Tape
from watcher.errors import SourceUnavailable
from watcher.model.expectations import ExpectedServer
from watcher.model.facts import Availability, DroppedTarget, Known, Unavailable
from watcher.model.names import PoolName
from watcher.model.observations import ServerObservation, UnreadableServer
from watcher.model.rules import LoadedRule
from watcher.settings import HttpSettings


class Prometheus:
    """The servers of a Prometheus, each read through one session that keeps its connections.

    Fits the port Observer; several servers may be read side by side. *session* is one that is
    authenticated already (the API server's proxy), used for all servers instead of *http*'s.
    All is asked through *tape*. *addresses* are those servers' URLs that hold credentials, by the
    URL without them, which is the one that is shown everywhere.
    """

    def __init__(
        self,
        http: HttpSettings,
        *,
        full_targets_up_to: int = 5000,
        session: BoundedSession | None = None,
        tape: Tape = LIVE,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        self._addresses = addresses or {}
        self._tape = tape
        self._http = http
        self._full_targets_up_to = full_targets_up_to
        self._session = session
        self._readers: dict[str, Reader] = {}
        self._lock = threading.Lock()

    def observe(
        self, server: ExpectedServer, now: datetime
    ) -> ServerObservation | UnreadableServer:
        """Read one server: all of it, or why it could not be read. Never raises for its doings."""
        try:
            return self._reader(server).observe(server, now)
        except SourceUnavailable as error:
            return UnreadableServer(server=server, error=str(error))

    def dropped_targets(
        self, server: ExpectedServer, pool: PoolName
    ) -> Availability[tuple[DroppedTarget, ...]]:
        """Some of the targets that relabelling dropped from *pool*, by their discovered labels."""
        try:
            found = dropped_targets(self._reader(server).api, pool)
        except SourceUnavailable as error:
            return Unavailable(str(error))
        return Known(tuple(DroppedTarget(labels=labels) for labels in found))

    def active_addresses(
        self, server: ExpectedServer, pool: PoolName
    ) -> Availability[frozenset[str]]:
        """``__address__`` of every active target of *pool*, as discovered."""
        try:
            return Known(active_addresses(self._reader(server).api, pool))
        except SourceUnavailable as error:
            return Unavailable(str(error))

    def rules(self, server: ExpectedServer) -> Availability[tuple[LoadedRule, ...]]:
        """The rules that the server has loaded."""
        try:
            found = self._reader(server).api.get("/api/v1/rules", RuleGroups)
        except SourceUnavailable as error:
            return Unavailable(str(error))
        return Known(
            tuple(
                LoadedRule(
                    name=rule.name,
                    expr=rule.query,
                    alerting=rule.type == "alerting",
                    group=group.name,
                    severity=(rule.labels or {}).get("severity"),
                )
                for group in found.groups or ()
                for rule in group.rules or ()
            )
        )

    def last_sample(
        self,
        server: ExpectedServer,
        pool: PoolName,
        now: datetime,
        labels: Labels = (),
        supposed: Labels = (),
    ) -> Availability[datetime | None]:
        """When the server's TSDB last got a sample of *pool*, None if never.

        *labels* are those that all targets of the pool had; absent, those seen by this observer,
        and without any the server's own gauge tells, where it scrapes itself. Else *supposed* may
        find a sample; that they find none proves nothing.
        """
        return self._reader(server).last_sample(pool, labels, supposed, now)

    def _reader(self, server: ExpectedServer) -> Reader:
        with self._lock:
            if server.url not in self._readers:
                address = self._addresses.get(server.url, server.url)
                api = Api(address, self._http, self._session, self._tape)
                self._readers[server.url] = Reader(api, self._full_targets_up_to)
            return self._readers[server.url]
