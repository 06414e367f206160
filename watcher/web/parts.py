"""The parts of the JSON documents, each made from one value of the model."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from watcher.engine.wording import MEANING, cause_sentence
from watcher.model.comparison import JobStatus, ServerStatus
from watcher.model.expectations import ExpectedJob, ExpectedServer, Unreadable, Unselected
from watcher.model.findings import Diagnosis, Evidence, FixStep, Link, Risk, Undecided
from watcher.model.incidents import Incident, Status
from watcher.model.observations import ServerObservation, UnreadableServer
from watcher.model.results import Result
from watcher.web import shapes


def job(result: Result, status: JobStatus) -> shapes.JobShape:
    """One job with all that the result knows of it. What was not diagnosed has no cause."""
    key = status.job.key
    diagnosis = None if status.healthy else result.diagnoses.get(key)
    cause = diagnosis.cause.finding if diagnosis and diagnosis.cause else None
    return shapes.JobShape(
        prometheus=status.job.prometheus,
        pool=status.pool,
        source=status.job.origin,
        monitor=monitor(status.job),
        state=status.state,
        since=_since(result, status),
        last_sample_at=maybe(result.last_samples.get(key)),
        incident=_incident(result.incidents.get(key)),
        targets=_targets(status),
        servers=tuple(_on_server(s) for s in sorted(status.servers, key=lambda s: s.server)),
        cause=diagnosis.code if diagnosis else None,
        confidence=cause.confidence if cause else None,
        link=_word(diagnosis.link) if diagnosis else None,
        summary=_summary(status, diagnosis),
        evidence=evidence(cause.evidence) if cause else (),
        around=evidence(diagnosis.around) if diagnosis else (),
        fix=fix(cause.fix) if cause else (),
        findings=_findings(diagnosis) if diagnosis else (),
        undecided=undecided(diagnosis.undecided) if diagnosis else (),
        ignored=ignored(status.job, result.at),
    )


def server(seen: ServerObservation | UnreadableServer) -> shapes.ServerShape:
    """One server, readable or not."""
    return shapes.ServerShape(
        server=seen.server.name,
        shard=seen.server.shard,
        replica=seen.server.replica,
        readable=isinstance(seen, ServerObservation),
        version=seen.version if isinstance(seen, ServerObservation) else None,
        error=seen.error if isinstance(seen, UnreadableServer) else None,
    )


def not_asked(servers: Iterable[ExpectedServer]) -> Iterable[UnreadableServer]:
    """Servers that are expected and that this look did not come to."""
    return (UnreadableServer(server=server, error="not asked yet") for server in servers)


def unselected(found: Unselected) -> shapes.UnselectedShape:
    """A monitor that no Prometheus takes."""
    ref = found.monitor
    return shapes.UnselectedShape(
        monitor=shapes.MonitorName(kind=ref.kind, namespace=ref.namespace, name=ref.name),
        cause=found.cause,
        nearest=found.nearest,
        lacks=found.lacks,
    )


def unreadable(found: Iterable[Unreadable]) -> tuple[shapes.UnreadableShape, ...]:
    """Sources that could not be read, each error of each once, sorted by source."""
    since: dict[tuple[str, str], datetime | None] = {}
    for one in found:
        key = (one.source, one.error)
        since[key] = since.get(key) or one.since
    return tuple(
        shapes.UnreadableShape(source=source, error=error, since=maybe(at))
        for (source, error), at in sorted(since.items(), key=lambda item: item[0])
    )


def risks(found: Iterable[Risk]) -> tuple[shapes.RiskShape, ...]:
    """What is at risk, sorted by Prometheus, pool and code."""
    return tuple(
        shapes.RiskShape(
            code=risk.code,
            prometheus=risk.prometheus,
            pool=risk.pool,
            confidence=risk.finding.confidence,
            summary=risk.finding.summary,
            evidence=evidence(risk.finding.evidence),
            fix=fix(risk.finding.fix),
        )
        for risk in sorted(found, key=lambda r: (r.prometheus, r.pool or "", r.code))
    )


def undecided(found: Iterable[Undecided]) -> tuple[shapes.UndecidedShape, ...]:
    """Causes that could not be decided, in the order given."""
    return tuple(
        shapes.UndecidedShape(cause=u.code, lacking=u.lacking, permission=u.permission)
        for u in found
    )


def monitor(expected: ExpectedJob) -> shapes.MonitorShape | None:
    """The custom resource behind a job, None for one that no resource asks for."""
    ref = expected.monitor
    if ref is None:
        return None
    return shapes.MonitorShape(
        kind=ref.kind, namespace=ref.namespace, name=ref.name, endpoint=expected.endpoint
    )


def ignored(expected: ExpectedJob, now: datetime) -> shapes.IgnoredShape | None:
    """Why its owner has it ignored at *now*, and until when; None where it is not."""
    if not expected.steering.ignores(now):
        return None
    return shapes.IgnoredShape(
        reason=expected.steering.reason, until=maybe(expected.steering.until)
    )


def moment(at: datetime) -> datetime:
    """The moment in UTC, cut to whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0)


def maybe(at: datetime | None) -> datetime | None:
    """The same of a moment that may not be known."""
    return None if at is None else moment(at)


def _since(result: Result, status: JobStatus) -> datetime | None:
    """Since when it is in this state; what is remembered of another state is no answer."""
    memory = result.memory.get(status.job.key)
    return moment(memory.since) if memory and memory.state is status.state else None


def _summary(status: JobStatus, diagnosis: Diagnosis | None) -> str | None:
    """One sentence about a job that is not healthy: its cause, or its state in words."""
    if status.healthy:
        return None
    if diagnosis is None:
        return MEANING[status.state]
    return cause_sentence(status.state, diagnosis.cause.finding if diagnosis.cause else None)


def _incident(incident: Incident | None) -> shapes.IncidentShape | None:
    if incident is None or incident.status is Status.RESOLVED:
        return None
    return shapes.IncidentShape(status=incident.status, starts_at=moment(incident.starts_at))


def _targets(status: JobStatus) -> shapes.TargetsShape:
    return shapes.TargetsShape(
        active=status.targets.active,
        up=status.targets.up,
        dropped=status.targets.dropped,
        expected=status.targets.expected,
    )


def _on_server(status: ServerStatus) -> shapes.ServerStateShape:
    return shapes.ServerStateShape(
        server=status.server,
        state=status.state,
        targets=shapes.ServerTargetsShape(active=status.targets.active, up=status.targets.up),
    )


def _word(link: Link) -> shapes.LinkWord:
    return cast("shapes.LinkWord", link.word)


def evidence(found: Iterable[Evidence]) -> tuple[shapes.EvidenceShape, ...]:
    """Each piece of proof."""
    return tuple(shapes.EvidenceShape(seen=e.seen, where=e.where, at=maybe(e.at)) for e in found)


def fix(steps: Iterable[FixStep]) -> tuple[shapes.FixShape, ...]:
    """Each step."""
    return tuple(shapes.FixShape(do=step.do, command=step.command) for step in steps)


def _findings(diagnosis: Diagnosis) -> tuple[shapes.FindingShape, ...]:
    return tuple(
        shapes.FindingShape(
            cause=found.code,
            link=_word(found.link),
            confidence=found.finding.confidence,
            summary=found.finding.summary,
        )
        for found in diagnosis.findings
    )
