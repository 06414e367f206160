"""What is said of a problem, before any markup: once for every place that says it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from watcher.engine.announce import Reason
from watcher.engine.group import Problem
from watcher.model.comparison import JobState
from watcher.model.expectations import Unreadable
from watcher.model.findings import CAUSE_UNKNOWN, Evidence, Finding, FixStep, Undecided
from watcher.model.incidents import Ending, Status
from watcher.model.names import JobKey, PoolName, PrometheusName


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One job that a message speaks of."""

    prometheus: PrometheusName
    pool: PoolName
    state: JobState
    monitor: str | None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a message says of an incident beyond the incident itself."""

    monitor: str | None = None
    last_sample_at: datetime | None = None
    undecided: tuple[Undecided, ...] = ()
    severity: str | None = None
    """What the owner says it is, None where nothing."""
    pinned: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    """As ``engine.matching`` names them."""
    links: tuple[tuple[str, str], ...] = ()
    around: tuple[Evidence, ...] = ()
    """What happened around the loss, and what follows from it; it proves nothing."""
    silences_critical: bool = False
    """Whether a critical alert cannot fire while it lasts."""


NOTICES: Final = frozenset({"monitor-deleted", "namespace-deleted", "pool-renamed"})
"""Causes that somebody most likely wanted: told once, without alarm."""

MEANING: Final = {
    JobState.HEALTHY: "all targets are scraped",
    JobState.DEGRADED: "some targets are not scraped",
    JobState.DOWN: "every target is down or yields no sample",
    JobState.EMPTY: "the scrape pool has no target",
    JobState.UNSTARTED: "the job is configured, but Prometheus has no scrape pool of it",
    JobState.MISSING: "the job is not in the running configuration",
    JobState.UNKNOWN: "it cannot be told how the job is",
    JobState.DORMANT: "the job gives no sample and never gave one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message about one problem, before any markup.

    ``subject`` is the id under which deliveries are remembered; ``reason`` says why it is sent now
    (``announce.Reason``). ``headline`` is one line; ``summary`` the cause in one sentence;
    ``cause`` its code. ``duration`` is set when it ended. ``about`` holds the jobs concerned, one or
    a whole group. ``channel`` and ``mention`` are those of its route, None for the usual ones.
    """

    subject: str
    reason: str
    status: Status
    headline: str
    summary: str
    about: tuple[Subject, ...] = ()
    cause: str | None = None
    confidence: str | None = None
    link: str | None = None
    starts_at: datetime
    ends_at: datetime | None = None
    last_sample_at: datetime | None = None
    evidence: tuple[Evidence, ...] = ()
    around: tuple[Evidence, ...] = ()
    """What happened around the loss, and what follows from it; it proves nothing."""
    fix: tuple[FixStep, ...] = ()
    undecided: tuple[str, ...] = ()
    severity: str = "warning"
    links: tuple[tuple[str, str], ...] = ()
    """Pairs of a text and a URL."""
    channel: str | None = None
    mention: str | None = None

    @property
    def duration(self) -> timedelta | None:
        """How long it lasted, None while it is ongoing."""
        return None if self.ends_at is None else self.ends_at - self.starts_at


def of_problem(
    problem: Problem, reason: Reason, about: Mapping[JobKey, Context], severity: str
) -> Message:
    """Put a problem into words. *about* has what is known of each job beyond its incident."""
    one = problem.spokesman
    known = about.get(one.job, Context())
    found = one.found if not problem.storm else None
    finding = found.finding if found else None
    return Message(
        subject=problem.id,
        reason=reason.value,
        status=problem.status,
        headline=_headline(problem),
        summary=_summary(problem, finding),
        about=tuple(
            Subject(
                prometheus=i.prometheus,
                pool=i.pool,
                state=i.state,
                monitor=about.get(i.job, Context()).monitor,
                labels=about.get(i.job, Context()).labels,
            )
            for i in problem.told
        ),
        cause=None if problem.storm else one.cause,
        confidence=finding.confidence.value if finding else None,
        link=found.link.word if found else None,
        starts_at=problem.starts_at,
        ends_at=_ended(problem),
        last_sample_at=known.last_sample_at,
        evidence=finding.evidence if finding else (),
        around=known.around,
        fix=finding.fix if finding else (),
        undecided=() if one.found else tuple(_undecided_line(u) for u in known.undecided),
        severity=severity,
        links=known.links if not problem.storm else _shared(problem, about),
    )


