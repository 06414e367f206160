"""What there is to say after a watch: of each problem, and of each source that cannot be read."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.engine.announce import News, Reason
from watcher.engine.group import Problem, problems
from watcher.engine.links import NOWHERE, Places, links
from watcher.engine.matching import fits, labels
from watcher.engine.route import Route, chosen
from watcher.engine.severity import NOTICE, Grading, severity
from watcher.engine.wording import Context, Message, blind_subject, of_blindness, of_problem
from watcher.model.expectations import Unreadable
from watcher.model.history import Blindness
from watcher.model.incidents import Incident, Status
from watcher.model.mutes import Mute
from watcher.model.names import JobKey
from watcher.model.results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidings:
    """One thing to say. *words* puts it into words, given why it is said.

    *receivers* are the names of those who hear of it; empty: all.
    """

    subject: str
    news: News
    repeat: timedelta
    words: Callable[[Reason], Message]
    receivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the settings say of telling."""

    repeat: timedelta
    blind_grace: timedelta
    grading: Grading
    routes: Sequence[Route] = ()
    places: Places = NOWHERE
    mass_loss: float = 0.2
    """Share of the expected jobs whose removal at once is told as one thing."""


def of_problems(
    incidents: Iterable[Incident],
    about: Mapping[JobKey, Context],
    result: Result,
    mutes: Sequence[Mute],
    terms: Terms,
    hushed: AbstractSet[str] = frozenset(),
) -> Iterator[Tidings]:
    """Of each problem, but for the jobs that are muted; the end of a muted one is said.

    *hushed* are the ids of incidents that something else stands for.
    """
    shares = lost_and_all(result)
    for whole in problems(incidents):
        problem = _audible(whole, about, mutes, hushed)
        if problem is not None:
            grade = severity(problem, about, shares, terms.grading, result.at)
            yield _of_problem(problem, about, grade, terms)


def of_spells(spells: Iterable[Blindness], terms: Terms, now: datetime) -> Iterator[Tidings]:
    """Of each spell of blindness that outlasted the grace, and of the end of any."""
    for spell in spells:
        if spell.until is None and now - spell.since < terms.blind_grace:
            continue
        status = Status.FIRING if spell.until is None else Status.RESOLVED
        yield Tidings(
            subject=blind_subject(spell.source, spell.since),
            news=News(status=status, severity="blind"),
            repeat=terms.repeat,
            words=_blind_words(spell),
        )


def is_muted(incident: Incident, about: Mapping[JobKey, Context], mutes: Iterable[Mute]) -> bool:
    """Whether any of *mutes* fits the job."""
    known = about.get(incident.job, Context()).labels
    return any(fits(mute.match, known) for mute in mutes)


def contexts(
    result: Result, incidents: Iterable[Incident], places: Places
) -> Mapping[JobKey, Context]:
    """What is known of the job of each incident beyond the incident itself."""
    watched = {p.name: p for p in result.expectations.prometheuses} if result.expectations else {}
    statuses = {status.job.key: status for status in result.statuses}
    objects = result.expectations.objects if result.expectations else {}
    found = {}
    for incident in incidents:
        status = statuses.get(incident.job)
        monitor = status.job.monitor if status else None
        diagnosis = result.diagnoses.get(incident.job)
        found[incident.job] = Context(
            monitor=str(monitor) if monitor else None,
            last_sample_at=result.last_samples.get(incident.job),
            undecided=diagnosis.undecided if diagnosis else (),
            severity=status.job.steering.severity if status else None,
            pinned=status is not None and status.job.pin is not None,
            labels=labels(incident, status, objects.get(monitor) if monitor else None),
            links=links(incident, watched.get(incident.prometheus), places),
            around=diagnosis.around if diagnosis else (),
            silences_critical=any(a.critical for a in diagnosis.silenced) if diagnosis else False,
        )
    return found


def lost_and_all(result: Result) -> Mapping[str, tuple[int, int]]:
    """How many jobs of each Prometheus are lost, and how many it should have."""
    counts: dict[str, tuple[int, int]] = {}
    for comparison in result.comparisons:
        due = [s for s in comparison.statuses if not s.job.steering.ignores(result.at)]
        counts[comparison.prometheus] = (sum(s.state.lost for s in due), len(due))
    return counts


def _audible(
    problem: Problem,
    about: Mapping[JobKey, Context],
    mutes: Sequence[Mute],
    hushed: AbstractSet[str],
) -> Problem | None:
    """The problem without the jobs that are muted, None when it continues and all are."""
    muted = {i.id for i in problem.open if i.id in hushed or is_muted(i, about, mutes)}
    if not muted:
        return problem
    if len(muted) == len(problem.open):
        return None
    return replace(problem, incidents=tuple(i for i in problem.incidents if i.id not in muted))


def _of_problem(
    problem: Problem, about: Mapping[JobKey, Context], grade: str, terms: Terms
) -> Tidings:
    jobs = [about.get(i.job, Context()) for i in problem.told]
    route = chosen(terms.routes, jobs, grade)
    cause = None if problem.storm else problem.spokesman.cause

    def words(reason: Reason) -> Message:
        message = of_problem(problem, reason, about, grade)
        return replace(message, channel=route.channel, mention=route.mention)

    return Tidings(
        subject=problem.id,
        news=News(
            status=problem.status,
            cause="flapping" if problem.flapping else cause,
            body=_digest(problem),
            severity=grade,
            quiet=problem.flapping or grade == NOTICE,
        ),
        repeat=route.repeat or terms.repeat,
        words=words,
        receivers=route.receivers,
    )


def _blind_words(spell: Blindness) -> Callable[[Reason], Message]:
    source = Unreadable(source=spell.source, error=spell.error)
    return lambda reason: of_blindness(source, spell.since, spell.until, reason)


def _digest(problem: Problem) -> str:
    """What is said beyond status and cause: which jobs, and how they are; of flapping ones which."""
    said = "\n".join(i.pool if i.flapping else f"{i.pool} {i.state}" for i in problem.open)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
