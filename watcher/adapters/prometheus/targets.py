"""Reads the targets of one server without harming it.

All of them at once cost a server of 100,000 targets 2.6 CPU seconds and a gigabyte that it does not
give back (3.5.3). So that is done up to a number; above it pool by pool, where something hints at
trouble, and every pool once in SWEEP. What a hint says is never a verdict: it leads to a reading.
"""

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from watcher.adapters.prometheus.alike import overwriting
from watcher.adapters.prometheus.answers import (
    ActiveTarget,
    ActiveTargets,
    DiscoveredTargets,
    DroppedTargets,
)
from watcher.adapters.prometheus.api import Api
from watcher.adapters.prometheus.overfull import OTHERS, Overfull, series_of
from watcher.adapters.prometheus.pools import Barren, Labels, ambiguous, by_pool, pool_of
from watcher.errors import SourceUnavailable
from watcher.model.names import PoolName
from watcher.model.observations import ScrapePool
from watcher.secrecy import without_secrets

SWEEP: Final = timedelta(minutes=30)
"""Within this time every pool is read, whatever the hints say."""

AT_MOST: Final = 1000
"""Most pools read one by one in a watch: about 7 CPU seconds of a server with 100,000 targets."""

DROPPED_SHOWN: Final = 100
"""Most dropped targets of a pool that are given."""

_DROPPED_AT_MOST: Final = 20
_DROPPED_READ: Final = 20_000
_PATH: Final = "/api/v1/targets"
_DOWN: Final = "count by (job) (up == 0)"
_BARREN: Final = "scrape_samples_post_metric_relabeling == 0 and up == 1"
# Both series come of the same scrape, so that a scrape between our two requests cannot make a
# target that just recovered look barren.
_WITHOUT: Final = (
    f'up == 1 unless on (job, instance) count by (job, instance) ({{job!="",{OTHERS}}})'
)
_LATELY: Final = "1h"
_NO_LIMITS: Final[Mapping[PoolName, int]] = {}
_ASKED_AT_MOST: Final = 20
"""Most targets of which it is asked whether the TSDB has anything else of them lately."""


@dataclass(frozen=True, slots=True)
class _Reading:
    pool: ScrapePool
    jobs: frozenset[str]
    """Values of the label ``job`` of its targets, by which PromQL's hints lead to it."""
    barren: tuple[Labels, ...]
    """The labels of its targets that are up and seem to yield nothing."""

    @property
    def ill(self) -> bool:
        return bool(
            self.pool.down or self.pool.not_scraped or self.pool.barren or self.pool.overwritten
        )


