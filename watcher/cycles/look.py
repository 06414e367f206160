"""One look at everything: observe, compare, gather facts, diagnose. It changes nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from watcher.cycles import unforeseen
from watcher.cycles.beside import BESIDE, silenced, with_beside, with_labels
from watcher.diagnosis.diagnose import diagnose, rules_for
from watcher.diagnosis.rule import Case, Rule
from watcher.engine.compare import compare, maybe_included
from watcher.engine.dormant import may_be_dormant, with_dormant
from watcher.engine.pins import united
from watcher.engine.usual import with_fewer
from watcher.model.comparison import Comparison, JobState, JobStatus
from watcher.model.expectations import (
    Expectations,
    ExpectedJob,
    ExpectedServer,
    Unreadable,
    WatchedPrometheus,
)
from watcher.model.facts import (
    DECLARED,
    LAST_MONITOR,
    LAST_SAMPLE,
    LOGS,
    MOUNT_HISTORY,
    Availability,
    Facts,
    Known,
    LogKind,
    LogLine,
    MountRecord,
    Unavailable,
)
from watcher.model.findings import Diagnosis
from watcher.model.history import JobMemory
from watcher.model.incidents import Incident
from watcher.model.kube import KubeObject
from watcher.model.names import JobKey, PoolName, ServerName
from watcher.model.observations import Observation, ServerObservation, UnreadableServer
from watcher.model.results import Result
from watcher.ports import FactGatherer, Observer

AddressOf: TypeAlias = Callable[[WatchedPrometheus, ExpectedServer], str | None]
"""The URL of a server as it is now; None where nobody knows it better."""

SERVERS_AT_ONCE = 8
NO_HISTORY = Unavailable("this watcher keeps no history yet", "a store: let `watcher run` fill it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What a store adds to a look. Without a store *mounts* is Unavailable and the rest empty."""

    memory: Mapping[JobKey, JobMemory] = field(default_factory=dict)
    incidents: Mapping[JobKey, Incident] = field(default_factory=dict)
    mounts: Availability[tuple[MountRecord, ...]] = NO_HISTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Looks at every server of every Prometheus, and explains what is not healthy.

    A pod that was started again has another address, so *address_of* a server that does not answer
    is asked before the server is called unreadable.
    """

    observer: Observer
    gatherers: Sequence[FactGatherer]
    rules: Sequence[Rule]
    settle: timedelta
    address_of: AddressOf = lambda _prometheus, _server: None

    def at(
        self,
        expectations: Expectations,
        remembered: Remembered,
        now: datetime,
        *,
        explained: Callable[[JobStatus], bool] = lambda _: True,
    ) -> Result:
        """The result of one look; only jobs that are *explained* are diagnosed."""
        observations = self._observe(expectations.prometheuses, now)
        comparisons: list[Comparison] = []
        diagnoses: dict[JobKey, Diagnosis] = {}
        samples: dict[JobKey, datetime] = {}
        for prometheus, observation in zip(expectations.prometheuses, observations, strict=True):
            jobs = united(
                (job for job in expectations.jobs if job.prometheus == prometheus.name),
                observation,
                remembered={key: known.labels for key, known in remembered.memory.items()},
                ongoing=remembered.incidents,
            )
            gather = _Gathering(self.gatherers, prometheus, observation, now)
            comparison = self._compare(jobs, observation, remembered, gather)
            comparisons.append(comparison)
            sick = [s for s in comparison.statuses if _to_diagnose(s, now) and explained(s)]
            facts = self._facts(sick, expectations, remembered, gather)
            silent = silenced(facts.values(), comparison, observation)
            for status in sick:
                case = self._case(status, observation, facts[status.job.key], now)
                incident = remembered.incidents.get(status.job.key)
                failed = partial(unforeseen.write, of=status.pool)
                found = _kept(diagnose(case, self.rules, failed), status, incident)
                diagnoses[status.job.key] = with_beside(
                    found, case, incident, silent.get(status.pool, ())
                )
                match facts[status.job.key].get(LAST_SAMPLE):
                    case Known(value=datetime() as at):
                        samples[status.job.key] = at
                    case _:
                        pass
        return Result(
            at=now,
            expectations=expectations,
            observations=tuple(observations),
            comparisons=tuple(comparisons),
            diagnoses=diagnoses,
            memory=remembered.memory,
            incidents=remembered.incidents,
            last_samples=samples,
            unreadable=expectations.unreadable + tuple(_unreadable(observations)),
        )

    def _observe(
        self, prometheuses: Sequence[WatchedPrometheus], now: datetime
    ) -> list[Observation]:
        """Every server, side by side in a bounded pool."""
        with ThreadPoolExecutor(max_workers=SERVERS_AT_ONCE) as pool:
            running = [
                [pool.submit(self._seen, prometheus, each, now) for each in prometheus.servers]
                for prometheus in prometheuses
            ]
            return [
                Observation(
                    prometheus=prometheus.name,
                    taken_at=now,
                    servers=tuple(future.result() for future in futures),
                )
                for prometheus, futures in zip(prometheuses, running, strict=True)
            ]

    def _seen(
        self, prometheus: WatchedPrometheus, server: ExpectedServer, now: datetime
    ) -> ServerObservation | UnreadableServer:
        try:
            return self._observed(prometheus, server, now)
        except Exception as error:  # noqa: BLE001 -- it costs this server alone
            unforeseen.write("reading a server", error, of=f"{prometheus.name} {server.name}")
            what = f"{server.url}: its answer could not be understood ({type(error).__name__})"
            return UnreadableServer(server=server, error=f"{what}; see the log")

    def _observed(
        self, prometheus: WatchedPrometheus, server: ExpectedServer, now: datetime
    ) -> ServerObservation | UnreadableServer:
        seen = self.observer.observe(server, now)
        if isinstance(seen, UnreadableServer):
            url = self.address_of(prometheus, server)
            if url is not None and url != server.url:
                return self.observer.observe(replace(server, url=url), now)
        return seen

    def _compare(
        self,
        jobs: Sequence[ExpectedJob],
        observation: Observation,
        remembered: Remembered,
        gather: "_Gathering",
    ) -> Comparison:
        comparison = with_labels(compare(jobs, observation), observation, remembered.memory)
        if doubtful := [s for s in comparison.statuses if _could_not_be_made(s, observation)]:
            logs = gather.of(doubtful, {s.job.key: frozenset({LOGS.name}) for s in doubtful})
            named = _named_in_log(logs.values(), observation)
            comparison = with_labels(
                compare(jobs, observation, named_in_log=named), observation, remembered.memory
            )
        comparison = with_fewer(comparison, remembered.memory)
        idle = [s for s in comparison.statuses if may_be_dormant(s, remembered.memory, observation)]
        if not idle:
            return comparison
        asked = gather.of(idle, {s.job.key: frozenset({LAST_SAMPLE.name}) for s in idle})
        last_samples = {key: found.get(LAST_SAMPLE) for key, found in asked.items()}
        return with_dormant(comparison, last_samples, remembered.memory)

    def _facts(
        self,
        sick: Sequence[JobStatus],
        expectations: Expectations,
        remembered: Remembered,
        gather: "_Gathering",
    ) -> Mapping[JobKey, Facts]:
        needs = {}
        for status in sick:
            case = self._case(status, gather.observation, Facts(), gather.now)
            wanted = {need for rule in rules_for(case, self.rules) for need in rule.needs}
            more = BESIDE if status.state.lost else frozenset()
            needs[status.job.key] = frozenset(wanted | {LAST_SAMPLE.name} | more)
        gathered = gather.of(sick, needs)
        declared = _declared_in(expectations) if sick else Known(())
        return {
            status.job.key: _with_memory(
                gathered[status.job.key], status.job, expectations, remembered, declared
            )
            for status in sick
        }

    def _case(
        self, status: JobStatus, observation: Observation, facts: Facts, now: datetime
    ) -> Case:
        return Case(
            status=status, observation=observation, facts=facts, now=now, settle=self.settle
        )


@dataclass(frozen=True, slots=True)
class _Gathering:
    """What it takes to gather facts of one Prometheus in one look."""

    gatherers: Sequence[FactGatherer]
    prometheus: WatchedPrometheus
    observation: Observation
    now: datetime

    def of(
        self, jobs: Sequence[JobStatus], needs: Mapping[JobKey, frozenset[str]]
    ) -> Mapping[JobKey, Facts]:
        """Facts of *jobs*; each gatherer adds what it knows of."""
        found: dict[JobKey, dict[str, Known[object] | Unavailable]] = {
            status.job.key: {} for status in jobs
        }
        if not jobs:
            return {}
        for gatherer in self.gatherers:
            try:
                gathered = gatherer.gather(self.prometheus, self.observation, needs, jobs, self.now)
            except Exception as error:  # noqa: BLE001 -- what it would have told is unknown; the others continue
                unforeseen.write("gathering facts", error, of=self.prometheus.name)
                continue
            for key, facts in gathered.items():
                found[key].update(facts.known)
        return {key: Facts(known) for key, known in found.items()}


def _to_diagnose(status: JobStatus, now: datetime) -> bool:
    if status.healthy or status.state is JobState.UNKNOWN:
        return False
    return not status.job.steering.ignores(now)


def _could_not_be_made(status: JobStatus, observation: Observation) -> bool:
    """Whether only the log can tell this job from one whose pool could not be made.

    An empty one, before 2.55, or one that may stand in an included file, so that nothing lists it.
    """
    without = [s for s in observation.readable if status.pool not in s.pools]
    if status.state is JobState.EMPTY:
        return any(status.pool in server.jobs for server in without)
    return any(
        status.pool not in server.jobs and maybe_included(status.job, server) for server in without
    )


def _named_in_log(
    facts: Iterable[Facts], observation: Observation
) -> Mapping[ServerName, frozenset[PoolName]]:
    """The pools that each server's log says could not be made, since that server started."""
    started = {s.server.name: s.started_at for s in observation.readable}
    named: dict[ServerName, set[PoolName]] = {}
    for each in facts:
        logs = each.get(LOGS)
        lines: tuple[LogLine, ...] = logs.value if isinstance(logs, Known) else ()
        for line in lines:
            start = started.get(line.server)
            current = start is None or line.at is None or line.at >= start
            if line.kind is LogKind.POOL_NOT_CREATED and line.pool is not None and current:
                named.setdefault(line.server, set()).add(line.pool)
    return {server: frozenset(pools) for server, pools in named.items()}


