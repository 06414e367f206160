"""Makes scrape pools of a server's targets. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, TypeAlias

from watcher.adapters.prometheus_answers import ActiveTarget, as_labels
from watcher.adapters.prometheus_last_error import steady
from watcher.model.names import PoolName
from watcher.model.observations import Health, ScrapePool, Target
from watcher.model.secrecy import without_secrets

Labels: TypeAlias = tuple[tuple[str, str], ...]

FAILING: Final = 24
"""Most targets that are down which a pool holds."""


def by_pool(targets: Iterable[ActiveTarget]) -> Mapping[PoolName, Sequence[ActiveTarget]]:
    """Targets by the pool that they are in: its ``scrapePool``, never the ``job`` label."""
    found: defaultdict[PoolName, list[ActiveTarget]] = defaultdict(list)
    for target in targets:
        found[PoolName(target.scrape_pool)].append(target)
    return found


def barren_among(
    targets: Iterable[ActiveTarget], barren: AbstractSet[Labels] | None
) -> tuple[Labels, ...]:
    """The labels of each of *targets* that is up and among the *barren*."""
    if not barren:
        return ()
    up = (as_labels(t.labels.items()) for t in targets if t.health == Health.UP)
    return tuple(labels for labels in up if labels in barren)


def shared(barren: Iterable[Labels]) -> frozenset[Labels]:
    """The labels that several targets have: of which of them their one series tells is not known."""
    return frozenset(labels for labels, count in Counter(barren).items() if count > 1)


def pool_of(
    name: PoolName,
    targets: Sequence[ActiveTarget],
    barren: AbstractSet[Labels] | None,
    doubtful: AbstractSet[Labels] = frozenset(),
) -> ScrapePool:
    """A pool out of all its active targets.

    *barren* holds the labels of the targets that are up and yield no sample, None where that is
    not known; *doubtful* those of them that several targets have.
    """
    up = [t for t in targets if t.health == Health.UP]
    down = sorted((t for t in targets if t.health == Health.DOWN), key=lambda t: t.scrape_url)
    found = barren_among(up, barren)
    unknown = barren is None or not targets or not doubtful.isdisjoint(found)
    return ScrapePool(
        name=name,
        active=len(targets),
        up=len(up),
        down=len(down),
        not_scraped=len(targets) - len(up) - len(down),
        barren=None if unknown else len(found),
        failing=tuple(_failing(target) for target in down[:FAILING]),
        labels=_shared(targets),
    )


def _failing(target: ActiveTarget) -> Target:
    return Target(
        url=without_secrets(target.scrape_url),
        health=Health.DOWN,
        last_error=steady(target.last_error),
        labels=as_labels(target.labels.items()),
    )


def _shared(targets: Sequence[ActiveTarget]) -> Labels:
    if not targets:
        return ()
    shared = set(targets[0].labels.items())
    for target in targets[1:]:
        shared &= target.labels.items()
    return as_labels(shared)
