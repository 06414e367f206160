"""Targets of one server that have the same labels, and so write the same series.

The same labels alone do no harm: what the targets tell may differ, as that of two paths of one
program. So it is asked whether there are fewer series than they store samples.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from watcher.adapters.prometheus.answers import ActiveTarget, as_labels
from watcher.adapters.prometheus.api import Api
from watcher.adapters.prometheus.history import STORED, selector
from watcher.adapters.prometheus.pools import Labels
from watcher.errors import SourceUnavailable
from watcher.model.names import PoolName
from watcher.model.observations import Health

_ASKED_AT_MOST: Final = 20
"""Most sets of labels of which it is asked whether anything is stored twice, in one look."""
_SHOWN: Final = 3
_OF_ANSWERS: Final = (
    '__name__!~"up|scrape_(duration_seconds|samples_scraped|samples_post_metric_relabeling'
    '|series_added|timeout_seconds|sample_limit|body_size_bytes)|ALERTS(_FOR_STATE)?"'
)
"""Not what a server writes of the scrape itself: targets with the same labels always share that."""


def overwriting(
    api: Api, targets: Iterable[ActiveTarget], judged: Collection[PoolName]
) -> Mapping[PoolName, tuple[int, tuple[str, ...]]]:
    """How many targets of each pool write series that another target writes, and URLs of some.

    *judged* are the pools whose series carry the labels of their targets. What cannot be asked is
    not told.
    """
    found: defaultdict[PoolName, tuple[int, tuple[str, ...]]] = defaultdict(lambda: (0, ()))
    for group in list(_alike(targets, judged))[:_ASKED_AT_MOST]:
        try:
            if not _stored_twice(api, group):
                continue
        except SourceUnavailable:
            continue
        urls = tuple(sorted({target.scrape_url for target in group}))[:_SHOWN]
        for target in group:
            pool = PoolName(target.scrape_pool)
            count, shown = found[pool]
            found[pool] = count + 1, shown or urls
    return dict(found)


def _alike(
    targets: Iterable[ActiveTarget], judged: Collection[PoolName]
) -> Iterator[Sequence[ActiveTarget]]:
    """The targets that are up and have the same labels, where these are several."""
    groups: defaultdict[Labels, list[ActiveTarget]] = defaultdict(list)
    for target in targets:
        if target.health == Health.UP and target.scrape_pool in judged:
            groups[as_labels(target.labels.items())].append(target)
    return (group for _, group in sorted(groups.items()) if len(group) > 1)


def _stored_twice(api: Api, group: Sequence[ActiveTarget]) -> bool:
    """Whether there are fewer series than all of *group* store, by the one that stored the least."""
    own = selector("", group[0].labels)
    stored = f"{STORED}{own}[5m]"
    # With an interval above 5 minutes only some of them may have written within the time looked at.
    all_wrote = f"min(count_over_time({stored})) >= {len(group)}"
    least = api.query(f"min(min_over_time({stored})) and {all_wrote}")
    series = api.query(f"count({own.removesuffix('}')},{_OF_ANSWERS}}})")
    if len(least) != 1 or len(series) != 1:
        return False
    return series[0].value < least[0].value * len(group)
