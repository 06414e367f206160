"""What the pages show: jobs sorted into sections, problems grouped, the chain as a ladder.

Decides what is shown and in which order; how it looks stands in the templates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watcher.model.comparison import LOST, JobState
from watcher.model.findings import Diagnosis, Link, Undecided
from watcher.model.results import Audit, Result
from watcher.web import parts, shapes
from watcher.web.document import document

CARDS: Final = 60
"""So many problems are shown in full; the others as rows of a table."""


class Hold(StrEnum):
    """Whether a link of the chain holds for a job."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNKNOWN = "cannot tell"
    BEYOND = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One problem: the jobs that share it, and the first of them to speak for all."""

    jobs: tuple[shapes.JobShape, ...]
    undecided: tuple[Undecided, ...]

    @property
    def one(self) -> shapes.JobShape:
        """The job whose proof and fix are shown."""
        return self.jobs[0]

    @property
    def ladder(self) -> tuple[tuple[str, Hold], ...]:
        """Every link of the chain with how it is; empty where nothing was diagnosed."""
        if self.one.link is None:
            return ()
        broken = Link[self.one.link.upper()]
        at = Hold.UNKNOWN if self.one.confidence is None else Hold.BROKEN
        return tuple(
            (link.word, at if link is broken else Hold.HOLDS if link < broken else Hold.BEYOND)
            for link in Link
        )


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
    diagnoses = _diagnoses(result)
    lost = _cards((j for j in asked if j.state in LOST), diagnoses)
    degraded = _cards((j for j in asked if j.state is JobState.DEGRADED), diagnoses)
    unknown = _cards((j for j in asked if j.state is JobState.UNKNOWN), diagnoses)
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
    return tuple(
        Card(
            jobs=(parts.job(result, status),),
            undecided=diagnosis.undecided
            if not status.healthy and (diagnosis := result.diagnoses.get(status.job.key))
            else (),
        )
        for status in found
    )


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


def _diagnoses(result: Result) -> dict[tuple[str, str], Diagnosis]:
    """By Prometheus and pool; they tell proofs and reasons, which the JSON does not."""
    return {
        (s.job.prometheus, s.pool): result.diagnoses[s.job.key]
        for s in result.statuses
        if not s.healthy and s.job.key in result.diagnoses
    }


def _cards(
    jobs: Iterable[shapes.JobShape], diagnoses: dict[tuple[str, str], Diagnosis]
) -> tuple[Card, ...]:
    """One card for all jobs with one cause and one proof, or of which the same is to be said."""
    problems: dict[object, list[shapes.JobShape]] = {}
    for job in jobs:
        found = diagnoses.get((job.prometheus, job.pool))
        proof = found.cause.finding.proof if found and found.cause else ""
        said = proof or (job.summary, job.evidence, job.fix)
        problems.setdefault((job.prometheus, job.state, job.cause, said), []).append(job)
    return tuple(
        Card(jobs=tuple(some), undecided=found.undecided if found else ())
        for some in problems.values()
        for found in [diagnoses.get((some[0].prometheus, some[0].pool))]
    )


def _jobs(cards: Sequence[Card]) -> tuple[shapes.JobShape, ...]:
    return tuple(job for card in cards for job in card.jobs)