class Targets:
    """The targets of one server, and what was last read of each pool where not all are read."""

    def __init__(self, api: Api, full_up_to: int) -> None:
        self._api = api
        self._full_up_to = full_up_to
        self._total = 0
        self._readings: dict[PoolName, _Reading] = {}
        self._read_at: datetime | None = None

    def pools(
        self,
        names: Collection[PoolName],
        counts: Mapping[PoolName, int] | None,
        *,
        agent: bool,
        now: datetime,
        honest: AbstractSet[PoolName] = frozenset(),
        judged: AbstractSet[PoolName] = frozenset(),
        limits: Mapping[PoolName, int] = _NO_LIMITS,
    ) -> dict[PoolName, ScrapePool]:
        """Every pool of *names*, without its dropped targets. Raises SourceUnavailable.

        *counts* are the numbers of active targets by the server's own gauges, None where these
        could not be read. An *agent* has no PromQL: no hints, and nothing is known to be barren.
        *honest* are the pools whose series carry their targets' labels, where the server refuses
        samples and may be asked of whom. *judged* are those of which it is asked whether targets write
        the same series: a pool that is read by itself is compared with no other. *limits* are most samples of a target of such pools, where
        the server may call one up that gave more.
        """
        overfull = Overfull(self._api, {} if agent else limits)
        barren = None if agent else self._barren(honest)
        total = self._total if counts is None else sum(counts.values())
        if total <= self._full_up_to:
            return self._all(names, barren, overfull, judged)
        suspects = frozenset() if agent else self._down_jobs()
        if barren is not None:
            suspects |= _jobs(barren.empty) | _jobs(barren.refused)
        for name in self._due(names, counts, suspects, now):
            self._read(name, barren, overfull, judged)
        self._readings = {n: self._readings[n] for n in names if n in self._readings}
        if len(self._readings) == len(names):
            self._total = sum(reading.pool.active for reading in self._readings.values())
        self._read_at = now
        doubtful = ambiguous(labels for r in self._readings.values() for labels in r.barren)
        return {name: self._remembered(name, counts, doubtful) for name in names}

    def forget(self, pools: Iterable[PoolName] | None = None) -> None:
        """Forget what was read of *pools* (their configuration changed), of all without them."""
        for name in tuple(self._readings) if pools is None else pools:
            self._readings.pop(name, None)

    def _all(
        self,
        names: Iterable[PoolName],
        barren: Barren | None,
        overfull: Overfull,
        judged: AbstractSet[PoolName],
    ) -> dict[PoolName, ScrapePool]:
        answer = self._api.get(_PATH, ActiveTargets, {"state": "active"})
        targets = overfull.told(answer.active_targets or ())
        found = by_pool(targets)
        self._total = len(targets)
        doubtful = ambiguous(_among(barren, targets))
        alike = overwriting(self._api, targets, judged)
        return {
            name: _with(pool_of(name, found.get(name, ()), barren, doubtful), alike)
            for name in {*names, *found}
        }

    def _read(
        self,
        name: PoolName,
        barren: Barren | None,
        overfull: Overfull,
        judged: AbstractSet[PoolName],
    ) -> None:
        asked = {"state": "active", "scrapePool": name}
        answer = self._api.get(_PATH, ActiveTargets, asked)
        targets = overfull.told(answer.active_targets or ())
        jobs = frozenset(target.labels.get("job", "") for target in targets)
        pool = _with(pool_of(name, targets, barren), overwriting(self._api, targets, judged))
        self._readings[name] = _Reading(pool, jobs, _among(barren, targets))

    def _due(
        self,
        names: Collection[PoolName],
        counts: Mapping[PoolName, int] | None,
        suspects: frozenset[str],
        now: datetime,
    ) -> list[PoolName]:
        """The pools to be read now, the most urgent first."""
        known = frozenset[str]().union(*(r.jobs for r in self._readings.values()))
        strangers = suspects - known

        def urgency(name: PoolName) -> int | None:
            reading = self._readings.get(name)
            if counts is not None and counts.get(name) == 0:
                return None
            if reading is None:
                return 1 if any(job and job in name for job in strangers) else 3
            if reading.ill:
                return 0
            if reading.jobs & suspects:
                return 2
            if counts is not None and counts.get(name) != reading.pool.active:
                return 4
            return 5 if self._swept(name, now) else None

        ranked = ((rank, name) for name in names if (rank := urgency(name)) is not None)
        return [name for _, name in sorted(ranked)[:AT_MOST]]

    def _swept(self, name: PoolName, now: datetime) -> bool:
        # Each pool has its own second in the half hour; it is due when we passed it since last time.
        span = int(SWEEP.total_seconds())
        since = span if self._read_at is None else int((now - self._read_at).total_seconds())
        return (int(now.timestamp()) - zlib.crc32(name.encode())) % span < max(since, 1)

    def _remembered(
        self,
        name: PoolName,
        counts: Mapping[PoolName, int] | None,
        doubtful: AbstractSet[Labels],
    ) -> ScrapePool:
        active = None if counts is None else counts.get(name)
        if active == 0:
            return ScrapePool(name=name)
        if (reading := self._readings.get(name)) is not None:
            unknown = not doubtful.isdisjoint(reading.barren)
            return replace(reading.pool, barren=None) if unknown else reading.pool
        return ScrapePool(name=name, active=active or 0, targets_read=False)

    def _down_jobs(self) -> frozenset[str]:
        try:
            return _jobs(sample.labels for sample in self._api.query(_DOWN))
        except SourceUnavailable:
            return frozenset()  # the sweep stands in for the hint

    def _barren(self, honest: AbstractSet[PoolName]) -> Barren | None:
        try:
            empty = {sample.labels for sample in self._api.query(_BARREN)}
            return Barren(empty=empty, refused=self._refused() if honest else set(), honest=honest)
        except SourceUnavailable:
            return None

    def _refused(self) -> AbstractSet[Labels]:
        """Targets of which the TSDB has nothing of late but what it writes of the scrape itself.

        Nothing at this moment is not enough: samples may come with the time of some minutes ago.
        """
        without = [sample.labels for sample in self._api.query(_WITHOUT)]
        return {each for each in without[:_ASKED_AT_MOST] if not self._has_others(dict(each))}

    def _has_others(self, labels: Mapping[str, str]) -> bool:
        return bool(self._api.query(f"count(last_over_time({series_of(labels)}[{_LATELY}]))"))


