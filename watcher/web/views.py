"""What the pages show: jobs sorted into sections, problems grouped, the chain as a ladder.

Decides what is shown and in which order; how it looks stands in the templates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from watcher.diagnosis.ladder import Step, ladder
from watcher.model.comparison import LOST, JobState, JobStatus
from watcher.model.findings import Undecided
from watcher.model.results import Audit, Result
from watcher.web import parts, shapes
from watcher.web.document import document

CARDS: Final = 60
"""So many problems are shown in full; the others as rows of a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One problem: the jobs that share it, and the first of them to speak for all."""

    jobs: tuple[shapes.JobShape, ...]
    undecided: tuple[Undecided, ...]
    ladder: tuple[Step, ...] = ()
    """Every link of the first job; empty where nothing was diagnosed."""

    @property
    def one(self) -> shapes.JobShape:
        """The job whose proof and fix are shown."""
        return self.jobs[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The front page."""

    told: shapes.JobsDocument
    headline: str
    tone: str
    lost: tuple[Card, ...]
    more_lost: tuple[shapes.JobShape, ...]
    degraded: tuple[Card, ...]
    more_degraded: tuple[shapes.JobShape, ...]
    unknown: tuple[Card, ...]
    more_unknown: tuple[shapes.JobShape, ...]
    ignored: tuple[shapes.JobShape, ...]
    dormant: tuple[shapes.JobShape, ...]
    healthy: tuple[shapes.JobShape, ...]
    risks: tuple[shapes.RiskShape, ...]


def overview(result: Result, audit: Audit | None) -> Overview:
    """Sort everything into the sections of the front page."""
    told = document(result)
    asked = [job for job in told.jobs if job.ignored is None]
    lost = _cards((j for j in asked if j.state in LOST), result)
    degraded = _cards((j for j in asked if j.state is JobState.DEGRADED), result)
    unknown = _cards((j for j in asked if j.state is JobState.UNKNOWN), result)
    headline, tone = _headline(told.summary)
    return Overview(
        told=told,
        headline=headline,
        tone=tone,
        lost=lost[:CARDS],
        more_lost=_jobs(lost[CARDS:]),
        degraded=degraded[:CARDS],
        more_degraded=_jobs(degraded[CARDS:]),
        unknown=unknown[:CARDS],
        more_unknown=_jobs(unknown[CARDS:]),
        ignored=tuple(j for j in told.jobs if j.ignored is not None),
        dormant=tuple(j for j in asked if j.state is JobState.DORMANT),
        healthy=tuple(j for j in asked if j.state is JobState.HEALTHY),
        risks=parts.risks(audit.risks) if audit else (),
    )


def cards_of(result: Result, address: str) -> tuple[Card, ...]:
    """The jobs at ``PROMETHEUS/POOL``: one as a rule, two while one takes over the other's name."""
    found = [s for s in result.statuses if f"{s.job.prometheus}/{s.pool}" == address]
    return tuple(_card((parts.job(result, status),), status, result) for status in found)


def _headline(counts: shapes.SummaryShape) -> tuple[str, str]:
    if counts.lost:
        return f"{counts.lost} of {_jobs_word(counts.expected)} lost", "lost"
    if counts.unknown:
        return f"{counts.unknown} of {_jobs_word(counts.expected)} cannot be seen", "unknown"
    if counts.degraded:
        return f"{counts.degraded} of {_jobs_word(counts.expected)} degraded", "degraded"
    if not counts.expected:
        return "No job is expected", "unknown"
    if counts.healthy == counts.expected:
        return f"All {_jobs_word(counts.expected)} healthy", "healthy"
    return f"None of {_jobs_word(counts.expected)} lost", "healthy"


def _jobs_word(count: int) -> str:
    return f"{count:,} job{'' if count == 1 else 's'}"


def _cards(jobs: Iterable[shapes.JobShape], result: Result) -> tuple[Card, ...]:
    """One card for all jobs with one cause and one proof, or of which the same is to be said."""
    statuses: dict[tuple[str, str], JobStatus] = {
        (s.job.prometheus, s.pool): s for s in result.statuses if not s.healthy
    }
    problems: dict[object, list[shapes.JobShape]] = {}
    for job in jobs:
        found = result.diagnoses.get(statuses[job.prometheus, job.pool].job.key)
        proof = found.cause.finding.proof if found and found.cause else ""
        said = proof or (job.summary, job.evidence, job.fix)
        problems.setdefault((job.prometheus, job.state, job.cause, said), []).append(job)
    return tuple(
        _card(tuple(some), statuses[some[0].prometheus, some[0].pool], result)
        for some in problems.values()
    )


def _card(jobs: tuple[shapes.JobShape, ...], first: JobStatus, result: Result) -> Card:
    """The card of *jobs*; the diagnosis of the *first* tells reasons that the JSON does not."""
    diagnosis = None if first.healthy else result.diagnoses.get(first.job.key)
    if diagnosis is None:
        return Card(jobs=jobs, undecided=())
    seen = next(o for o in result.observations if o.prometheus == first.job.prometheus)
    steps = ladder(first, seen, diagnosis)
    return Card(jobs=jobs, undecided=diagnosis.undecided, ladder=steps)


def _jobs(cards: Sequence[Card]) -> tuple[shapes.JobShape, ...]:
    return tuple(job for card in cards for job in card.jobs)
