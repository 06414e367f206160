from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, a_found, a_job, a_status, an_ignored_job
from watcher.engine.track import Policy, track, turns
from watcher.model.comparison import JobState, TargetCounts
from watcher.model.expectations import Steering
from watcher.model.incidents import Ending, Status

POLICY = Policy(pending_watches=2, pending_for=timedelta(minutes=1), resolve_watches=2)
MINUTE = timedelta(minutes=1)


class History:
    """Incidents over several watches, a minute apart."""

    def __init__(self):
        self.now = NOW
        self.ongoing = {}
        self.ended = []

    def watch(self, *statuses, causes=None, held=frozenset()):
        self.now += MINUTE
        transitions = self.tracked(*statuses, causes=causes, held=held)
        self.apply(transitions)
        return transitions

    def tracked(self, *statuses, causes=None, held=frozenset()):
        return track(self.ongoing, statuses, causes or {}, held=held, policy=POLICY, now=self.now)

    def apply(self, transitions):
        for transition in transitions:
            after = transition.after
            if after.status is Status.RESOLVED:
                del self.ongoing[after.job]
                self.ended.append(after)
            else:
                self.ongoing[after.job] = after

    @property
    def only(self):
        [incident] = self.ongoing.values()
        return incident


def test_a_loss_is_pending_before_it_fires():
    history = History()

    statuses = []
    for _ in range(3):
        history.watch(a_status("missing"))
        statuses.append(history.only.status)

    assert statuses == [Status.PENDING, Status.FIRING, Status.FIRING]
    assert history.only.starts_at == NOW + MINUTE


def test_a_short_loss_ends_without_having_fired():
    history = History()
    history.watch(a_status("missing"))

    history.watch(a_status("healthy"))

    assert [i.group for i in history.ended] == [None]
    assert not history.ongoing


def test_what_fired_ends_after_two_good_watches():
    history = History()
    for state in ["missing", "missing", "healthy", "missing", "healthy"]:
        history.watch(a_status(state))
    before = history.only.status

    history.watch(a_status("healthy"))

    assert before is Status.FIRING
    [ended] = history.ended
    assert (ended.ending, ended.ends_at) == (Ending.RECOVERED, history.now)


def test_a_job_that_is_no_longer_expected_ends_as_retired():
    history = History()
    history.watch(a_status("missing"))
    history.watch(a_status("missing"))

    history.watch()

    assert [i.ending for i in history.ended] == [Ending.RETIRED]


def test_an_ignored_job_has_no_incident():
    history = History()
    history.watch(a_status("missing"))

    history.watch(a_status("missing", an_ignored_job()))

    assert [i.ending for i in history.ended] == [Ending.RETIRED]


def test_an_ignored_job_that_never_had_an_incident_gets_none():
    history = History()

    assert history.watch(a_status("missing", an_ignored_job())) == ()


@pytest.mark.parametrize("state", ["healthy", "missing"])
def test_an_unknown_job_changes_nothing(state):
    history = History()
    history.watch(a_status(state))
    history.watch(a_status(state))
    before = dict(history.ongoing)

    transitions = history.watch(a_status("unknown"))

    assert transitions == ()
    assert history.ongoing == before


def test_a_job_that_was_changed_a_moment_ago_does_not_fire_yet():
    history = History()
    key = a_job().key
    for _ in range(3):
        history.watch(a_status("missing"), held={key})
    held = history.only.status

    history.watch(a_status("missing"))

    assert (held, history.only.status) == (Status.PENDING, Status.FIRING)


def test_a_cause_once_found_outlives_a_watch_that_cannot_tell_it():
    """Law 8."""
    history = History()
    key = a_job().key
    history.watch(a_status("missing"), causes={key: a_found("monitor-deleted")})

    history.watch(a_status("missing"))

    assert history.only.cause == "monitor-deleted"
    assert history.only.found == a_found("monitor-deleted")


STATES = st.sampled_from(["healthy", "degraded", "missing", "empty", "unknown", "dormant"])
JOBS = [a_job(name) for name in "abc"]


