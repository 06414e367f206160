"""Removals that are too many to be believed: told once, in one loud message."""

import shlex
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import a_finding, an_expected_server, some_expectations
from tests.builders import a_prometheus as a_watched
from tests.cycles.stage import SICK, TERMS, Stage
from watcher.cycles.removals import standing
from watcher.diagnosis.rule import Rule
from watcher.model.comparison import JobState
from watcher.model.expectations import Origin
from watcher.model.findings import Link

NAMES = tuple(f"job-{number:02}" for number in range(20))
FIRST, OVER = ("firing", "first notification"), ("resolved", "resolved")


class Removals(Stage):
    """A stage on which monitors vanish; their pools do so only when they are told to."""

    def __init__(self, *, explained=True):
        self.all = {}
        self.explained = explained
        super().__init__(*NAMES)
        self.all = dict(self.jobs)

    def remove(self, *names, running=False, unserved=()):
        """Let the monitors be gone since now; their pools go too unless they are *running*."""
        for name in names:
            self.all[name] = replace(self.all[name], gone_since=self.now)
            if not running:
                self.jobs.pop(name, None)
        self._keep(unserved)

    def restore(self, *names, running=True, changed_at=None):
        """Let the monitors be there again; their pools too, unless they are not yet *running*."""
        for name in names:
            self.all[name] = replace(self.all[name], gone_since=None, changed_at=changed_at)
            if running:
                self.jobs[name] = self.all[name]
        self._keep()

    def _keep(self, unserved=()):
        watched = a_watched(servers=(an_expected_server(),))
        self.store.keep(
            some_expectations(
                *self.all.values(), prometheuses=(watched,), taken_at=self.now, unserved=unserved
            ),
            (),
        )

    def _rule(self):
        def check(case):
            told = self.explained and case.status.state is JobState.MISSING
            return a_finding("deleted", proof=case.job.key) if told else None

        return Rule(
            code="monitor-deleted", link=Link.DECLARED, states=SICK, needs=frozenset(), check=check
        )

    def later(self, **time):
        """Until well after the time that a change may take."""
        return self.watch(times=15, step=timedelta(minutes=1), **time)

    @property
    def subjects(self):
        return [message.subject for message in self.receiver.told]


def test_a_mass_loss_is_one_loud_message_and_none_for_each_job():
    stage = Removals()
    stage.remove(*NAMES[:10])

    stage.later()
    [message] = stage.receiver.told

    assert stage.receiver.said == [FIRST]
    assert message.subject == "mass-loss:monitoring/k8s"
    assert message.severity == "critical"
    assert message.headline == (
        "Mass loss in monitoring/k8s: 10 of 20 expected jobs no longer declared"
    )
    assert "10 have left the running configuration, 0 have not" in message.summary
    assert len(message.about) == 10
    assert stage.store.owed() == ()


def test_it_is_told_while_the_pools_still_run_and_the_jobs_stay_healthy():
    stage = Removals()
    stage.remove(*NAMES[:10], running=True)

    result = stage.later()

    assert {status.state for status in result.statuses} == {JobState.HEALTHY}
    assert stage.receiver.said == [FIRST]
    assert "0 have left the running configuration, 10 have not" in stage.receiver.told[0].summary


def test_whoever_looks_sees_it_at_once_and_as_long_as_it_stands():
    stage = Removals()
    stage.remove(*NAMES[:10])

    young = standing(stage.watch(), TERMS)
    stage.restore(*NAMES[:10])

    assert [message.subject for message in young] == ["mass-loss:monitoring/k8s"]
    assert standing(stage.watch(), TERMS) == ()


@pytest.mark.parametrize("explained", [True, False], ids=["explained", "unexplained"])
@pytest.mark.parametrize("lost", [5, 11, 20])
def test_it_is_over_when_the_jobs_are_back_and_nothing_else_is_told(lost, explained):
    stage = Removals(explained=explained)
    stage.remove(*NAMES[:lost])
    stage.later()
    stage.restore(*NAMES[:lost])

    stage.later()

    assert stage.receiver.said == [FIRST, OVER]
    assert set(stage.subjects) == {"mass-loss:monitoring/k8s"}


def test_its_end_says_how_long_it_lasted():
    stage = Removals()
    stage.remove(*NAMES[:10])
    began = stage.now
    stage.later()
    stage.restore(*NAMES[:10])

    stage.later()
    over = stage.receiver.told[-1]

    assert over.starts_at == began
    assert over.duration == timedelta(minutes=16)


