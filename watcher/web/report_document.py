"""The JSON of history: an inspection, and a list of incidents."""

from collections.abc import Iterable
from datetime import datetime

from watcher.model.comparison import JobState
from watcher.model.incidents import Ending, Incident, Status
from watcher.model.inspections import Inspection
from watcher.web import parts, shapes
from watcher.web.shapes import Moment, Schema, Shape


class PastIncidentShape(Shape, frozen=True, kw_only=True):
    """An incident that may have ended; ``seconds`` is its length so far."""

    prometheus: str
    pool: str
    state: JobState
    status: Status
    cause: str | None
    starts_at: Moment
    ends_at: Moment | None
    ending: Ending | None
    seconds: int


class BlindShape(Shape, frozen=True, kw_only=True):
    """A spell in which a source could not be read; ``until`` is null while it is ongoing."""

    source: str
    error: str
    since: Moment
    until: Moment | None


class CauseCount(Shape, frozen=True, kw_only=True):
    """How many incidents had a cause."""

    cause: str
    incidents: int


class MuteShape(Shape, frozen=True, kw_only=True):
    """What was not told for a while, and why."""

    match: dict[str, str]
    since: Moment
    until: Moment
    reason: str


class InspectionDocument(Shape, frozen=True, kw_only=True):
    """What ``watcher inspect --format json`` answers; ``coverage`` is a share from 0 to 1."""

    schema: Schema
    since: Moment
    until: Moment
    watches: int
    coverage: float | None
    latest: shapes.SummaryShape | None
    lost: tuple[PastIncidentShape, ...]
    recovered: tuple[PastIncidentShape, ...]
    retired: tuple[PastIncidentShape, ...]
    at_risk: tuple[shapes.RiskShape, ...]
    by_cause: tuple[CauseCount, ...]
    blind: tuple[BlindShape, ...]
    blind_seconds: int
    unwatched_seconds: int
    mutes: tuple[MuteShape, ...]


class IncidentsDocument(Shape, frozen=True, kw_only=True):
    """What ``watcher incidents --format json`` answers."""

    schema: Schema
    at: Moment
    incidents: tuple[PastIncidentShape, ...]


def inspection_document(inspection: Inspection) -> InspectionDocument:
    """All that the inspection found, in its own order."""
    until = inspection.until
    return InspectionDocument(
        schema=shapes.SCHEMA,
        since=parts.moment(inspection.since),
        until=parts.moment(until),
        watches=inspection.watches,
        coverage=inspection.coverage,
        latest=_summary(inspection),
        lost=_incidents(inspection.lost, until),
        recovered=_incidents(inspection.recovered, until),
        retired=_incidents(inspection.retired, until),
        at_risk=parts.risks(inspection.at_risk),
        by_cause=tuple(CauseCount(cause=c, incidents=n) for c, n in inspection.by_cause),
        blind=tuple(
            BlindShape(
                source=spell.source,
                error=spell.error,
                since=parts.moment(spell.since),
                until=parts.moment(spell.until) if spell.until else None,
            )
            for spell in inspection.blind
        ),
        blind_seconds=int(inspection.blind_for.total_seconds()),
        unwatched_seconds=int(inspection.unwatched_for.total_seconds()),
        mutes=tuple(
            MuteShape(
                match=dict(mute.match),
                since=parts.moment(mute.since),
                until=parts.moment(mute.until),
                reason=mute.reason,
            )
            for mute in inspection.mutes
        ),
    )


def incidents_document(found: Iterable[Incident], now: datetime) -> IncidentsDocument:
    """Incidents in the order given."""
    return IncidentsDocument(
        schema=shapes.SCHEMA, at=parts.moment(now), incidents=_incidents(found, now)
    )


def _summary(inspection: Inspection) -> shapes.SummaryShape | None:
    last = inspection.latest
    if last is None:
        return None
    return shapes.SummaryShape(
        expected=last.expected,
        healthy=last.healthy,
        degraded=last.degraded,
        lost=last.lost,
        dormant=last.dormant,
        unknown=last.unknown,
        ignored=last.ignored,
    )


def _incidents(found: Iterable[Incident], now: datetime) -> tuple[PastIncidentShape, ...]:
    return tuple(
        PastIncidentShape(
            prometheus=one.prometheus,
            pool=one.pool,
            state=one.state,
            status=one.status,
            cause=one.cause,
            starts_at=parts.moment(one.starts_at),
            ends_at=parts.moment(one.ends_at) if one.ends_at else None,
            ending=one.ending,
            seconds=int(((one.ends_at or now) - one.starts_at).total_seconds()),
        )
        for one in found
    )
