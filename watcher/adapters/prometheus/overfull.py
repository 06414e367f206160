"""Targets over their sample limit that a server calls up at every second scrape.

Prometheus 2.53, and later ones before prometheus#16174, take a sample for a duplicate where the
scrape before failed at it. They count no duplicate towards the limit, and store none: such a target
is not up. Seen on 2.53.3; not on 2.42.0 and 3.5.3.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from watcher.adapters.prometheus.answers import ActiveTarget, as_labels
from watcher.adapters.prometheus.api import Api
from watcher.adapters.prometheus.history import STORED, selector
from watcher.adapters.prometheus.pools import Labels
from watcher.errors import SourceUnavailable
from watcher.model.names import PoolName
from watcher.model.observations import Health

OTHERS: Final = '__name__!~"up|scrape_.+|ALERTS(_FOR_STATE)?"'
"""Of a target's series those that come of its answer: the rest the server writes itself."""

_ERROR: Final = "sample limit exceeded"
"""What the server says of such a target after each of the other scrapes."""

_ASKED_AT_MOST: Final = 20
"""Most targets of a server of which it is asked whether anything of them is stored."""


class Overfull:
    """Which targets gave too much at their last scrape, by one *api*; *limits* are those of pools."""

    def __init__(self, api: Api, limits: Mapping[PoolName, int]) -> None:
        self._api, self._limits = api, limits
        self._counts = self._counted() if limits else {}
        self._left = _ASKED_AT_MOST

    def told(self, targets: Sequence[ActiveTarget]) -> Sequence[ActiveTarget]:
        """*targets*, where those that are up by mistake are down."""
        if not self._counts:
            return targets
        return tuple(self._down(t) if self._is_one(t) else t for t in targets)

    def _counted(self) -> Mapping[Labels, float]:
        most = f"{STORED} > {min(self._limits.values())} and min_over_time(up[5m]) == 0"
        try:
            return {sample.labels: sample.value for sample in self._api.query(most)}
        except SourceUnavailable:
            return {}

    def _is_one(self, target: ActiveTarget) -> bool:
        limit = self._limits.get(PoolName(target.scrape_pool))
        count = self._counts.get(as_labels(target.labels.items()), 0)
        if limit is None or count <= limit or target.health != Health.UP or not self._left:
            return False
        self._left -= 1
        try:
            return not self._api.query(f"count({series_of(target.labels)})")
        except SourceUnavailable:
            return False

    @staticmethod
    def _down(target: ActiveTarget) -> ActiveTarget:
        return msgspec.structs.replace(target, health=Health.DOWN, last_error=_ERROR)


def series_of(labels: Mapping[str, str]) -> str:
    """A selector of what came of the answers of the target with *labels*."""
    own = selector("", {name: labels.get(name, "") for name in ("job", "instance")})
    return f"{own.removesuffix('}')},{OTHERS}}}"
