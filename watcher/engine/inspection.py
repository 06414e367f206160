"""Sum up a stretch of time for the weekly inspection. Says what happened, not how it looks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from watcher.model.findings import CAUSE_UNKNOWN, Risk
from watcher.model.history import Blindness, WatchRecord
from watcher.model.incidents import Ending, Incident
from watcher.model.inspections import Inspection
from watcher.model.mutes import Mute

_GAP: Final = 3
"""So many intervals without a watch are a gap; less is a slow watch or a restart."""


def inspect(  # noqa: PLR0913 -- it sums up all that there is
    since: datetime,
    until: datetime,
    *,
    incidents: Iterable[Incident],
    watches: Iterable[WatchRecord],
    spells: Iterable[Blindness],
    risks: Iterable[Risk],
    watch_interval: timedelta,
    first_watch: datetime | None,
    mutes: Iterable[Mute] = (),
) -> Inspection:
    """Sum up what there was from *since* until just before *until*; what lies outside is left out.

    Only incidents that fired count. One that ended at *until* or later went on then, and is lost.
    Jobs that are ignored or dormant are nobody's loss and no part of the coverage, unknown ones
    are: what could not be seen was not seen healthy. *first_watch* is the first one ever: the time
    before it is not held against a watcher that was not installed yet, and with None all of it is.
    """
    seen = sorted((w for w in watches if since <= w.at < until), key=lambda w: w.at)
    fired = [i for i in incidents if _fired_in(i, since, until)]
    ended = [i for i in fired if i.ends_at is not None and i.ends_at < until]
    blind = [s for s in spells if s.since < until and (s.until is None or s.until > since)]
    return Inspection(
        since=since,
        until=until,
        watches=len(seen),
        coverage=_coverage(seen),
        latest=seen[-1] if seen else None,
        lost=_in_order(i for i in fired if i not in ended),
        recovered=_in_order(i for i in ended if i.ending is not Ending.RETIRED),
        retired=_in_order(i for i in ended if i.ending is Ending.RETIRED),
        at_risk=tuple(risks),
        blind=tuple(sorted(blind, key=lambda s: (s.since, s.source))),
        blind_for=_union(blind, since, until),
        unwatched_for=_unwatched([w.at for w in seen], since, until, watch_interval, first_watch),
        by_cause=_by_cause(fired),
        mutes=tuple(sorted(mutes, key=lambda m: (m.since, m.id))),
    )


def _fired_in(incident: Incident, since: datetime, until: datetime) -> bool:
    """Whether it was there in the stretch; an incident is a part of a problem once it fires."""
    there = incident.starts_at < until and (incident.ends_at is None or incident.ends_at >= since)
    return there and incident.group is not None


def _coverage(watches: Sequence[WatchRecord]) -> float | None:
    due = sum(w.expected - w.ignored - w.dormant for w in watches)
    return sum(w.healthy for w in watches) / due if due > 0 else None


def _in_order(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    return tuple(sorted(incidents, key=lambda i: (i.starts_at, i.id)))


def _union(spells: Iterable[Blindness], since: datetime, until: datetime) -> timedelta:
    """The time in which at least one of them went on, within the stretch."""
    total, covered = timedelta(0), since
    for spell in sorted(spells, key=lambda s: s.since):
        start, end = max(spell.since, covered), min(spell.until or until, until)
        if end > start:
            total += end - start
            covered = end
    return total


def _unwatched(
    moments: Sequence[datetime],
    since: datetime,
    until: datetime,
    interval: timedelta,
    first_watch: datetime | None,
) -> timedelta:
    """The gaps, each in its whole length: nobody knows what was between two watches far apart."""
    if first_watch is None or first_watch >= until:
        return timedelta(0)
    edges = [max(since, first_watch), *moments, until]
    gaps = [later - earlier for earlier, later in pairwise(edges)]
    return sum((gap for gap in gaps if gap > _GAP * interval), timedelta(0))


def _by_cause(incidents: Iterable[Incident]) -> tuple[tuple[str, int], ...]:
    """How many of the lost, recovered and retired had which cause; the most frequent first."""
    causes = Counter(i.cause or CAUSE_UNKNOWN for i in incidents)
    return tuple(sorted(causes.items(), key=lambda each: (-each[1], each[0])))
