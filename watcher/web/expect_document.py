"""The JSON of ``watcher expect``: every expected job and who says so; what a monitor would become."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from watcher.cycles.forecast import Forecast
from watcher.model.expectations import Expectations, ExpectedJob, Origin
from watcher.model.findings import Confidence
from watcher.model.names import MonitorRef, PrometheusName
from watcher.operator.preview import Preview
from watcher.web import parts, shapes
from watcher.web.shapes import Moment, Schema, Shape


class ExpectedShape(Shape, frozen=True, kw_only=True):
    """One expected job, as its source asks for it.

    ``targets`` is how many it should have, ``gone_since`` when its demand was first seen to be
    gone, null while it stands.
    """

    prometheus: str
    pool: str
    source: Origin
    monitor: shapes.MonitorShape | None
    targets: int | None
    least_targets: int | None
    changed_at: Moment | None
    gone_since: Moment | None
    ignored: shapes.IgnoredShape | None
    severity: str | None
    owner: str | None


class ExpectDocument(Shape, frozen=True, kw_only=True):
    """What ``watcher expect --format json`` answers."""

    schema: Schema
    at: Moment
    expected: tuple[ExpectedShape, ...]
    unselected: tuple[shapes.UnselectedShape, ...]
    unreadable: tuple[shapes.UnreadableShape, ...]


def expect_document(
    expectations: Expectations, jobs: Iterable[ExpectedJob], now: datetime
) -> ExpectDocument:
    """*jobs* of *expectations*, sorted by Prometheus and pool."""
    return ExpectDocument(
        schema=shapes.SCHEMA,
        at=parts.moment(now),
        expected=tuple(
            _expected(job, now) for job in sorted(jobs, key=lambda j: (j.prometheus, j.pool, j.key))
        ),
        unselected=tuple(
            parts.unselected(u) for u in sorted(expectations.unselected, key=lambda u: u.monitor)
        ),
        unreadable=parts.unreadable(expectations.unreadable),
    )


def _expected(job: ExpectedJob, now: datetime) -> ExpectedShape:
    return ExpectedShape(
        prometheus=job.prometheus,
        pool=job.pool,
        source=job.origin,
        monitor=parts.monitor(job),
        targets=job.targets,
        least_targets=job.steering.min_targets,
        changed_at=parts.maybe(job.changed_at),
        gone_since=parts.maybe(job.gone_since),
        ignored=parts.ignored(job, now),
        severity=job.steering.severity,
        owner=job.steering.owner,
    )


class ObstacleShape(Shape, frozen=True, kw_only=True):
    """A cause that would keep a job without targets, with its proof and fix."""

    cause: str
    confidence: Confidence
    summary: str
    evidence: tuple[shapes.EvidenceShape, ...]
    fix: tuple[shapes.FixShape, ...]


class ForecastShape(Shape, frozen=True, kw_only=True):
    """What one job of a monitor would come to.

    ``targets`` is how many it would have by what the cluster holds now, null where that cannot be told;
    ``well`` is false where something in ``findings`` keeps it from being scraped, null for a doubt.
    """

    pool: str
    targets: int | None
    well: bool | None
    findings: tuple[ObstacleShape, ...]
    undecided: tuple[shapes.UndecidedShape, ...]


class PreviewShape(Shape, frozen=True, kw_only=True):
    """What one Prometheus would make of a monitor; null where that cannot be told."""

    prometheus: str
    selected: bool | None
    accepted: bool | None
    why: tuple[str, ...]
    pools: tuple[str, ...]
    jobs: tuple[ForecastShape, ...]


class MonitorPreviewShape(Shape, frozen=True, kw_only=True):
    """One monitor.

    ``taken`` says whether some Prometheus would select and accept it, ``well`` whether its jobs would
    have targets there; null where that cannot be told.
    """

    monitor: shapes.MonitorName
    taken: bool | None
    well: bool | None
    prometheuses: tuple[PreviewShape, ...]


class PreviewDocument(Shape, frozen=True, kw_only=True):
    """What ``watcher expect --monitor FILE --format json`` answers."""

    schema: Schema
    at: Moment
    monitors: tuple[MonitorPreviewShape, ...]


def preview_document(
    monitors: Sequence[MonitorRef],
    found: Iterable[Preview],
    coming: Mapping[PrometheusName, Sequence[Forecast]],
    now: datetime,
) -> PreviewDocument:
    """*found* with what is *coming* of their jobs, by the *monitors* that were asked about, in their order.

    A monitor is taken when a Prometheus takes it and none that selects it rejects it.
    """
    by_monitor: dict[MonitorRef, list[Preview]] = {ref: [] for ref in monitors}
    for each in found:
        by_monitor[each.monitor].append(each)
    told = tuple(_of_monitor(ref, each, coming) for ref, each in by_monitor.items())
    return PreviewDocument(schema=shapes.SCHEMA, at=parts.moment(now), monitors=told)


def _of_monitor(
    ref: MonitorRef, found: Sequence[Preview], coming: Mapping[PrometheusName, Sequence[Forecast]]
) -> MonitorPreviewShape:
    jobs = {
        each.prometheus: [f for f in coming.get(each.prometheus, ()) if f.job.monitor == ref]
        for each in found
    }
    verdicts = {f.well for each in jobs.values() for f in each}
    doubt = None if None in verdicts else True
    return MonitorPreviewShape(
        well=False if False in verdicts else doubt if verdicts else None,
        monitor=shapes.MonitorName(kind=ref.kind, namespace=ref.namespace, name=ref.name),
        taken=_taken(found),
        prometheuses=tuple(
            PreviewShape(
                prometheus=each.prometheus,
                selected=each.selected,
                accepted=each.accepted,
                why=each.why,
                pools=tuple(each.pools),
                jobs=tuple(map(_forecast, jobs[each.prometheus])),
            )
            for each in found
        ),
    )


def _forecast(found: Forecast) -> ForecastShape:
    return ForecastShape(
        pool=found.job.pool,
        targets=found.targets,
        well=found.well,
        findings=tuple(
            ObstacleShape(
                cause=each.code,
                confidence=each.finding.confidence,
                summary=each.finding.summary,
                evidence=parts.evidence(each.finding.evidence),
                fix=parts.fix(each.finding.fix),
            )
            for each in found.findings
        ),
        undecided=parts.undecided(found.undecided),
    )


def _taken(found: Sequence[Preview]) -> bool | None:
    verdicts = {each.taken for each in found}
    if any(each.accepted is False for each in found):
        return False
    if True in verdicts:
        return True
    return None if None in verdicts else False