def of_blindness(
    source: Unreadable, since: datetime, until: datetime | None, reason: Reason
) -> Message:
    """Say that a source cannot be read, or that it can be again."""
    over = until is not None
    return Message(
        subject=blind_subject(source.source, since),
        reason=reason.value,
        status=Status.RESOLVED if over else Status.FIRING,
        headline=f"{source.source} can be read again" if over else f"Blind: {source.source}",
        summary=(
            f"{source.source} could not be read: {source.error}; while this lasts, nothing that"
            " it would show opens or ends"
        ),
        starts_at=since,
        ends_at=until,
        severity="blind",
    )


def of_test(now: datetime) -> Message:
    """A message that says only that messages arrive."""
    return Message(
        subject=f"test@{now.isoformat()}",
        reason=Reason.FIRST.value,
        status=Status.FIRING,
        headline="Test message from watcher",
        summary="Messages about lost scrape jobs arrive here. No job is lost.",
        starts_at=now,
        severity="notice",
    )


def blind_subject(source: str, since: datetime) -> str:
    """The subject of a spell of blindness."""
    return f"blind:{source}@{since.isoformat()}"


def cause_sentence(state: JobState, finding: Finding | None) -> str:
    """The cause of a job's *state* in one sentence, or plainly that it is not known."""
    if finding is not None:
        return finding.summary
    return f"{MEANING[state]}; no rule explains why"


def _headline(problem: Problem) -> str:
    shown = problem.told
    over = problem.status is Status.RESOLVED
    lost = "lost" if any(i.state.lost for i in shown) else "partly lost"
    verb = "recovered" if over else "flapping" if problem.flapping else lost
    if over and all(i.ending is Ending.RETIRED for i in problem.incidents):
        verb = "no longer expected"
    where = ", ".join(problem.prometheuses)
    if problem.storm:
        return f"Storm: {len(shown)} scrape jobs {verb} in {where}"
    if len(shown) == 1:
        return f"Scrape job {verb}: {shown[0].pool}"
    return f"{len(shown)} scrape jobs {verb} in {where}: {shown[0].pool}, …"


def _summary(problem: Problem, finding: Finding | None) -> str:
    if problem.storm:
        causes = Counter(i.cause or CAUSE_UNKNOWN for i in problem.told)
        counted = ", ".join(f"{count} {cause}" for cause, count in causes.most_common(_CAUSES_TOLD))
        more = ", …" if len(causes) > _CAUSES_TOLD else ""
        return f"{_of_storm(problem)}; by cause: {counted}{more}"
    said = cause_sentence(problem.spokesman.state, finding)
    if problem.flapping and problem.status is Status.FIRING:
        turns = max(i.turns for i in problem.told)
        return f"lost {turns} times in a short while, nothing more is said until it settles; {said}"
    return said


_CAUSES_TOLD: Final = 8


def _of_storm(problem: Problem) -> str:
    """Why they are told as one: that is true of all that there were, not of those that are left."""
    every, left = len(problem.incidents), len(problem.told)
    if left == every:
        return "lost within minutes of many others, and told as one"
    return f"lost within minutes of many others, and told as one; {left} of {every} still are"


def _shared(problem: Problem, about: Mapping[JobKey, Context]) -> tuple[tuple[str, str], ...]:
    """The links that all jobs of a storm have: another one would lead to the first job alone."""
    every = [about.get(i.job, Context()).links for i in problem.told]
    return tuple(link for link in every[0] if all(link in links for links in every))


def _ended(problem: Problem) -> datetime | None:
    if problem.status is not Status.RESOLVED:
        return None
    return max(i.ends_at for i in problem.incidents if i.ends_at is not None)


def _undecided_line(undecided: Undecided) -> str:
    would = f" (would be decided by: {undecided.permission})" if undecided.permission else ""
    return f"{undecided.code}: {undecided.lacking} could not be read: {undecided.reason}{would}"


def length(duration: timedelta) -> str:
    """A duration as people say it: ``9 d 4 h``, ``12 min``, ``40 s``: two units at the most."""
    seconds = int(duration.total_seconds())
    parts: list[str] = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count or (unit == "s" and not parts):
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
