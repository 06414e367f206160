"""Walk one job's links, from declared to ingested: which hold, which is broken, which cannot be told."""

from dataclasses import dataclass
from enum import StrEnum

from watcher.diagnosis.diagnose import first_open_link, is_suspicion
from watcher.diagnosis.rule import Case
from watcher.model.comparison import JobState
from watcher.model.findings import Diagnosis, Evidence, Found, Link


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


def ladder(case: Case, diagnosis: Diagnosis | None) -> tuple[Step, ...]:
    """Every link of the case's job, in order."""
    return tuple(_step(case, diagnosis, link) for link in Link)


def _step(case: Case, diagnosis: Diagnosis | None, link: Link) -> Step:
    footing, why = (
        _without_diagnosis(case, link) if diagnosis is None else _diagnosed(case, diagnosis, link)
    )
    found = () if footing is Footing.HOLDS else _found(diagnosis, link)
    evidence = dict.fromkeys(each for one in found for each in one.finding.evidence)
    return Step(link=link, footing=footing, why=why, evidence=tuple(evidence))


def _found(diagnosis: Diagnosis | None, link: Link) -> tuple[Found, ...]:
    """The findings at *link*, the cause first."""
    if diagnosis is None:
        return ()
    every = (diagnosis.cause, *diagnosis.findings)
    return tuple(found for found in every if found is not None and found.link is link)


def _without_diagnosis(case: Case, link: Link) -> tuple[Footing, str]:
    if case.state is JobState.HEALTHY:
        return Footing.HOLDS, _witness(case, link)
    return Footing.CANNOT_TELL, f"the job is {case.state}"


def _witness(case: Case, link: Link) -> str:
    """What was seen that shows *link* to hold: a later link stands for the earlier ones."""
    pool, servers = case.pool, case.observation.readable
    configured = ", ".join(s.server.name for s in servers if pool in s.jobs)
    made = ", ".join(s.server.name for s in servers if pool in s.pools)
    active, up = case.status.targets.active, case.status.targets.up
    if link <= Link.LOADED and configured:
        return f"it is in the running configuration of {configured}"
    if link <= Link.CREATED and made:
        return f"its scrape pool is there on {made}"
    if link <= Link.KEPT and active:
        return f"it has {active} active {'target' if active == 1 else 'targets'}"
    if link is Link.SCRAPED and active and up is not None:
        return f"{up} of {active} targets are up"
    return f"seen: the job is {case.state}"


def _diagnosed(case: Case, diagnosis: Diagnosis, link: Link) -> tuple[Footing, str]:
    if link < first_open_link(case):
        return Footing.HOLDS, _witness(case, link)
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
    return Footing.HOLDS, "no rule finds it broken"
