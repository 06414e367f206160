"""Where a problem is told: the first route of the settings that fits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from watcher.engine.matching import Match, fits
from watcher.engine.wording import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which receivers hear of it, in which channel, whom to mention, and when it is told again.

    No receivers stand for all, None for what the settings say of all. Somebody is mentioned once
    the problem is critical.
    """

    match: Match = ()
    receivers: tuple[str, ...] = ()
    channel: str | None = None
    mention: str | None = None
    repeat: timedelta | None = None


def chosen(routes: Iterable[Route], jobs: Sequence[Context], severity: str) -> Route:
    """The first of *routes* that fits all *jobs* of a problem; a route of nothing if none does.

    One that spans several teams thus goes where all of them look.
    """
    known = [{**job.labels, "severity": severity} for job in jobs]
    for route in routes:
        if known and all(fits(route.match, labels) for labels in known):
            return route
    return Route()
