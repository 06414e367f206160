"""The watch cycle: look, follow the incidents, keep the outcome, tell people."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from watcher.cycles.delivery import Delivery
from watcher.cycles.look import Look, Remembered
from watcher.cycles.removals import behind, of_mass_losses
from watcher.cycles.tidings import Terms, contexts, is_muted, of_problems, of_spells
from watcher.diagnosis.diagnose import ON_ITS_WAY
from watcher.engine.blind import spells
from watcher.engine.group import Storm, assign
from watcher.engine.track import Policy, track, turns
from watcher.engine.usual import usual
from watcher.model.comparison import JobState
from watcher.model.expectations import Expectations, ExpectedJob, Unreadable
from watcher.model.facts import Known
from watcher.model.findings import Confidence, Found, Link
from watcher.model.history import Blindness, JobMemory, Owed, UsualTargets, WatchRecord
from watcher.model.incidents import Incident, Status, Transition
from watcher.model.mutes import Mute
from watcher.model.names import JobKey
from watcher.model.results import Result
from watcher.ports import Store

_REMEMBERED_FOR: Final = timedelta(days=2)
"""How long after its end a spell of blindness is still told to a receiver that was away."""

_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Compares what is scraped with the latest snapshot, and follows up.

    *windows* answers the mutes that the settings give in a stretch; the store has the others.
    """

    look: Look
    store: Store
    delivery: Delivery
    policy: Policy
    terms: Terms
    storm: Storm
    windows: Callable[[datetime, datetime], Sequence[Mute]]
    clock: Callable[[], datetime]

    def run(self) -> Result:
        """Run once; the answer's ``str`` is the line for the log."""
        now = self.clock()
        expectations = self.store.expectations() or Expectations(taken_at=now)
        incidents = self.store.ongoing()
        memory = self.store.memory()
        remembered = Remembered(
            memory=memory, incidents=incidents, mounts=Known(tuple(self.store.mount_history()))
        )
        result = self.look.at(expectations, remembered, now)
        held = _held(result, self.look.settle)
        transitions = self._transitions(result, incidents, held)
        blindness = spells(self.store.blindness(), result.unreadable, now)
        mutes = (*self.windows(now, now + _MOMENT), *self.store.mutes(now, now + _MOMENT))
        memory = remember_states(result, now)
        owed = self._owed(result, transitions, mutes)
        self.store.record(watch_record(result), memory, transitions, blindness, owed)
        after = dict(incidents)
        for transition in transitions:
            after[transition.after.job] = transition.after
        going_on = {k: i for k, i in after.items() if i.status is not Status.RESOLVED}
        result = replace(
            result,
            memory=memory,
            incidents=going_on,
            unreadable=with_since(result.unreadable, blindness),
            mutes=mutes,
        )
        self._tell(result, held)
        return replace(result, owed=tuple(self.store.owed()))

    def _transitions(
        self, result: Result, incidents: Mapping[JobKey, Incident], held: AbstractSet[JobKey]
    ) -> tuple[Transition, ...]:
        lately = self.store.incidents(result.at - self.policy.flap_window, result.at)
        tracked = track(
            incidents,
            result.statuses,
            _causes(result),
            held=held,
            lately=turns(lately, self.policy, result.at),
            policy=self.policy,
            now=result.at,
        )
        return assign(tracked, incidents, self.storm)

    def _owed(
        self, result: Result, transitions: Sequence[Transition], mutes: Sequence[Mute]
    ) -> Iterator[Owed]:
        """A message to each receiver for what fires now: owed whatever happens to us next."""
        fired = [t.after for t in transitions if t.after.fired_at == result.at]
        about, hushed = (
            contexts(result, fired, self.terms.places),
            behind(fired, result, self.terms),
        )
        for incident in fired:
            silent = incident.id in hushed or is_muted(incident, about, mutes)
            if incident.group is not None and not silent:
                for notifier in self.delivery.notifiers:
                    yield Owed(subject=incident.group, notifier=notifier.name, since=result.at)

    def _tell(self, result: Result, held: AbstractSet[JobKey]) -> None:
        unsettled = self.store.unsettled()
        about = contexts(result, unsettled, self.terms.places)
        hushed = behind(unsettled, result, self.terms) | self._too_late(unsettled, held)
        blind = self.store.blind_spells(result.at - _REMEMBERED_FOR, result.at + _MOMENT)
        self.delivery.tell(
            chain(
                of_mass_losses(result, self.terms, self.policy.pending_for),
                of_problems(unsettled, about, result, result.mutes, self.terms, hushed),
                of_spells(blind, self.terms, result.at),
            ),
            result.at,
        )

    def _too_late(self, incidents: Iterable[Incident], held: AbstractSet[JobKey]) -> frozenset[str]:
        """The ids of those that nobody heard of yet, and that would not fire now.

        They fired while a mass loss stood for them, a mute held or no receiver answered. Meanwhile
        the job is well again, so that the end is a watch away, or a change is on its way.
        """
        return frozenset(
            i.id
            for i in incidents
            if i.status is not Status.RESOLVED
            and (i.good_watches > 0 or i.job in held)
            and not self._is_told(i.group or i.id)
        )

    def _is_told(self, subject: str) -> bool:
        sent = (self.store.last_sent(subject, each.name) for each in self.delivery.notifiers)
        return any(last is not None and last.status is Status.FIRING for last in sent)


