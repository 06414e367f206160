"""A watch on a stage: the cycle itself is real, the world around it is in a few mappings."""

from dataclasses import replace
from datetime import timedelta

from tests.builders import (
    NOW,
    SERVER,
    a_finding,
    a_job,
    a_pool,
    a_prometheus,
    a_running_job,
    a_server,
    an_expected_server,
    some_expectations,
)
from tests.fakes import MemoryStore
from watcher.cycles.delivery import Delivery
from watcher.cycles.lanes import InTurn
from watcher.cycles.look import Look
from watcher.cycles.tidings import Terms
from watcher.cycles.watch import Watch
from watcher.diagnosis.rule import Lacking, Rule
from watcher.engine.group import Storm
from watcher.engine.severity import Grading
from watcher.engine.track import Policy
from watcher.errors import NotifyError
from watcher.model.comparison import JobState
from watcher.model.facts import Unavailable
from watcher.model.findings import Confidence, Link
from watcher.model.observations import UnreadableServer

STEP = timedelta(seconds=30)
SICK = frozenset(JobState) - {JobState.HEALTHY}


TERMS = Terms(
    repeat=timedelta(hours=4), blind_grace=timedelta(minutes=5), grading=Grading(critical_share=2)
)


class Receiver:
    """A notifier that remembers what it was told; ``fails`` are its next answers, None is well."""

    def __init__(self, name="receiver"):
        self.name = name
        self.told = []
        self.fails = []
        self.lasts = []
        self.doubts = []

    resend = None

    def notify(self, message, last, *, doubtful=False):
        error = self.fails.pop(0) if self.fails else None
        if error is not None:
            raise error
        self.told.append(message)
        self.lasts.append(last)
        self.doubts.append(doubtful)
        return f"{self.name}/{len(self.told)}"

    @property
    def said(self):
        """What it was told, each as status and reason."""
        return [(m.status.value, str(m.reason)) for m in self.told]


class Tally:
    """Counts as the metrics do."""

    def __init__(self):
        self.accepted, self.failed = [], []

    def delivered(self, notifier):
        self.accepted.append(notifier)

    def refused(self, notifier, reason):
        self.failed.append((notifier, reason))


class Stage:
    """Jobs by name, those that are lost, what each server and rule answers."""

    def __init__(self, *names, store=None, policy=(), **terms):
        self.now = NOW
        self.loaded = True
        """Whether what is lost is in the running configuration all the same."""
        self.names = names or ("web",)
        self.jobs = {name: a_job(name) for name in self.names}
        self.lost = set()
        self.code, self.link, self.confidence = "tls-file-missing", Link.CREATED, Confidence.CERTAIN
        self.causes = {}
        self.proofs = {}
        self.undecided = set()
        self.blind = None
        self.store = store or MemoryStore()
        self.receiver = Receiver()
        self.receivers = [self.receiver]
        self.fallback = None
        self.lanes = InTurn()
        self.windows = ()
        self.policy = dict(policy)
        self.tally = Tally()
        self.terms = terms
        self.result = None
        self.expect()

    def expect(self):
        """Take a snapshot of the jobs as they are."""
        server = an_expected_server()
        expectations = some_expectations(
            *self.jobs.values(), prometheuses=(a_prometheus(servers=(server,)),), taken_at=self.now
        )
        self.store.keep(expectations, ())

    def watch(self, *, times=1, lost=None, blind=False, step=STEP):
        """So many watches, a step apart, while these jobs are *lost*."""
        self.blind = "connection refused" if blind is True else blind or None
        if lost is not None:
            self.lost = set(lost)
        for _ in range(times):
            self.now += step
            self.result = self.cycle.run()
        return self.result

    @property
    def cycle(self):
        """The cycle, made again as after a restart: nothing is kept but in the store."""
        look = Look(observer=self, gatherers=(), rules=(self._rule(),), settle=timedelta(minutes=5))
        delivery = Delivery(
            store=self.store,
            notifiers=self.receivers,
            tally=self.tally,
            fallback=self.fallback,
            lanes=self.lanes,
        )
        return Watch(
            look=look,
            store=self.store,
            delivery=delivery,
            policy=Policy(**self.policy),
            terms=replace(TERMS, **self.terms),
            storm=Storm(),
            windows=lambda *_: self.windows,
            clock=lambda: self.now,
        )

    def observe(self, server, now):
        if self.blind:
            return UnreadableServer(server=server, error=self.blind)
        there = [job for name, job in self.jobs.items() if name not in self.lost]
        return replace(
            a_server(
                SERVER,
                pools=[a_pool(job.pool, up=3) for job in there],
                jobs=[
                    a_running_job(j.pool) for j in (self.jobs.values() if self.loaded else there)
                ],
            ),
            server=server,
            taken_at=now,
        )

    def _rule(self):
        def check(case):
            name = next(n for n, job in self.jobs.items() if job.key == case.job.key)
            if name in self.undecided:
                raise Lacking("pods", Unavailable("403 Forbidden", "get pods"))
            if name not in self.causes:
                return None
            finding = a_finding(self.causes[name], proof=self.proofs.get(name, ""))
            return replace(finding, confidence=self.confidence)

        return Rule(code=self.code, link=self.link, states=SICK, needs=frozenset(), check=check)


def refusal(*, permanent=False, reason="server", retry_after=None):
    return NotifyError(
        "slack: no: try again", permanent=permanent, reason=reason, retry_after=retry_after
    )