def _declared_in(expectations: Expectations) -> Known[tuple[KubeObject, ...]]:
    """The fact of that name: every monitor as it was last seen."""
    return Known(tuple(map(KubeObject, expectations.objects.values())))


def _with_memory(
    facts: Facts,
    job: ExpectedJob,
    expectations: Expectations,
    remembered: Remembered,
    declared: Known[tuple[KubeObject, ...]],
) -> Facts:
    raw = expectations.objects.get(job.monitor) if job.monitor else None
    return Facts(
        {
            **facts.known,
            LAST_MONITOR.name: Known(KubeObject(raw) if raw is not None else None),
            MOUNT_HISTORY.name: remembered.mounts,
            DECLARED.name: declared,
        }
    )


def _kept(found: Diagnosis, status: JobStatus, incident: Incident | None) -> Diagnosis:
    """A rule that turned undecided does not take away the cause that it found earlier."""
    if incident is None or incident.found is None or incident.state is not status.state:
        return found
    earlier = incident.found
    if found.code == earlier.code or earlier.code not in {u.code for u in found.undecided}:
        return found
    others = (found.cause, *found.findings) if found.cause else found.findings
    return replace(found, cause=earlier, link=earlier.link, findings=others)


def _unreadable(observations: Iterable[Observation]) -> Iterable[Unreadable]:
    for observation in observations:
        for server in observation.unreadable:
            yield Unreadable(
                source=f"server {observation.prometheus} {server.server.name}", error=server.error
            )
        for seen in observation.readable:
            if seen.metrics is None:
                yield Unreadable(
                    source=f"metrics of server {observation.prometheus} {seen.server.name}",
                    error="its /metrics could not be read; let the watcher read it",
                )
