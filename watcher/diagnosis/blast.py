"""Which alerts cannot fire because the jobs that give them series are lost.

It looks at rules and at the labels of jobs, never at samples: an alert counts only where every way
of it to fire is proven shut, so the number is a least one. Of a job that is well only the labels are
believed that its targets do not write themselves as a rule (``honor_labels``): ``job`` and
``metrics_path``; of a federation none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from watcher.diagnosis.promql import PromqlError, Selector, is_silent, selectors
from watcher.model.comparison import JobState, JobStatus
from watcher.model.findings import Evidence
from watcher.model.names import PoolName
from watcher.model.rules import LoadedRule

NAMED: Final = 5
"""How many alerts are called by name; the worst ones."""

_MADE_BY_RULES: Final = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
_MADE_BY_SCRAPES: Final = ("up", "scrape_")
"""Series that Prometheus itself writes of every target, also of one that is down."""

_OWN: Final = frozenset({"job", "metrics_path"})


@dataclass(frozen=True, slots=True)
class _Job:
    pool: PoolName
    labels: Mapping[str, str]
    probed: bool


@dataclass(slots=True)
class _Sources:
    """Who gives series, and what was found of each selector and recorded series so far."""

    lost: Sequence[_Job]
    live: Sequence[_Job]
    recorded: Mapping[str, Sequence[LoadedRule]]
    givers: dict[Selector, frozenset[PoolName]] = field(default_factory=dict)
    silent_names: dict[str, bool] = field(default_factory=dict)

    def dead(self, selector: Selector) -> bool:
        """Whether nothing gives series to *selector* but lost jobs."""
        name = selector.metric
        if name is not None and name in self.recorded:
            return self._recorded(name)
        return bool(self.pools(selector))

    def pools(self, selector: Selector) -> frozenset[PoolName]:
        """The lost jobs that alone give series to *selector*; none where another job may."""
        if selector not in self.givers:
            self.givers[selector] = self._pools(selector)
        return self.givers[selector]

    def behind(self, expression: str, seen: frozenset[str] = frozenset()) -> frozenset[PoolName]:
        """The lost jobs behind *expression*, through recorded series too."""
        found: set[PoolName] = set()
        for selector in selectors(expression):
            name = selector.metric
            if name is not None and name in self.recorded:
                for rule in self.recorded[name] if name not in seen else ():
                    found |= self.behind(rule.expr, seen | {name})
            else:
                found |= self.pools(selector)
        return frozenset(found)

    def _pools(self, selector: Selector) -> frozenset[PoolName]:
        name = selector.metric or ""
        if name in _MADE_BY_RULES or any(_gives(j, selector) for j in self.live):
            return frozenset()
        givers = [job for job in self.lost if _gives(job, selector)]
        if name.startswith(_MADE_BY_SCRAPES) and any(job.probed for job in givers):
            return frozenset()
        return frozenset(job.pool for job in givers)

    def _recorded(self, name: str) -> bool:
        if name not in self.silent_names:
            self.silent_names[name] = False  # a rule that reads itself proves nothing
            rules = self.recorded[name]
            self.silent_names[name] = all(_silent(rule, self) for rule in rules)
        return self.silent_names[name]


def blast(
    rules: Iterable[LoadedRule],
    statuses: Iterable[JobStatus],
    strangers: Iterable[Iterable[tuple[str, str]]] = (),
) -> Mapping[PoolName, tuple[LoadedRule, ...]]:
    """The alerts of one Prometheus that cannot fire, by each lost pool that keeps them from it.

    *strangers* are the labels of pools that nobody expects, empty where not known. A lost job whose
    labels nobody knows silences nothing that can be proven. The critical alerts come first, then by
    name.
    """
    rules, statuses = tuple(rules), tuple(statuses)
    lost = [_job(s) for s in statuses if s.state.lost and "job" in _labels(s)]
    if not lost:
        return {}
    live = [_live(s) for s in statuses if not s.state.lost and s.state is not JobState.DORMANT]
    live += [_Job(PoolName(""), _believed(dict(each)), probed=True) for each in strangers]
    recorded: dict[str, list[LoadedRule]] = {}
    for rule in rules:
        if not rule.alerting:
            recorded.setdefault(rule.name, []).append(rule)
    sources = _Sources(lost, live, recorded)
    found: dict[PoolName, list[LoadedRule]] = {}
    for rule in sorted(set(rules), key=lambda r: (not r.critical, r.name, r.group, r.expr)):
        if rule.alerting and _silent(rule, sources):
            for pool in sources.behind(rule.expr):
                found.setdefault(pool, []).append(rule)
    return {pool: tuple(each) for pool, each in found.items()}


def told(alerts: Sequence[LoadedRule], where: str) -> Evidence:
    """*alerts* that cannot fire, as one line of evidence; *where* is the command that shows them."""
    names = list(dict.fromkeys(alert.name for alert in alerts))
    critical = sum(alert.critical for alert in alerts)
    worst = f", {critical} of them critical" if critical else ""
    shown = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
    many = "1 alert" if len(alerts) == 1 else f"{len(alerts)} alerts"
    return Evidence(
        seen=f"{many} cannot fire while this lasts{worst}: {shown}",
        where=where,
    )


def _silent(rule: LoadedRule, sources: _Sources) -> bool:
    try:
        return is_silent(rule.expr, sources.dead)
    except PromqlError:
        return False  # newer than our parser: nothing is said of it


def _job(status: JobStatus) -> _Job:
    return _Job(status.pool, _labels(status), probed=status.state is JobState.DOWN)


def _labels(status: JobStatus) -> Mapping[str, str]:
    return dict(status.labels or status.supposed)


def _live(status: JobStatus) -> _Job:
    labels = {} if status.job.path == "/federate" else dict(status.labels)
    return _Job(status.pool, _believed(labels), probed=True)


def _believed(labels: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in labels.items() if name in _OWN}


def _gives(job: _Job, selector: Selector) -> bool:
    return selector.may_select(job.labels)