@pytest.mark.parametrize("explained", [True, False], ids=["explained", "unexplained"])
def test_monitors_that_are_back_before_their_pools_alarm_nobody_while_that_settles(explained):
    stage = Removals(explained=explained)
    stage.remove(*NAMES[:10])
    stage.later()
    stage.restore(*NAMES[:10], running=False, changed_at=stage.now)
    stage.watch(times=4)
    stage.restore(*NAMES[:10])

    stage.later()

    assert stage.receiver.said == [FIRST, OVER]


def test_monitors_that_are_back_without_their_pools_are_told_as_lost():
    stage = Removals(explained=False)
    stage.remove(*NAMES[:6])
    stage.later()
    stage.restore(*NAMES[:6], running=False, changed_at=stage.now)

    stage.later()

    assert stage.receiver.said[:2] == [FIRST, OVER]
    told = {each.pool for m in stage.receiver.told[2:] for each in m.about}
    assert told == {stage.all[name].pool for name in NAMES[:6]}


def test_it_is_over_when_it_is_accepted_and_nothing_is_told_of_each_job():
    stage = Removals()
    stage.remove(*NAMES[:10])
    stage.later()
    stage.store.accept([stage.all[name].key for name in NAMES[:10]], stage.now)

    stage.later()

    assert stage.receiver.said == [FIRST, OVER]
    assert stage.store.ongoing() == {}


def test_what_is_left_when_most_was_accepted_is_told_for_itself():
    stage = Removals()
    stage.remove(*NAMES[:6])
    stage.later()
    stage.store.accept([stage.all[name].key for name in NAMES[:4]], stage.now)

    stage.later()

    assert stage.subjects[0] == stage.subjects[-1] or len(stage.subjects) > 2
    assert sorted(m.about[0].pool for m in stage.receiver.told if m.cause) == [
        stage.all[name].pool for name in NAMES[4:6]
    ]


def test_a_few_removals_are_told_each_as_a_notice():
    stage = Removals()
    stage.remove(*NAMES[:2])

    stage.later()

    assert {m.cause for m in stage.receiver.told} == {"monitor-deleted"}
    assert {m.severity for m in stage.receiver.told} == {"notice"}
    assert len(stage.receiver.told) == 2


def test_another_loss_beside_it_is_told_all_the_same():
    stage = Removals()
    stage.remove(*NAMES[:10])

    stage.later(lost=[NAMES[15]])

    assert len(stage.receiver.told) == 2
    assert "mass-loss:monitoring/k8s" in stage.subjects
    assert stage.all[NAMES[15]].pool in {m.about[0].pool for m in stage.receiver.told}


def test_one_job_of_a_kind_that_is_not_served_is_loud_too():
    stage = Removals()
    stage.remove(NAMES[0], unserved=("ServiceMonitor",))

    stage.later()
    [message] = stage.receiver.told

    assert message.summary.endswith("the API server does not know ServiceMonitor any more")


def test_a_list_that_is_empty_for_a_moment_alarms_nobody():
    stage = Removals()
    stage.remove(*NAMES, running=True)
    stage.watch()
    stage.restore(*NAMES)

    stage.later()

    assert stage.receiver.told == []


def commands(message):
    return [shlex.split(line) for step in message.fix for line in (step.command or "").splitlines()]


@pytest.mark.parametrize("lost", [5, 20])
def test_jobs_of_a_file_are_accepted_by_name_and_kubectl_is_not_asked_for_them(lost):
    stage = Removals()
    for name in NAMES:
        plain = replace(stage.all[name], monitor=None, origin=Origin.CONFIG_FILE)
        stage.all[name] = stage.jobs[name] = plain
    stage.remove(*NAMES[:lost])

    stage.later()
    told = commands(stage.receiver.told[0])

    assert told == [["watcher", "accept", *(stage.all[name].pool for name in NAMES[:lost])]]


def test_where_files_and_monitors_lost_jobs_there_is_a_way_for_each():
    stage = Removals()
    plain = replace(stage.all[NAMES[0]], monitor=None, origin=Origin.CONFIG_FILE)
    stage.all[NAMES[0]] = stage.jobs[NAMES[0]] = plain
    stage.remove(*NAMES[:10])

    stage.later()
    told = commands(stage.receiver.told[0])

    assert ["watcher", "accept", plain.pool] in told
    assert ["watcher", "accept", "--all-in", "shop"] in told
    assert told[1][:3] == ["watcher", "expect", stage.all[NAMES[1]].pool]
