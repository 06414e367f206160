"""Make one problem of several incidents that share cause and proof, so that it is told once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from watcher.model.incidents import Incident, Status, Transition
from watcher.model.names import JobKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Incidents that are told as one; all of one Prometheus. Never empty."""

    id: str
    incidents: tuple[Incident, ...]

    @property
    def status(self) -> Status:
        """Resolved once all are."""
        over = all(i.status is Status.RESOLVED for i in self.incidents)
        return Status.RESOLVED if over else Status.FIRING

    @property
    def open(self) -> tuple[Incident, ...]:
        """Those that go on."""
        return tuple(i for i in self.incidents if i.status is not Status.RESOLVED)

    @property
    def spokesman(self) -> Incident:
        """The incident whose cause stands for all: the first of those that go on."""
        return min(self.open or self.incidents, key=lambda i: (i.cause is None, i.pool))


def assign(
    transitions: Sequence[Transition], ongoing: Mapping[JobKey, Incident]
) -> tuple[Transition, ...]:
    """*transitions* with a group for each incident that fires now.

    It joins a problem that goes on with the same cause and proof, else it founds one. A group,
    once given, stays, so that a message can be edited when the cause changes.
    """
    groups = {_signature(i): i.group for i in ongoing.values() if i.group}
    assigned = []
    for transition in transitions:
        after = transition.after
        if after.status is Status.FIRING and after.group is None:
            group = groups.setdefault(_signature(after), after.id)
            after = replace(after, group=group)
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
    return tuple(sorted(found, key=lambda p: (min(i.starts_at for i in p.incidents), p.id)))


def _signature(incident: Incident) -> tuple[str, str, str]:
    """What two incidents must share to be one problem; without a proof each stands alone."""
    proof = incident.found.finding.proof if incident.found else ""
    return (incident.prometheus, incident.cause or "", proof or incident.job)
