"""Asks a server's TSDB when it last got a sample of a scrape pool, sparing it.

History only: PromQL lags by up to five minutes, so no state follows from it.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from watcher.adapters.prometheus.api import Api
from watcher.adapters.prometheus.pools import Labels
from watcher.errors import SourceUnavailable
from watcher.model.facts import Availability, Known, Unavailable
from watcher.model.names import PoolName

FRESH: Final = timedelta(minutes=10)
"""How long an answer is given again without asking."""

AT_MOST: Final = 100
"""Most pools asked about at one moment, so that a mass loss does not become a storm of queries."""

FURTHEST: Final = timedelta(days=30)
"""How far back is looked, whatever the retention."""

_NO_GAP: Final = timedelta(minutes=55)  # an answer younger than this and the last hour leave none
_LOOKBACK: Final = 300  # seconds for which Prometheus takes a sample as the current one
_Windows: TypeAlias = tuple[tuple[int, int], ...]
_WINDOWS: Final[_Windows] = ((3600, 15), (86400, _LOOKBACK))
"""Windows and their steps, in seconds, the cheap ones first; the retention comes last."""
_DEFAULT: Final = timedelta(days=15)  # Prometheus's own default retention
_UNITS: Final = {"m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_END_OF_TIME: Final = 253402300800  # the year 10000, which datetime does not know
_GAUGE: Final = "prometheus_target_scrape_pool_targets"
STORED: Final = "scrape_samples_post_metric_relabeling"


@dataclass(frozen=True, slots=True)
class _Answer:
    asked_at: datetime
    value: datetime | None


@dataclass(frozen=True, slots=True)
class Sought:
    """A pool, and by which labels of its targets it may be found.

    *labels* all its targets had and no other pool's have. *supposed* they must have had by what
    asks for it: a sample with them is one of the pool, and none with them proves nothing. Where a
    server may call a target up that gave more than *most* samples, none of these was stored.
    """

    pool: PoolName
    labels: Labels = ()
    supposed: Labels = ()
    most: float = math.inf


class History:
    """What one server's TSDB knows of pools, remembered for a while."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._answers: dict[PoolName, _Answer] = {}
        self._asked: tuple[datetime | None, int] = (None, 0)

    def last_sample(
        self, sought: Sought, retention: str, now: datetime
    ) -> Availability[datetime | None]:
        """When a target of the pool last gave samples; None if never, as far back as it goes.

        Found by its labels; without them by the server's own gauge, which it has where it scrapes
        itself, else by the supposed ones. A scrape that failed gave no sample. *retention* is what
        ``storageRetention`` says.
        """
        pool = sought.pool
        answer = self._answers.get(pool)
        if answer is not None and now - answer.asked_at < FRESH:
            return Known(answer.value)
        at, count = self._asked
        self._asked = (now, count + 1 if at == now else 1)
        if self._asked[1] > AT_MOST:
            return Unavailable("asked at one of the next watches, to spare the server")
        try:
            value = self._search(sought, retention, now)
        except SourceUnavailable as error:
            return Unavailable(str(error))
        self._answers[pool] = _Answer(now, value)
        return Known(value)

    def forget(self, pools: Iterable[PoolName]) -> None:
        """Ask again of *pools*, which give samples now: what was their last one no longer is."""
        for pool in pools:
            self._answers.pop(pool, None)

    def _search(self, sought: Sought, retention: str, now: datetime) -> datetime | None:
        windows = (*_WINDOWS, (int(_reach(retention).total_seconds()), _LOOKBACK))
        pool = sought.pool
        if sought.labels:
            return self._of_targets(sought, sought.labels, windows, now)
        if self._api.query(f"count({_GAUGE})"):
            gauge = selector(_GAUGE, {"scrape_job": pool})
            return self._alive(pool, f"timestamp({gauge}) and {gauge} > 0", windows, now)
        if sought.supposed:
            found = self._of_targets(sought, sought.supposed, windows, now)
            if found is not None:
                return found
        reason = "it does not scrape itself; let it, and the history of its pools is known"
        raise SourceUnavailable(self._api.url, reason)

    def _of_targets(
        self, sought: Sought, labels: Labels, windows: _Windows, now: datetime
    ) -> datetime | None:
        """When a target with *labels* was last up, and something of its answer was stored.

        A scrape that fails over a limit has a number of samples too, and stores none.
        """
        up, stored = selector("up", dict(labels)), selector(STORED, dict(labels))
        series = f"timestamp({up}) and {up} == 1 and {stored} > 0"
        if sought.most < math.inf:
            series += f" and {stored} <= {sought.most}"
        found = self._alive(sought.pool, series, windows, now)
        if found is not None:
            return found
        both = [f"{series}[{windows[-1][0]}s]" for series in (up, stored)]
        if not all(any(s.value for s in self._api.query(f"max_over_time({b})")) for b in both):
            return None
        # Well for less than a step, which only the last sample of a series that ended well tells.
        well = [
            {s.at for s in self._api.query(each) if 0 < s.value <= sought.most} for each in both
        ]
        times = [at for at in set.intersection(*well) if 0 <= at < _END_OF_TIME]
        if not times:
            reason = "it was well for too short a time to be found by few queries"
            raise SourceUnavailable(self._api.url, reason)
        return datetime.fromtimestamp(max(times), UTC)

    def _alive(
        self, pool: PoolName, series: str, windows: _Windows, now: datetime
    ) -> datetime | None:
        """The newest moment of *series*, which a recent answer may tell without a long window."""
        if (found := self._newest(series, windows[:1])) is not None:
            return found
        known = self._answers.get(pool)
        if known is not None and known.value is not None and now - known.asked_at < _NO_GAP:
            return known.value
        return self._newest(series, windows[1:])

    def _newest(self, what: str, windows: Iterable[tuple[int, int]]) -> datetime | None:
        """The newest sample: its step in the first of *windows* that has one, then itself."""
        for window, step in windows:
            if (near := self._at(what, window, step)) is not None:
                # Series that end are marked stale, so the next step is blind to what came after.
                end = near + step + _LOOKBACK
                exact = self._at(what, step + _LOOKBACK, 1, end)
                return datetime.fromtimestamp(exact or near, UTC)
        return None

    def _at(self, what: str, window: int, step: int, at: float | None = None) -> float | None:
        asked = f"max(max_over_time(({what})[{window}s:{step}s]))"
        found = (sample.value for sample in self._api.query(asked, at))
        return max((value for value in found if 0 <= value < _END_OF_TIME), default=None)


def selector(metric: str, labels: Mapping[str, str]) -> str:
    """A series selector, its values quoted as PromQL wants it."""
    pairs = (f'{name}="{_quoted(value)}"' for name, value in sorted(labels.items()))
    return f"{metric}{{{','.join(pairs)}}}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _reach(retention: str) -> timedelta:
    """The time in ``15d``, ``15d or 10GiB`` or ``10GiB`` (none: the default)."""
    found = re.match(r"(\d{1,6})([mhdwy])(?: |$)", retention)
    if found is None:
        return _DEFAULT
    return min(timedelta(seconds=int(found[1]) * _UNITS[found[2]]), FURTHEST)
