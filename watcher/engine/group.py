"""Make one problem of several incidents that share cause and proof, so that it is told once."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from watcher.model.incidents import Incident, Status, Transition
from watcher.model.names import JobKey, PrometheusName

_STORM: Final = "storm@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """More than so many new problems within so long are one."""

    problems: int = 10
    within: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Incidents that are told as one; all of one Prometheus, but for a storm. Never empty."""

    id: str
    incidents: tuple[Incident, ...]

    @property
    def status(self) -> Status:
        """Resolved once all are."""
        over = all(i.status is Status.RESOLVED for i in self.incidents)
        return Status.RESOLVED if over else Status.FIRING

    @property
    def open(self) -> tuple[Incident, ...]:
        """Those that are ongoing."""
        return tuple(i for i in self.incidents if i.status is not Status.RESOLVED)

    @property
    def told(self) -> tuple[Incident, ...]:
        """Those that are spoken of: the ones that are ongoing, all once none does."""
        return self.open or self.incidents

    @property
    def spokesman(self) -> Incident:
        """The incident whose cause stands for all: the first of those that are spoken of."""
        return min(self.told, key=lambda i: (i.cause is None, i.pool))

    @property
    def starts_at(self) -> datetime:
        """When the first of them began."""
        return min(i.starts_at for i in self.incidents)

    @property
    def prometheuses(self) -> tuple[PrometheusName, ...]:
        """Of which Prometheus those are that are spoken of, sorted."""
        return tuple(sorted({i.prometheus for i in self.told}))

    @property
    def storm(self) -> bool:
        """Whether it stands for too many problems at once to be told one by one."""
        return self.id.startswith(_STORM)

    @property
    def flapping(self) -> bool:
        """Whether all that is spoken of comes and goes."""
        return all(i.flapping for i in self.told)


FAIR: Final = Storm()


def assign(
    transitions: Sequence[Transition], ongoing: Mapping[JobKey, Incident], storm: Storm = FAIR
) -> tuple[Transition, ...]:
    """*transitions* with a group for each incident that fires now.

    It joins a problem that is ongoing with the same cause and proof, else it founds one, or is a part
    of the *storm* when too many were founded lately. A group, once given, stays, so that a message
    can be edited when the cause changes. What has another cause now than it was told for draws
    nobody into its message: who reads that an old loss has a new cause does not hear of new losses.
    """
    now = {t.after.job: t.after for t in transitions if t.after.status is not Status.RESOLVED}
    groups = {_signature(i): i.group for i in {**ongoing, **now}.values() if _draws_others(i)}
    founded = {_signature(t.after) for t in transitions if _fires(t.after)} - groups.keys()
    weather = _storm(ongoing.values(), founded, transitions[0].at, storm) if founded else None
    assigned = []
    for transition in transitions:
        after = transition.after
        if _fires(after):
            group = groups.setdefault(_signature(after), weather or after.id)
            after = replace(after, group=group, grouped_by=_signature(after))
        assigned.append(replace(transition, after=after))
    return tuple(assigned)


def problems(incidents: Iterable[Incident]) -> tuple[Problem, ...]:
    """The incidents by their problem, in the order in which these began."""
    by_id: dict[str, list[Incident]] = {}
    for incident in incidents:
        if incident.group is not None:
            by_id.setdefault(incident.group, []).append(incident)
    found = [
        Problem(id=group, incidents=tuple(sorted(each, key=lambda i: i.pool)))
        for group, each in by_id.items()
    ]
    return tuple(sorted(found, key=lambda p: (p.starts_at, p.id)))


_Signature: TypeAlias = tuple[str, ...]


def _fires(incident: Incident) -> bool:
    return incident.status is Status.FIRING and incident.group is None


def _signature(incident: Incident) -> _Signature:
    """What two incidents must share to be one problem; without a proof each stands alone."""
    proof = incident.found.finding.proof if incident.found else ""
    return (
        incident.prometheus,
        incident.cause or "",
        proof or incident.job,
        "flapping" if incident.flapping else "",
    )


def _draws_others(incident: Incident) -> bool:
    if incident.group is None:
        return False
    return incident.grouped_by in {(), _signature(incident)}


def _storm(
    ongoing: Iterable[Incident],
    founded: AbstractSet[_Signature],
    now: datetime,
    storm: Storm = Storm(),
) -> str | None:
    """The group of the storm that rages now, None in fair weather."""
    late = [i for i in ongoing if i.fired_at is not None and now - i.fired_at < storm.within]
    if len({_signature(i) for i in late} | founded) <= storm.problems:
        return None
    raging = {i.group for i in late if i.group and i.group.startswith(_STORM)}
    return min(raging, default=f"{_STORM}{now.isoformat()}")
