"""What a rule is, and what it is given."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias, TypeVar

from watcher.model.comparison import JobState, JobStatus
from watcher.model.expectations import ExpectedJob, FilePath, Unselected, WatchedPrometheus
from watcher.model.facts import Fact, Facts, Unavailable
from watcher.model.findings import Finding, Link, Risk
from watcher.model.kube import items, objects
from watcher.model.names import PoolName, PrometheusName
from watcher.model.observations import Observation, RunningJob, ScrapePool, ServerObservation

T = TypeVar("T")


class Lacking(Exception):  # noqa: N818 -- it ends a rule, it is no error of anybody
    """A rule asked for a fact that could not be read; ``diagnose`` turns this into *undecided*."""

    def __init__(self, fact: str, unavailable: Unavailable) -> None:
        super().__init__(f"{fact}: {unavailable.reason}")
        self.fact = fact
        self.unavailable = unavailable


class AnyFact(Protocol):
    """A fact of whatever type."""

    @property
    def name(self) -> str:
        """Its name."""
        ...


def needing(*facts: AnyFact) -> frozenset[str]:
    """The names of *facts*, for a rule's ``needs``."""
    return frozenset(fact.name for fact in facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Facts, and the rule's right to read them.

    What a rule reads it must list in its ``needs``, else LookupError, so that what is gathered and
    what is read cannot part.
    """

    facts: Facts
    now: datetime
    needs: frozenset[str] = field(default_factory=frozenset)

    def read(self, fact: Fact[T]) -> T:
        """The fact. Raises Lacking, which makes the rule undecided, when it could not be read."""
        found = self.look(fact)
        if isinstance(found, Unavailable):
            raise Lacking(fact.name, found)
        return found

    def look(self, fact: Fact[T]) -> T | Unavailable:
        """The fact, or why it is not known, for a rule that can judge without it."""
        if fact.name not in self.needs:
            raise LookupError(f"a rule reads the fact {fact.name}, which its needs do not list")
        found = self.facts.get(fact)
        return found if isinstance(found, Unavailable) else found.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Reading):
    """One job that is not healthy, and everything known about it.

    ``settle`` is how long a change may take from the object to the running configuration.
    """

    status: JobStatus
    observation: Observation
    settle: timedelta = timedelta(minutes=5)

    @property
    def job(self) -> ExpectedJob:
        """The job."""
        return self.status.job

    @property
    def pool(self) -> PoolName:
        """Name of its pool in the running configuration."""
        return self.status.pool

    @property
    def state(self) -> JobState:
        """The state to be explained: the worst one among its servers where replicas disagree."""
        return self.status.worst

    @property
    def changed_lately(self) -> bool:
        """Whether the job's object changed so lately that the change may still be on its way.

        By the API server's clock, which may be ahead of ours.
        """
        at = self.job.changed_at
        return at is not None and abs(self.now - at) < self.settle

    @property
    def loaded_elsewhere(self) -> bool:
        """Whether another server has the job in its configuration, as its object asks for it.

        All servers of a Prometheus read the same configuration of the operator's.
        """
        running = (s.jobs[self.pool] for s in self.observation.readable if self.pool in s.jobs)
        return any(not _differs(self.job, found) for found in running)

    @property
    def outdated(self) -> bool:
        """Whether a running job differs from what its object asks for now: path, scheme or port.

        The port is what the operator keeps by (operator.md 2.3), where the job keeps by any.
        """
        job = self.job
        if job.monitor is None:
            return False
        running = (s.jobs[self.pool] for s in self.servers() if self.pool in s.jobs)
        return any(_differs(job, found) for found in running)

    def servers(self) -> Iterator[ServerObservation]:
        """The readable servers on which the job is in the state to be explained.

        A job that is degraded over shards may be down on one of them and well on the others; one
        with too few targets may be well on each.
        """
        states = {self.state}
        if self.state is JobState.DEGRADED:
            states.add(JobState.DOWN)
        affected = {s.server for s in self.status.servers if s.state in states}
        if not affected and self.state is JobState.DEGRADED:
            affected = {s.server for s in self.status.servers}
        for server in self.observation.readable:
            if server.server.name in affected:
                yield server

    def running(self) -> RunningJob | None:
        """The job's scrape config on one of those servers, None where none has it."""
        return next((s.jobs[self.pool] for s in self.servers() if self.pool in s.jobs), None)

    def files(self, server: ServerObservation) -> tuple[FilePath, ...]:
        """The files of its HTTP client on *server*: as that runs it, else as the job asks for them.

        The latter for a job of an included file, whose scrape config no server shows.
        """
        running = server.jobs.get(self.pool)
        if running is not None:
            return running.files
        return self.job.files if server.includes else ()

    def pools(self) -> Iterator[tuple[ServerObservation, ScrapePool]]:
        """The job's scrape pool on each of those servers that has one."""
        for server in self.servers():
            if self.pool in server.pools:
                yield server, server.pools[self.pool]


def _differs(job: ExpectedJob, running: RunningJob) -> bool:
    if job.scheme is not None and job.scheme.lower() != running.scheme.lower():
        return True
    if job.path is not None and job.path != running.path:
        return True
    ports = _kept_ports(running)
    return job.port is not None and bool(ports) and job.port not in ports


def _kept_ports(running: RunningJob) -> set[str]:
    """Ports by which the job keeps its targets, as the operator writes them."""
    return {
        str(step.get("regex"))
        for step in objects(running.raw, "relabel_configs")
        if step.get("action") == "keep" and list(items(step, "source_labels")) in _PORT_LABELS
    }


_PORT_LABELS: Final = [
    ["__meta_kubernetes_endpoint_port_name"],
    ["__meta_kubernetes_endpointslice_port_name"],
    ["__meta_kubernetes_pod_container_port_name"],
    ["__meta_kubernetes_pod_container_port_number"],
]

Check: TypeAlias = Callable[[Case], Finding | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One cause of the catalogue.

    ``states`` are those that it can explain; ``refines`` the codes of the same link that it is a
    narrower word for, so that it wins over them when both hold.
    """

    code: str
    link: Link
    states: frozenset[JobState]
    needs: frozenset[str]
    check: Check
    refines: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground(Reading):
    """One Prometheus with all its jobs, for the rules of what is at risk.

    ``observation`` is None when no server was asked.
    """

    prometheus: WatchedPrometheus
    observation: Observation | None
    statuses: tuple[JobStatus, ...]
    unselected: tuple[Unselected, ...] = ()

    @property
    def name(self) -> PrometheusName:
        """Name of the Prometheus."""
        return self.prometheus.name


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRule:
    """One way in which a job that is well today will be lost.

    ``check`` may tell some risks and then raise Lacking for the others.
    """

    code: str
    needs: frozenset[str]
    check: Callable[[Ground], Iterable[Risk]]