@given(st.lists(st.lists(STATES, min_size=3, max_size=3), max_size=12))
def test_tracking_again_with_its_result_applied_changes_nothing(looks):
    """Law 3, and law 7: what ended began before, and is never touched again."""
    history = History()
    for states in looks:
        statuses = [a_status(state, job) for state, job in zip(states, JOBS, strict=True)]
        history.watch(*statuses)

        assert history.tracked(*statuses) == ()

    assert all(i.starts_at <= i.ends_at for i in history.ended)
    assert len({i.id for i in history.ended}) == len(history.ended)


@given(st.lists(STATES, max_size=12), st.integers(0, 12))
def test_being_blind_for_a_while_makes_no_transition(states, at):
    """Law 2."""
    seeing, blind = History(), History()
    for number, state in enumerate(states):
        seeing.watch(a_status(state))
        if number == at:
            assert blind.tracked(a_status("unknown")) == ()
        blind.watch(a_status(state))

    assert blind.ongoing == seeing.ongoing


def test_the_state_is_followed_while_it_fires():
    history = History()
    history.watch(a_status("missing"))
    history.watch(a_status("missing"))
    fired = history.only

    [transition] = history.watch(a_status("empty"))

    assert transition.after == replace(fired, state=transition.after.state)
    assert transition.after.state == "empty"


FLAPPY = Policy(
    pending_watches=1,
    pending_for=timedelta(0),
    partial_for=timedelta(0),
    resolve_watches=1,
    flap_turns=2,
    flap_window=10 * MINUTE,
)


@given(st.lists(STATES, max_size=60))
def test_a_job_that_comes_and_goes_begins_no_more_incidents_than_its_turns_in_a_window(states):
    """Law 3 and 7 for flapping: silence, and an end of its own."""
    history = History()
    for state in states:
        history.now += MINUTE
        lately = turns([*history.ended, *history.ongoing.values()], FLAPPY, history.now)

        def tracked(state=state, lately=lately):
            return track(
                history.ongoing,
                [a_status(state)],
                {},
                lately=lately,
                policy=FLAPPY,
                now=history.now,
            )

        history.apply(tracked())
        assert tracked() == ()

    began = sorted(i.fired_at for i in (*history.ended, *history.ongoing.values()))
    for fourth, first in zip(began[3:], began, strict=False):
        assert fourth - first >= FLAPPY.flap_window
    assert all(i.starts_at <= i.ends_at for i in history.ended)


def partly(active, down, expected=None, **job):
    counts = TargetCounts(
        active=active, up=active - down, down=down, not_scraped=0, expected=expected
    )
    return a_status("degraded", job=a_job(**job), targets=counts)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (partly(12, 11), True),
        (partly(10, 2), True),
        (partly(10, 1), False),
        (partly(8, 0, expected=10), True),
        (partly(9, 0, expected=10), False),
        (partly(99, 0, expected=100, steering=Steering(min_targets=100)), True),
        (partly(100, 1, expected=100, steering=Steering(min_targets=100)), False),
        (partly(10, 0), False),
        (a_status("degraded", targets=TargetCounts()), False),
        (a_status("degraded", targets=TargetCounts(active=5, up=5, before=50)), False),
    ],
)
def test_a_part_of_a_job_is_told_from_a_share_of_its_targets_on_or_below_the_least_number(
    status, told
):
    history = History()
    for _ in range(7):
        history.watch(status)

    fired = [i for i in history.ongoing.values() if i.status is Status.FIRING]
    assert bool(fired) is told


def test_a_part_that_is_lost_fires_after_its_own_time():
    history = History()
    statuses = []
    for _ in range(6):
        history.watch(partly(12, 11))
        statuses.append(history.only.status)

    assert statuses == [Status.PENDING] * 5 + [Status.FIRING]


def test_what_was_lost_in_part_and_then_whole_is_pending_from_then_on():
    history = History()
    for _ in range(4):
        history.watch(partly(12, 11))
    history.watch(a_status("down"))

    assert (history.only.status, history.only.starts_at) == (Status.PENDING, history.now)
    history.watch(a_status("down"))
    assert history.only.status is Status.FIRING


def test_what_was_lost_whole_goes_on_while_a_great_part_is():
    history = History()
    for status in [a_status("down"), a_status("down"), partly(12, 11), partly(12, 11)]:
        history.watch(status)

    assert (history.only.status, history.only.state) == (Status.FIRING, JobState.DEGRADED)

    history.watch(partly(12, 1))
    history.watch(partly(12, 1))
    assert not history.ongoing
