"""Walk one job's links, from declared to ingested: which hold, which is broken, which cannot be told."""

from dataclasses import dataclass
from enum import StrEnum

from watcher.diagnosis.diagnose import is_suspicion
from watcher.model.comparison import JobState, JobStatus
from watcher.model.expectations import Origin
from watcher.model.findings import Diagnosis, Evidence, Found, Link
from watcher.model.observations import Observation


class Footing(StrEnum):
    """What is known of one link."""

    HOLDS = "holds"
    BROKEN = "broken"
    CANNOT_TELL = "cannot tell"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One link of one job, why it is thought so, and what shows it."""

    link: Link
    footing: Footing
    why: str
    evidence: tuple[Evidence, ...] = ()


def ladder(
    status: JobStatus, observation: Observation, diagnosis: Diagnosis | None
) -> tuple[Step, ...]:
    """Every link of the job, in order; *diagnosis* is None where none was made."""
    return tuple(_step(status, observation, diagnosis, link) for link in Link)


def _step(
    status: JobStatus, observation: Observation, diagnosis: Diagnosis | None, link: Link
) -> Step:
    footing, why = _judged(status, observation, diagnosis, link)
    asked = diagnosis is not None and link >= diagnosis.first_open
    if footing is Footing.HOLDS and (doubt := _undeclared(status, link, asked=asked)):
        footing, why = Footing.CANNOT_TELL, doubt
    found = () if footing is Footing.HOLDS else _found(diagnosis, link)
    evidence = dict.fromkeys(each for one in found for each in one.finding.evidence)
    return Step(link=link, footing=footing, why=why, evidence=tuple(evidence))


def _undeclared(status: JobStatus, link: Link, *, asked: bool) -> str | None:
    """Why *link* is not shown to hold by what comes after it, nor by no rule that convicts.

    A job may run on when nothing declares it any more, and no rule knows what declares a pinned one.
    """
    job = status.job
    if job.gone_since is not None and link <= Link.SELECTED:
        if job.monitor is None or not asked:
            return f"it was not declared any more in the snapshot of {job.gone_since:%Y-%m-%d %H:%M} UTC"
    elif job.origin is Origin.PINNED and status.state is JobState.MISSING and link < Link.LOADED:
        return "the settings pin it, and nothing that was read declares it"
    return None


def _judged(
    status: JobStatus, observation: Observation, diagnosis: Diagnosis | None, link: Link
) -> tuple[Footing, str]:
    if diagnosis is not None and link >= diagnosis.first_open:
        return _diagnosed(status, diagnosis, link)
    if diagnosis is not None or status.state is JobState.HEALTHY:
        return Footing.HOLDS, _witness(status, observation, link)
    return Footing.CANNOT_TELL, f"the job is {status.state}"


def _found(diagnosis: Diagnosis | None, link: Link) -> tuple[Found, ...]:
    """The findings at *link*, the cause first."""
    if diagnosis is None:
        return ()
    every = (diagnosis.cause, *diagnosis.findings)
    return tuple(found for found in every if found is not None and found.link is link)


def _witness(status: JobStatus, observation: Observation, link: Link) -> str:
    """What was seen that shows *link* to hold: a later link stands for the earlier ones."""
    pool, servers = status.pool, observation.readable
    configured = ", ".join(s.server.name for s in servers if pool in s.jobs)
    made = ", ".join(s.server.name for s in servers if pool in s.pools)
    active, up = status.targets.active, status.targets.up
    if link <= Link.LOADED and configured:
        return f"it is in the running configuration of {configured}"
    if link <= Link.CREATED and made:
        return f"its scrape pool is there on {made}"
    if link <= Link.KEPT and active:
        return f"it has {active} active {'target' if active == 1 else 'targets'}"
    if link is Link.SCRAPED and active and up is not None:
        return f"{up} of {active} targets are up"
    return f"seen: the job is {status.worst}"


def _diagnosed(status: JobStatus, diagnosis: Diagnosis, link: Link) -> tuple[Footing, str]:
    found = _found(diagnosis, link)
    if any(f is diagnosis.cause or not is_suspicion(f) for f in found):
        return Footing.BROKEN, "; ".join(f"{f.code}: {f.finding.summary}" for f in found)
    suspected = (f"{f.code} is possible: {f.finding.summary}" for f in found)
    lacking = (
        f"{u.code} lacks {u.lacking}: {u.reason}"
        + (f" ({u.permission} would tell)" if u.permission else "")
        for u in diagnosis.undecided
        if u.link is link
    )
    if said := "; ".join((*suspected, *lacking)):
        return Footing.CANNOT_TELL, said
    if link is diagnosis.link:
        return Footing.CANNOT_TELL, "no rule explains it"
    if link > diagnosis.link:
        return Footing.NOT_REACHED, "an earlier link is broken"
    if status.job.monitor is None and link in {Link.SELECTED, Link.ACCEPTED}:
        return Footing.HOLDS, "no monitor declares it, so nothing has to be selected or accepted"
    return Footing.HOLDS, "no rule finds it broken"
