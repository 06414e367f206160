"""Makes scrape pools of a server's targets. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, TypeAlias

from watcher.adapters.prometheus.answers import ActiveTarget, as_labels
from watcher.adapters.wording.last_error import steady
from watcher.model.names import PoolName
from watcher.model.observations import Health, ScrapePool, Target
from watcher.secrecy import is_secret, without_secrets

Labels: TypeAlias = tuple[tuple[str, str], ...]

FAILING: Final = 24
"""Most targets that are down which a pool holds."""


def by_pool(targets: Iterable[ActiveTarget]) -> Mapping[PoolName, Sequence[ActiveTarget]]:
    """Targets by the pool that they are in: its ``scrapePool``, never the ``job`` label."""
    found: defaultdict[PoolName, list[ActiveTarget]] = defaultdict(list)
    for target in targets:
        found[PoolName(target.scrape_pool)].append(target)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Barren:
    """The labels of the targets of a server that are up and of which no sample is stored.

    ``empty`` yield none; those of ``refused`` come, and are not stored for their time. ``honest``
    are the pools whose series carry the labels of their targets: of others the latter is not known.
    """

    empty: AbstractSet[Labels] = frozenset()
    refused: AbstractSet[Labels] = frozenset()
    honest: AbstractSet[PoolName] = frozenset()

    def among(self, targets: Iterable[ActiveTarget]) -> tuple[Labels, ...]:
        """The labels of each of *targets* that is one of them."""
        return (*_up_among(targets, self.empty), *self.refused_among(targets))

    def refused_among(self, targets: Iterable[ActiveTarget]) -> tuple[Labels, ...]:
        """Those of them whose samples are refused."""
        ours = (t for t in targets if t.scrape_pool in self.honest)
        return _up_among(ours, self.refused - self.empty)


def _up_among(targets: Iterable[ActiveTarget], wanted: AbstractSet[Labels]) -> tuple[Labels, ...]:
    if not wanted:
        return ()
    up = (as_labels(t.labels.items()) for t in targets if t.health == Health.UP)
    return tuple(labels for labels in up if labels in wanted)


def ambiguous(barren: Iterable[Labels]) -> frozenset[Labels]:
    """The labels that several targets have: of which of them their one series tells is not known."""
    return frozenset(labels for labels, count in Counter(barren).items() if count > 1)


def pool_of(
    name: PoolName,
    targets: Sequence[ActiveTarget],
    barren: Barren | None,
    doubtful: AbstractSet[Labels] = frozenset(),
) -> ScrapePool:
    """A pool out of all its active targets.

    *barren* is None where nothing is known of it; *doubtful* are labels that several targets have.
    """
    up = [t for t in targets if t.health == Health.UP]
    down = sorted((t for t in targets if t.health == Health.DOWN), key=lambda t: t.scrape_url)
    found = () if barren is None else barren.among(up)
    unknown = barren is None or not targets or not doubtful.isdisjoint(found)
    return ScrapePool(
        name=name,
        active=len(targets),
        up=len(up),
        down=len(down),
        not_scraped=len(targets) - len(up) - len(down),
        barren=None if unknown else len(found),
        refused=0 if unknown or barren is None else len(barren.refused_among(up)),
        failing=tuple(_failing(target) for target in down[:FAILING]),
        labels=_shared(targets),
    )


def _failing(target: ActiveTarget) -> Target:
    return Target(
        url=without_secrets(target.scrape_url),
        health=Health.DOWN,
        last_error=steady(target.last_error),
        labels=_harmless(target.labels.items()),
    )


def _shared(targets: Sequence[ActiveTarget]) -> Labels:
    if not targets:
        return ()
    shared = set(targets[0].labels.items())
    for target in targets[1:]:
        shared &= target.labels.items()
    return _harmless(shared)


def _harmless(pairs: Iterable[tuple[str, str]]) -> Labels:
    """Labels without those that are secrets: these are kept, and asked for."""
    return as_labels(pair for pair in pairs if not is_secret(pair[0]))