_SAMPLED: Final = frozenset({JobState.HEALTHY, JobState.DEGRADED})


def remember_states(result: Result, now: datetime) -> Mapping[JobKey, JobMemory]:
    """What is remembered of each job after *result*; an *unknown* one stays as it was."""
    memory = dict(result.memory)
    for status in result.statuses:
        before = memory.get(status.job.key)
        if status.state is JobState.UNKNOWN:
            continue
        same = before is not None and before.state is status.state
        memory[status.job.key] = JobMemory(
            prometheus=status.job.prometheus,
            pool=status.pool,
            state=status.state,
            since=before.since if before is not None and same else now,
            most_targets=max(
                before.most_targets if before is not None else 0, status.targets.active or 0
            ),
            labels=status.labels or (before.labels if before is not None else ()),
            usual=usual(
                before.usual if before is not None else UsualTargets(), status.targets.active, now
            ),
            gave_samples=_gave_samples(before, status.state),
        )
    return memory


def _gave_samples(before: JobMemory | None, state: JobState) -> bool | None:
    if state in _SAMPLED or (before is not None and before.state in _SAMPLED):
        return True
    return False if before is None else before.gave_samples


def watch_record(result: Result) -> WatchRecord:
    """The sum of one look."""
    return WatchRecord(at=result.at, **result.summary)


def with_since(
    unreadable: Iterable[Unreadable], blindness: Iterable[Blindness]
) -> tuple[Unreadable, ...]:
    """*unreadable* with the time since which each is."""
    since = {spell.source: spell.since for spell in blindness if spell.until is None}
    return tuple(replace(u, since=since.get(u.source, u.since)) for u in unreadable)


def _causes(result: Result) -> Mapping[JobKey, Found]:
    return {k: d.cause for k, d in result.diagnoses.items() if d.cause is not None}


def _held(result: Result, settle: timedelta) -> frozenset[JobKey]:
    """Jobs that nobody is told of yet, as a change may be on its way.

    Those whose cause is just that, and those that changed less than *settle* ago. Not held is what
    is proven at a link that waiting does not fix: from the selection to the making of the pool.
    What is found after that may be a workload that is still starting.
    """
    causes, held = _causes(result), set()
    for status in result.statuses:
        cause = causes.get(status.job.key)
        on_its_way = cause is not None and cause.code == ON_ITS_WAY
        if on_its_way or (_changed(status.job, settle, result.at) and not _is_proven(cause)):
            held.add(status.job.key)
    return frozenset(held)


def _changed(job: ExpectedJob, settle: timedelta, now: datetime) -> bool:
    changes = [at for at in (job.changed_at, job.gone_since) if at is not None]
    return bool(changes) and now - max(changes) < settle


def _is_proven(cause: Found | None) -> bool:
    return (
        cause is not None
        and Link.SELECTED <= cause.link <= Link.CREATED
        and cause.finding.confidence is Confidence.CERTAIN
    )
