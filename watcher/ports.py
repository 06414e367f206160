"""What a cycle needs of the world. Adapters fit these by shape; they need not import them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from watcher.engine.wording import Message
from watcher.model.comparison import JobStatus
from watcher.model.expectations import Expectations, ExpectedServer, WatchedPrometheus
from watcher.model.facts import Facts, MountRecord
from watcher.model.history import Blindness, JobMemory, Owed, Sent, WatchRecord
from watcher.model.incidents import Incident, Transition
from watcher.model.mutes import Mute
from watcher.model.names import JobKey
from watcher.model.observations import Observation, ServerObservation, UnreadableServer


class ExpectationSource(Protocol):
    """Knows what should be scraped."""

    @property
    def name(self) -> str:
        """Name under which it is called unreadable."""
        ...

    def snapshot(self, now: datetime) -> Expectations:
        """Read it.

        Raises SourceUnavailable when nothing could be read. What could not be read in part stands
        in ``unreadable`` of the answer, and nothing of that part is in it.
        """
        ...

    def changed(self, now: datetime) -> Expectations | None:
        """What ``snapshot`` would give where that may differ from the last time, else None.

        Asked at every watch, so it must cost little; None too where only a snapshot can tell.
        Raises SourceUnavailable as ``snapshot`` does.
        """
        ...

    def mounts(self, now: datetime) -> Sequence[MountRecord]:
        """The mounts of all StatefulSets it knows, to be remembered while all is well."""
        ...


class Supplement(Protocol):
    """Knows what else should be scraped, beyond what the sources declare."""

    def beside(self, declared: Expectations, now: datetime) -> Expectations:
        """The further jobs of the Prometheuses that are *declared*. Never raises for a server."""
        ...


class Observer(Protocol):
    """Knows what one server scrapes."""

    def observe(
        self, server: ExpectedServer, now: datetime
    ) -> ServerObservation | UnreadableServer:
        """Read one server. Never raises for what a server does."""
        ...


class FactGatherer(Protocol):
    """Reads the facts that rules need. Never raises: what cannot be read is Unavailable."""

    def gather(
        self,
        prometheus: WatchedPrometheus,
        observation: Observation,
        needs: Mapping[JobKey, frozenset[str]],
        jobs: Sequence[JobStatus],
        now: datetime,
    ) -> Mapping[JobKey, Facts]:
        """Read for each of *jobs* the facts that it *needs*; each thing once per call."""
        ...

    def gather_prometheus(
        self,
        prometheus: WatchedPrometheus,
        observation: Observation | None,
        needs: frozenset[str],
        now: datetime,
    ) -> Facts:
        """Read the facts that concern a whole Prometheus, for the rules of what is at risk.

        *observation* is None where none of its servers was asked.
        """
        ...


class Remembering(Protocol):
    """The part of a Store that a look asks."""

    def expectations(self) -> Expectations | None:
        """The merged expectations."""
        ...

    def first_watch(self) -> datetime | None:
        """When the oldest watch was made."""
        ...

    def memory(self) -> Mapping[JobKey, JobMemory]:
        """What is remembered of each job."""
        ...

    def ongoing(self) -> Mapping[JobKey, Incident]:
        """Incidents that are ongoing."""
        ...

    def mount_history(self) -> Sequence[MountRecord]:
        """Every mount that was ever seen."""
        ...


class Store(Protocol):
    """Keeps expectations, incidents, their history, and what was said about them."""

    def expectations(self) -> Expectations | None:
        """The merged expectations, None if no snapshot was ever taken.

        Prometheuses are sorted by name, jobs by key. A job that is gone and whose removal was
        accepted is not among them.
        """
        ...

    def keep(self, expectations: Expectations, mounts: Sequence[MountRecord]) -> None:
        """Write the merged expectations, and remember *mounts* beside those already known.

        Jobs that are gone and whose removal was accepted are left out. With that every acceptance
        is done with: a job that comes back later is expected as any other.
        """
        ...

    def accept(self, jobs: Iterable[JobKey], now: datetime) -> None:
        """Take the removal of *jobs* as meant; it does nothing to those whose demand stands."""
        ...

    def mount_history(self) -> Sequence[MountRecord]:
        """Every mount that was ever seen, oldest first."""
        ...

    def memory(self) -> Mapping[JobKey, JobMemory]:
        """What is remembered of each job: its state and since when, whether it ever had targets."""
        ...

    def ongoing(self) -> Mapping[JobKey, Incident]:
        """Incidents that are not resolved."""
        ...

    def record(
        self,
        watch: WatchRecord,
        memory: Mapping[JobKey, JobMemory],
        transitions: Iterable[Transition],
        blindness: Iterable[Blindness],
        owed: Iterable[Owed] = (),
    ) -> None:
        """Write the outcome of one watch, with the messages *owed* for it: all of it, or nothing.

        What was written before may be handed over again: it changes nothing. Jobs that are not in
        *memory* keep theirs; spells are known by source and beginning; what is owed already stays
        as it is. Raises StoreError for a change of a resolved incident, and for a second ongoing
        incident of one job.
        """
        ...

    def blindness(self) -> Sequence[Blindness]:
        """Spells of blindness that are ongoing."""
        ...

    def unsettled(self) -> Sequence[Incident]:
        """Incidents that are ongoing, and those that ended while somebody was told or is owed a message.

        Told is the problem that they are a part of (its id is the subject), else the incident.
        """
        ...

    def incidents(self, since: datetime, until: datetime) -> Sequence[Incident]:
        """Incidents that were there at any time in a stretch, as they are now.

        A stretch has its first moment, not its last one, here and below.
        """
        ...

    def history(self, since: datetime, until: datetime) -> Sequence[Transition]:
        """The transitions of a stretch of time."""
        ...

    def watches(self, since: datetime, until: datetime) -> Sequence[WatchRecord]:
        """The watches of a stretch of time, oldest first."""
        ...

    def first_watch(self) -> datetime | None:
        """When the oldest watch that is still remembered was made, None without one."""
        ...

    def blind_spells(self, since: datetime, until: datetime) -> Sequence[Blindness]:
        """The spells of blindness that reach into a stretch of time."""
        ...

    def last_sent(self, subject: str, notifier: str) -> Sent | None:
        """The last message delivered about a subject (an incident's id, a source's name, …)."""
        ...

    def mark_sent(self, subject: str, notifier: str, sent: Sent) -> None:
        """Remember a message as delivered; what was owed to this notifier about it no longer is."""
        ...

    def owed(self) -> Sequence[Owed]:
        """The messages that are owed, the oldest first."""
        ...

    def owe(self, owed: Owed) -> None:
        """Write down a message before it is sent, or what became of a try."""
        ...

    def forgive(self, subject: str, notifier: str) -> None:
        """Owe it no longer: there is nothing left to say."""
        ...

    def mute(self, mute: Mute) -> None:
        """Keep a mute; one of the same id takes its place."""
        ...

    def mutes(self, since: datetime, until: datetime) -> Sequence[Mute]:
        """The mutes that hold at any time in a stretch, the one that ends first first."""
        ...

    def prune(self, now: datetime) -> None:
        """Forget what was over longer ago than the retention; what continues stays."""
        ...


class Notifier(Protocol):
    """Notifies people."""

    @property
    def name(self) -> str:
        """Name under which deliveries are remembered and counted."""
        ...

    @property
    def resend(self) -> timedelta | None:
        """How often it must hear again of what continues, None where it remembers by itself."""
        ...

    def notify(self, message: Message, last: Sent | None, *, doubtful: bool = False) -> str:
        """Deliver one message; *last* is what was delivered before about the same subject.

        *doubtful*: it was tried before, and the receiver may have taken it. The answer is the
        receiver's own handle of the message (Slack: ``channel/ts``), to be given back next time, so
        that a message can be edited. Raises NotifyError.
        """
        ...
