"""The shapes of the JSON documents, which others read: their fields are an interface.

All keys are always there; null means not known or not asked, never zero. ``docs/schema-v1.json`` is
generated from these. How they are filled stands in ``document.py`` and ``report.py``.
"""

from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from watcher.model.comparison import JobState
from watcher.model.expectations import Origin
from watcher.model.findings import Confidence
from watcher.model.incidents import Status
from watcher.model.names import MonitorKind

SCHEMA: Final = "watcher/v1"

Schema: TypeAlias = Literal["watcher/v1"]
Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
LinkWord: TypeAlias = Literal[
    "declared",
    "selected",
    "accepted",
    "reconciled",
    "loaded",
    "created",
    "discovered",
    "kept",
    "scraped",
    "ingested",
]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all shapes: no field may be left out, none added."""


class ServerShape(Shape, frozen=True, kw_only=True):
    """One server of a Prometheus, and whether it could be read."""

    server: str
    shard: int
    replica: int
    readable: bool
    version: str | None
    error: str | None


class PrometheusShape(Shape, frozen=True, kw_only=True):
    """A Prometheus that is watched."""

    prometheus: str
    servers: tuple[ServerShape, ...]


class MonitorShape(Shape, frozen=True, kw_only=True):
    """The custom resource behind a job; ``endpoint`` is null for Probe and ScrapeConfig."""

    kind: MonitorKind
    namespace: str
    name: str
    endpoint: int | None


class MonitorName(Shape, frozen=True, kw_only=True):
    """A custom resource."""

    kind: MonitorKind
    namespace: str
    name: str


class IncidentShape(Shape, frozen=True, kw_only=True):
    """The incident of a job that is ongoing."""

    status: Status
    starts_at: Moment


class TargetsShape(Shape, frozen=True, kw_only=True):
    """Numbers of targets over all servers."""

    active: int | None
    up: int | None
    dropped: int | None
    expected: int | None


class ServerTargetsShape(Shape, frozen=True, kw_only=True):
    """Numbers of targets on one server."""

    active: int | None
    up: int | None


class ServerStateShape(Shape, frozen=True, kw_only=True):
    """The state of a job on one server."""

    server: str
    state: JobState
    targets: ServerTargetsShape


class EvidenceShape(Shape, frozen=True, kw_only=True):
    """One thing that was seen, the command that shows it, and when it happened."""

    seen: str
    where: str
    at: Moment | None


class FixShape(Shape, frozen=True, kw_only=True):
    """One thing to do; ``command`` is ready to paste."""

    do: str
    command: str | None


class FindingShape(Shape, frozen=True, kw_only=True):
    """A further cause that holds, too."""

    cause: str
    link: LinkWord
    confidence: Confidence
    summary: str


class UndecidedShape(Shape, frozen=True, kw_only=True):
    """A cause that could not be decided: the fact that lacks, and what would give it."""

    cause: str
    lacking: str
    permission: str | None


class IgnoredShape(Shape, frozen=True, kw_only=True):
    """Why the owner has the job ignored, and until when."""

    reason: str | None
    until: Moment | None


class JobShape(Shape, frozen=True, kw_only=True):
    """One expected job."""

    prometheus: str
    pool: str
    source: Origin
    monitor: MonitorShape | None
    state: JobState
    since: Moment | None
    last_sample_at: Moment | None
    incident: IncidentShape | None
    targets: TargetsShape
    servers: tuple[ServerStateShape, ...]
    cause: str | None
    confidence: Confidence | None
    link: LinkWord | None
    summary: str | None
    evidence: tuple[EvidenceShape, ...]
    around: tuple[EvidenceShape, ...]
    fix: tuple[FixShape, ...]
    findings: tuple[FindingShape, ...]
    undecided: tuple[UndecidedShape, ...]
    ignored: IgnoredShape | None


class UnselectedShape(Shape, frozen=True, kw_only=True):
    """A monitor that no Prometheus takes and none ever did."""

    monitor: MonitorName
    cause: str
    nearest: str | None
    lacks: str


class UnexpectedShape(Shape, frozen=True, kw_only=True):
    """A scrape pool that nobody expects."""

    prometheus: str
    pool: str


class UnreadableShape(Shape, frozen=True, kw_only=True):
    """A source that could not be read."""

    source: str
    error: str
    since: Moment | None


class SummaryShape(Shape, frozen=True, kw_only=True):
    """Numbers of jobs; all but ``expected`` add up to it."""

    expected: int
    healthy: int
    degraded: int
    lost: int
    dormant: int
    unknown: int
    ignored: int


class JobsDocument(Shape, frozen=True, kw_only=True):
    """What ``watcher once --format json`` and ``GET /api/v1/jobs`` answer."""

    schema: Schema
    at: Moment
    prometheuses: tuple[PrometheusShape, ...]
    jobs: tuple[JobShape, ...]
    unselected: tuple[UnselectedShape, ...]
    unexpected: tuple[UnexpectedShape, ...]
    unreadable: tuple[UnreadableShape, ...]
    summary: SummaryShape


class RiskShape(Shape, frozen=True, kw_only=True):
    """What is not lost yet and will be."""

    code: str
    prometheus: str
    pool: str | None
    confidence: Confidence
    summary: str
    evidence: tuple[EvidenceShape, ...]
    fix: tuple[FixShape, ...]


class AuditDocument(Shape, frozen=True, kw_only=True):
    """What ``watcher audit --format json`` and ``GET /api/v1/audit`` answer."""

    schema: Schema
    at: Moment
    risks: tuple[RiskShape, ...]
    undecided: tuple[UndecidedShape, ...]
    unreadable: tuple[UnreadableShape, ...]
