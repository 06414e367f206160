"""What would become of jobs that are not declared yet: the rules, asked before anything is applied.

A job that is new has no targets at first. So it is taken for *empty*, on a Prometheus of which nothing is
read, and every rule that judges by what the cluster holds is asked why it would stay so.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watcher.diagnosis.diagnose import diagnose, rules_for
from watcher.diagnosis.rule import Case, Rule
from watcher.model.comparison import JobState, JobStatus, TargetCounts
from watcher.model.expectations import ExpectedJob, WatchedPrometheus
from watcher.model.facts import Facts
from watcher.model.findings import Found, Link, Undecided
from watcher.model.names import JobKey
from watcher.model.observations import Observation
from watcher.ports import FactGatherer

_WHATEVER_IS_THERE: Final = frozenset({"discovery-forbidden", "namespace-selector-ignored"})
"""Codes that keep a job empty though what it looks for is there."""
_NO_CODE: Final = "nothing-discovered"
"""Says only that there is nothing, where no other rule does."""
_UNCOUNTED: Final = Undecided(
    code=_NO_CODE,
    link=Link.KEPT,
    lacking="targets of a running server",
    reason="only a server shows what such a discovery answers and what relabelling keeps of it",
    permission=None,
)
"""Of a job of which nobody can say beforehand how many targets it gets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What one job would come to: ``targets`` as far as that can be told, and what speaks against it."""

    job: ExpectedJob
    targets: int | None
    findings: tuple[Found, ...] = ()
    undecided: tuple[Undecided, ...] = ()

    @property
    def well(self) -> bool | None:
        """Whether it would be scraped, None where that cannot be told."""
        if self.findings:
            return False
        return None if self.undecided or self.targets == 0 else True


def forecasts(
    jobs: Iterable[ExpectedJob],
    prometheus: WatchedPrometheus,
    gatherer: FactGatherer,
    rules: Sequence[Rule],
    facts: AbstractSet[str],
    *,
    settle: timedelta,
    now: datetime,
) -> tuple[Forecast, ...]:
    """The forecast of each of *jobs*, which are those of *prometheus*.

    *facts* are the names of those that *gatherer* has; what others would tell is not asked.
    """
    observation = Observation(prometheus=prometheus.name, taken_at=now, servers=())
    statuses = [_empty(job) for job in jobs]

    def case(status: JobStatus, known: Facts) -> Case:
        return Case(status=status, observation=observation, facts=known, now=now, settle=settle)

    needs: Mapping[JobKey, frozenset[str]] = {
        status.job.key: frozenset(
            need for rule in rules_for(case(status, Facts()), rules) for need in rule.needs
        )
        & facts
        for status in statuses
    }
    gathered = gatherer.gather(prometheus, observation, needs, statuses, now) if statuses else {}
    return tuple(_forecast(case(s, gathered[s.job.key]), rules, facts) for s in statuses)


def _empty(job: ExpectedJob) -> JobStatus:
    counts = TargetCounts(active=0, up=0, down=0, not_scraped=0, expected=job.targets)
    return JobStatus(job=job, pool=job.pool, state=JobState.EMPTY, targets=counts)


def _forecast(case: Case, rules: Sequence[Rule], facts: AbstractSet[str]) -> Forecast:
    found = diagnose(case, rules)
    every = (*((found.cause,) if found.cause else ()), *found.findings)
    targets = case.job.targets
    if targets:
        every = tuple(each for each in every if each.code in _WHATEVER_IS_THERE)
    if len(every) > 1:
        every = tuple(each for each in every if each.code != _NO_CODE)
    undecided = tuple(
        each
        for each in found.undecided
        if each.lacking in facts and (not targets or each.code in _WHATEVER_IS_THERE)
    )
    if targets is None and not every:
        undecided = (*undecided, _UNCOUNTED)
    return Forecast(job=case.job, targets=targets, findings=every, undecided=undecided)
