"""Reads one server of a Prometheus, and remembers what need not be read again."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from watcher.adapters.configuration.written import RunningConfig, running_config
from watcher.adapters.prometheus.answers import Build, ConfigText, PoolNames, Runtime
from watcher.adapters.prometheus.api import Api, Refused
from watcher.adapters.prometheus.history import History, Sought
from watcher.adapters.prometheus.metrics import SelfMetrics, self_metrics
from watcher.adapters.prometheus.pools import Labels
from watcher.adapters.prometheus.targets import Targets, dropped_counts
from watcher.errors import SourceUnavailable
from watcher.model.expectations import ExpectedServer
from watcher.model.facts import Availability, Unavailable
from watcher.model.names import PoolName
from watcher.model.observations import ScrapePool, ServerObservation
from watcher.operator.durations import milliseconds
from watcher.secrecy import clipped

SETTLING: Final = timedelta(seconds=10)
"""How long after a start or a reload pools may not be there yet: 5 s seen, doubled."""

_UNSTORED: Final = timedelta(minutes=2)
"""For how long at least nothing is stored before that is believed."""
_USUAL_INTERVAL: Final = timedelta(minutes=1)
_CHOOSING: Final = frozenset({"keep", "drop", "keepequal", "dropequal"})
"""Actions of metric relabelling that change no labels."""
_AGENT: Final = ""
"""Retention of an agent, which keeps nothing."""


class Reader:
    """One server, read over and over through one *api*."""

    def __init__(self, api: Api, full_targets_up_to: int) -> None:
        self.api = api
        self._targets = Targets(api, full_targets_up_to)
        self._start: str | None = None
        self._version: str | None = None
        self._loaded: Runtime | None = None
        self._text: str | None = None
        self._config = RunningConfig({}, includes=False)
        self._history = History(api)
        self._labels: dict[PoolName, Labels] = {}
        self._stored_at: datetime | None = None
        self._limits: dict[PoolName, int] = {}
        """Most samples of a target, where the server may call one up that gave more."""

    def observe(self, server: ExpectedServer, now: datetime) -> ServerObservation:
        """Everything of it, or SourceUnavailable: never a part."""
        before = self._runtime()
        self._meet(before)
        changed = self._read_config(before)
        metrics = self._metrics()
        agent = before.storage_retention == _AGENT
        pools = self._pools(metrics, agent=agent, now=now)
        self._history.forget(name for name, pool in pools.items() if pool.up and not pool.barren)
        after = self._runtime()
        stored_at = None if agent or metrics is None else metrics.stored_at
        started_at = _time(self.api, after.start_time)
        silent = self._here(after, now) - max(stored_at or now, started_at)
        # A clock of a proxy may be wrong; a time that stands still, or a failed write, is not.
        stuck = stored_at == self._stored_at or (metrics is not None and metrics.unwritten)
        full = stored_at is not None and stuck and self._too_long(silent, pools)
        self._stored_at = stored_at
        if full:
            pools = {n: replace(pool, barren=pool.up) for n, pool in pools.items()}
        moved = _moment(before) != _moment(after)
        half_loaded = changed and not after.reload_config_success
        return ServerObservation(
            server=server,
            taken_at=now,
            version=self._version,
            started_at=started_at,
            loaded_at=_time(self.api, after.last_config_time),
            reload_ok=after.reload_config_success,
            settling=moved or half_loaded or self._young(after, now),
            agent=agent,
            includes=self._config.includes,
            stored_at=stored_at,
            stores_nothing=full,
            jobs=self._config.jobs,
            pools=pools,
            metrics=None if metrics is None else metrics.told(),
        )

    def last_sample(
        self, pool: PoolName, labels: Labels, supposed: Labels, now: datetime
    ) -> Availability[datetime | None]:
        """When the TSDB last got a sample of *pool*; *labels* where it was last seen with some."""
        try:
            retention = (self._loaded or self._runtime()).storage_retention
        except SourceUnavailable as error:
            return Unavailable(str(error))
        if retention == _AGENT:
            return Unavailable(f"{self.api.url}: an agent keeps no history and answers no query")
        own = frozenset(labels or self._labels.get(pool, ()))
        shared = any(own <= set(of) for name, of in self._labels.items() if name != pool)
        most = self._limits.get(pool, math.inf)
        sought = Sought(pool, () if shared else tuple(own), supposed, most)
        return self._history.last_sample(sought, retention, now)

    def _runtime(self) -> Runtime:
        return self.api.get("/api/v1/status/runtimeinfo", Runtime)

    def _meet(self, runtime: Runtime) -> None:
        """Ask a server that started again who it is, and forget what the old one had."""
        if runtime.start_time == self._start:
            return
        self._version = self.api.get("/api/v1/status/buildinfo", Build).version
        self._targets.forget()
        self._start = runtime.start_time

    def _read_config(self, runtime: Runtime) -> bool:
        """Read the configuration if it may have changed; whether it replaced another one."""
        same = self._loaded is not None and _moment(self._loaded) == _moment(runtime)
        if same and runtime.reload_config_success:
            return False
        # While a reload stands failed nothing shows whether another one was tried since.
        text = self.api.get("/api/v1/status/config", ConfigText).yaml
        replaced = self._text is not None and text != self._text
        if text != self._text:
            try:
                config = running_config(text)
            except ValueError as error:
                where = f"{self.api.url}/api/v1/status/config"
                raise SourceUnavailable(where, f"{error}; look at it in a browser") from None
            self._targets.forget(_changed(self._config, config))
            self._config, self._text = config, text
        self._loaded = runtime
        return replaced

    def _metrics(self) -> SelfMetrics | None:
        # A proxy may well hide this one path: what only it tells is then not known.
        try:
            return self_metrics(self.api.text("/metrics"))
        except Refused as error:
            if error.status is None:
                raise
            return None

    def _pools(
        self, metrics: SelfMetrics | None, *, agent: bool, now: datetime
    ) -> Mapping[PoolName, ScrapePool]:
        counts = None if metrics is None else metrics.targets
        listed = self.api.get("/api/v1/scrape_pools", PoolNames).scrape_pools or ()
        names = frozenset(map(PoolName, listed))
        honest = frozenset(n for n, job in self._config.jobs.items() if _keeps_labels(job.raw))
        self._limits = self._sample_limits(honest) if metrics and metrics.may_miscount else {}
        pools = self._targets.pools(
            names,
            counts,
            agent=agent,
            now=now,
            honest=honest if metrics and metrics.may_refuse and not agent else frozenset(),
            judged=frozenset() if agent else honest,
            limits=self._limits,
        )
        empty = [name for name, pool in pools.items() if pool.targets_read and not pool.active]
        self._labels |= {name: pool.labels for name, pool in pools.items() if pool.labels}
        dropped = dropped_counts(self.api, empty)
        return {n: replace(pool, dropped=dropped.get(n)) for n, pool in sorted(pools.items())}

    def _too_long(self, silent: timedelta, pools: Mapping[PoolName, ScrapePool]) -> bool:
        """Whether targets are up, and *silent* is several of the shortest interval of theirs."""
        intervals = [self._interval(name) for name, pool in pools.items() if pool.up]
        return bool(intervals) and silent > max(_UNSTORED, 4 * min(intervals))

    def _here(self, runtime: Runtime, now: datetime) -> datetime:
        """The server's own time: ours may be wrong."""
        if runtime.server_time:
            return _time(self.api, runtime.server_time)
        return self.api.clock or now

    def _interval(self, pool: PoolName) -> timedelta:
        job = self._config.jobs.get(pool)
        text = job.raw.get("scrape_interval") if job is not None else None
        found = milliseconds(text) if isinstance(text, str) else None
        return timedelta(milliseconds=found) if found else _USUAL_INTERVAL

    def _sample_limits(self, pools: Iterable[PoolName]) -> dict[PoolName, int]:
        found = {name: self._config.jobs[name].raw.get("sample_limit") for name in pools}
        return {name: n for name, n in found.items() if isinstance(n, int) and n > 0}

    def _young(self, runtime: Runtime, now: datetime) -> bool:
        # By the server's own clock: ours may be wrong, and must not make it settle for ever.
        here = self._here(runtime, now)
        for text in _moment(runtime)[:2]:
            age = here - _time(self.api, text)
            if -SETTLING < age < SETTLING:
                return True
        return False


def _keeps_labels(job: Mapping[str, Any]) -> bool:
    """Whether the series of its targets carry the targets' own ``job`` and ``instance``."""
    steps = job.get("metric_relabel_configs") or ()
    return not job.get("honor_labels") and all(
        isinstance(step, Mapping) and step.get("action") in _CHOOSING for step in steps
    )


def _moment(runtime: Runtime) -> tuple[str, str, bool]:
    """What changes when the running configuration may have."""
    return runtime.start_time, runtime.last_config_time, runtime.reload_config_success


def _changed(old: RunningConfig, new: RunningConfig) -> frozenset[PoolName]:
    return frozenset(
        name
        for name, job in old.jobs.items()
        if name not in new.jobs or new.jobs[name].raw != job.raw
    )


def _time(api: Api, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        where = f"{api.url}/api/v1/status/runtimeinfo"
        raise SourceUnavailable(
            where, f"no time: {clipped(text, 40)!r}; check that this is a Prometheus"
        )
    return found
