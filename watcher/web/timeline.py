"""When what was lost or blind within a stretch of time, as bars on a line. Knows no markup."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watcher.model.inspections import Inspection

ROWS: Final = 40
"""So many jobs at the most; the tables below hold all."""

LEAST: Final = 0.4
"""Width in percent under which a bar could not be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A stretch in percent of the whole; ``kind`` is lost, recovered, retired or blind."""

    start: float
    width: float
    kind: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One job or source with its bars."""

    name: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Rows under a line with a mark at each day; ``left_out`` counts jobs beyond those shown."""

    days: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    left_out: int


def timeline(inspection: Inspection) -> Timeline:
    """Bars of every incident, by job, then those of blindness."""
    bars: dict[str, list[Bar]] = {}
    for kind, found in (
        ("lost", inspection.lost),
        ("recovered", inspection.recovered),
        ("retired", inspection.retired),
    ):
        for one in found:
            bar = _bar(inspection, one.starts_at, one.ends_at, kind, one.cause or "cause not known")
            bars.setdefault(one.pool, []).append(bar)
    jobs = [Row(name=name, bars=tuple(some)) for name, some in bars.items()]
    blind: dict[str, list[Bar]] = {}
    for spell in inspection.blind:
        bar = _bar(inspection, spell.since, spell.until, "blind", "could not be read")
        blind.setdefault(spell.source, []).append(bar)
    sources = [Row(name=name, bars=tuple(some)) for name, some in blind.items()]
    return Timeline(
        days=_days(inspection),
        rows=(*jobs[:ROWS], *sources[:ROWS]),
        left_out=max(0, len(jobs) - ROWS),
    )


def _bar(inspection: Inspection, start: datetime, end: datetime | None, kind: str, why: str) -> Bar:
    left = _percent(inspection, start)
    right = _percent(inspection, end or inspection.until)
    width = max(right - left, LEAST)
    return Bar(
        start=round(min(left, 100 - width), 2),
        width=round(width, 2),
        kind=kind,
        told=f"{kind}: {why}",
    )


def _percent(inspection: Inspection, at: datetime) -> float:
    whole = (inspection.until - inspection.since).total_seconds()
    share = (at - inspection.since).total_seconds() / whole if whole > 0 else 0.0
    return 100 * min(max(share, 0.0), 1.0)


def _days(inspection: Inspection) -> tuple[tuple[float, str], ...]:
    """Midnights within the stretch, at most about ten of them."""
    length = (inspection.until - inspection.since).days
    step = timedelta(days=max(1, length // 10))
    day = inspection.since.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    marks = []
    while day < inspection.until:
        marks.append((round(_percent(inspection, day), 2), f"{day:%d %b}"))
        day += step
    return tuple(marks)
