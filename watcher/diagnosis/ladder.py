"""Walk one job's links, from declared to ingested: which hold, which is broken, which cannot be told."""

from dataclasses import dataclass
from enum import StrEnum

from watcher.diagnosis.diagnose import first_open_link
from watcher.diagnosis.rule import Case
from watcher.model.comparison import JobState
from watcher.model.findings import Diagnosis, Link


class Footing(StrEnum):
    """What is known of one link."""

    HOLDS = "holds"
    BROKEN = "broken"
    CANNOT_TELL = "cannot tell"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One link of one job, and why it is thought so."""

    link: Link
    footing: Footing
    why: str


def ladder(case: Case, diagnosis: Diagnosis | None) -> tuple[Step, ...]:
    """Every link of the case's job, in order."""
    return tuple(_step(case, diagnosis, link) for link in Link)


def _step(case: Case, diagnosis: Diagnosis | None, link: Link) -> Step:
    footing, why = (
        _without_diagnosis(case) if diagnosis is None else _diagnosed(case, diagnosis, link)
    )
    return Step(link=link, footing=footing, why=why)


def _without_diagnosis(case: Case) -> tuple[Footing, str]:
    if case.state is JobState.HEALTHY:
        return Footing.HOLDS, "the job yields samples"
    return Footing.CANNOT_TELL, f"the job is {case.state}"


def _diagnosed(case: Case, diagnosis: Diagnosis, link: Link) -> tuple[Footing, str]:
    if link < first_open_link(case):
        return Footing.HOLDS, f"seen: the job is {case.state}"
    found = [f for f in (diagnosis.cause, *diagnosis.findings) if f is not None and f.link is link]
    if found:
        return Footing.BROKEN, "; ".join(f"{f.code}: {f.finding.summary}" for f in found)
    lacking = [u for u in diagnosis.undecided if u.link is link]
    if lacking:
        said = (f"{u.code} lacks {u.lacking}: {u.reason}" for u in lacking)
        return Footing.CANNOT_TELL, "; ".join(said)
    if link is diagnosis.link:
        return Footing.CANNOT_TELL, "no rule explains it"
    if link > diagnosis.link:
        return Footing.NOT_REACHED, "an earlier link is broken"
    return Footing.HOLDS, "no rule finds it broken"