def dropped_counts(api: Api, pools: Collection[PoolName]) -> dict[PoolName, int]:
    """How many targets relabelling dropped from each of *pools*, where that can be had cheaply.

    Raises SourceUnavailable.
    """
    if not pools:
        return {}
    # The counts of all pools come with any answer since 2.47; a pool that does not exist has no
    # dropped targets of its own to fill it.
    none = {"state": "dropped", "scrapePool": "watcher/no such pool"}
    counts = api.get(_PATH, DroppedTargets, none).dropped_target_counts
    if counts is not None:
        return {name: counts[name] for name in pools if name in counts}
    return dict(_counted(api, pools))


def dropped_targets(api: Api, pool: PoolName) -> tuple[Mapping[str, str], ...]:
    """The discovered labels of some dropped targets of *pool*. Raises SourceUnavailable."""
    count = dropped_counts(api, (pool,)).get(pool, 0)
    if count > _DROPPED_READ:
        reason = f"{count} dropped targets of {pool} are too many to be read; look at some yourself"
        raise SourceUnavailable(api.url, reason)
    asked = {"state": "dropped", "scrapePool": pool}
    found = api.get(_PATH, DroppedTargets, asked).dropped_targets or ()
    return tuple(target.discovered_labels for target in found[:DROPPED_SHOWN])


def active_addresses(api: Api, pool: PoolName) -> frozenset[str]:
    """``__address__`` of every active target of *pool*, as discovered. Raises SourceUnavailable."""
    asked = {"state": "active", "scrapePool": pool}
    found = api.get(_PATH, DiscoveredTargets, asked).active_targets or ()
    return frozenset(target.discovered_labels.get("__address__", "") for target in found)


def _counted(api: Api, pools: Iterable[PoolName]) -> Iterator[tuple[PoolName, int]]:
    for name in sorted(pools)[:_DROPPED_AT_MOST]:
        asked = {"state": "dropped", "scrapePool": name}
        yield name, len(api.get(_PATH, DroppedTargets, asked).dropped_targets or ())


def _with(pool: ScrapePool, found: Mapping[PoolName, tuple[int, tuple[str, ...]]]) -> ScrapePool:
    count, urls = found.get(pool.name, (0, ()))
    return replace(pool, overwritten=count, alike=tuple(map(without_secrets, urls)))


def _among(barren: Barren | None, targets: Sequence[ActiveTarget]) -> tuple[Labels, ...]:
    return () if barren is None else barren.among(targets)


def _jobs(labels: Iterable[Labels]) -> frozenset[str]:
    return frozenset(dict(one).get("job", "") for one in labels)
