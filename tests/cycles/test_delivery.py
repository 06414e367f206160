"""What becomes of messages when receivers refuse, wait, vanish, or we are killed."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cycles.stage import STEP, Receiver, Stage, refusal
from watcher.model.incidents import Status

FIRST = ("firing", "first notification")
END = ("resolved", "resolved")
QUICK = {"pending_watches": 1, "pending_for": timedelta(0), "resolve_watches": 1}
NEVER = timedelta(days=300)


class KilledError(BaseException):
    """The daemon is killed here."""


class Murderous(Receiver):
    """Takes the message, and then we are killed before we can remember that."""

    def notify(self, message, last, *, doubtful=False):
        super().notify(message, last, doubtful=doubtful)
        if self.kills:
            self.kills -= 1
            raise KilledError
        return f"{self.name}/{len(self.told)}"

    kills = 0


def a_murderous_stage(kills=1):
    stage = Stage(policy=QUICK)
    stage.receiver = Murderous()
    stage.receiver.kills = kills
    stage.receivers = [stage.receiver]
    return stage


def test_a_loss_that_ended_while_the_receiver_was_down_is_told_by_its_end():
    stage = Stage(policy=QUICK)
    stage.receiver.fails = [refusal()] * 6

    stage.watch(lost=["web"], times=4)
    stage.watch(lost=[], times=6)

    assert stage.receiver.said == [END]
    assert stage.receiver.told[0].duration == 4 * STEP
    assert stage.store.owed() == ()


def test_a_message_is_owed_from_the_watch_that_fired_until_it_was_accepted():
    stage = Stage(policy=QUICK)
    stage.receiver.fails = [refusal(reason="timeout")]

    stage.watch(lost=["web"])
    [owed] = stage.result.owed
    stage.watch()

    assert (owed.tries, owed.reason, owed.doubtful) == (1, "timeout", True)
    assert stage.result.owed == ()
    assert stage.receiver.doubts == [True]


def test_killed_after_the_message_was_taken_we_say_that_it_may_have_been():
    stage = a_murderous_stage()
    with pytest.raises(KilledError):
        stage.watch(lost=["web"])

    stage.watch(times=5)

    assert stage.receiver.said == [FIRST, FIRST]
    assert stage.receiver.doubts == [False, True]


def test_killed_after_the_first_message_we_tell_the_end_even_if_the_job_came_back_meanwhile():
    stage = a_murderous_stage()
    with pytest.raises(KilledError):
        stage.watch(lost=["web"])

    stage.watch(lost=[], times=3)

    assert stage.receiver.said == [FIRST, END]
    assert stage.receiver.doubts == [False, True]


def test_an_edit_that_may_have_been_taken_is_put_right_when_it_no_longer_holds():
    stage = Stage(policy=QUICK)
    stage.watch(lost=["web"])
    stage.causes["web"] = "a file is missing"
    stage.receiver.fails = [refusal(reason="timeout")]
    stage.watch()
    [incident] = stage.store.ongoing().values()
    before = stage.receiver.lasts[-1], len(stage.receiver.told)

    stage.watch(times=3)

    assert incident.cause == "tls-file-missing"
    assert before == (None, 1)
    assert stage.receiver.said == [FIRST, ("firing", "cause changed")]


class TestBackoff:
    """What cannot succeed is tried ever less often."""

    def test_a_permanent_error_is_tried_again_after_one_two_four_minutes_and_at_most_an_hour(self):
        stage = Stage(policy=QUICK)
        tries = []
        stage.receiver.fails = [refusal(permanent=True, reason="channel")] * 1000
        for minute in range(60 * 12):
            before = len(stage.tally.failed)
            stage.watch(lost=["web"], step=timedelta(minutes=1))
            if len(stage.tally.failed) > before:
                tries.append(minute)

        waits = [later - earlier for earlier, later in itertools.pairwise(tries)]
        assert waits[:7] == [1, 2, 4, 8, 16, 32, 60]
        assert set(waits[7:]) == {60}

    def test_it_stands_in_the_result_with_its_error(self):
        stage = Stage(policy=QUICK)
        stage.receiver.fails = [refusal(permanent=True, reason="channel")]

        [owed] = stage.watch(lost=["web"]).owed

        assert (owed.reason, owed.permanent, owed.doubtful) == ("channel", True, False)
        assert owed.error == "slack: no: try again"

    def test_a_receiver_that_asks_to_wait_is_left_alone_for_all_messages(self):
        stage = Stage("a", "b", policy=QUICK)
        stage.receiver.fails = [refusal(reason="rate_limited", retry_after=90)]
        stage.watch(lost=["a"])

        stage.watch(lost=["a", "b"], times=2)
        early = list(stage.receiver.told)
        stage.watch()

        assert early == []
        assert stage.receiver.said == [FIRST, FIRST]
        assert not any(stage.receiver.doubts)

    def test_a_receiver_that_does_not_answer_is_asked_once_a_watch_not_once_a_message(self):
        stage = Stage(*"abcd", policy=QUICK)
        stage.receiver.fails = [refusal(reason="timeout")] * 3

        stage.watch(lost="abcd", times=3)
        failed = len(stage.tally.failed)
        stage.watch()

        assert failed == 3
        assert len(stage.receiver.told) == 4

    def test_a_message_that_always_fails_does_not_keep_the_others_from_being_sent(self):
        stage = Stage("bad", "good", policy=QUICK)
        receiver = stage.receiver
        tell = receiver.notify

        def picky(message, last, *, doubtful=False):
            if "bad" in message.headline:
                raise refusal(reason="refused")
            return tell(message, last, doubtful=doubtful)

        receiver.notify = picky
        stage.watch(lost=["bad"])

        stage.watch(lost=["bad", "good"], times=2)

        assert [m.headline.rpartition(" ")[2] for m in receiver.told] == [
            "serviceMonitor/shop/good/0"
        ]


class TestFallback:
    """Another channel hears of what one refuses for good, and of its end."""

    def test_it_hears_the_message_and_its_end_and_the_first_hears_too_once_it_can(self):
        stage = Stage(policy=QUICK)
        stage.fallback = Receiver("fallback")
        stage.receiver.fails = [refusal(permanent=True, reason="channel")] * 2

        stage.watch(lost=["web"], times=10)
        stage.watch(lost=[], times=3)

        assert stage.fallback.said == [FIRST, END]
        assert stage.receiver.said == [FIRST, END]

    def test_it_hears_nothing_while_all_is_well_or_only_late(self):
        stage = Stage(policy=QUICK)
        stage.fallback = Receiver("fallback")
        stage.receiver.fails = [refusal(), refusal()]

        stage.watch(lost=["web"], times=5)

        assert stage.fallback.told == []


def test_a_debt_of_a_receiver_that_is_no_more_is_forgotten_after_two_days():
    stage = Stage(policy=QUICK)
    stage.receiver.fails = [refusal()]
    stage.watch(lost=["web"])
    stage.receivers = []

    stage.watch(lost=[])
    before = len(stage.result.owed)
    stage.watch(step=timedelta(days=3))

    assert (before, stage.result.owed) == (1, ())


LOOKS = st.lists(st.sets(st.sampled_from("ab")), min_size=1, max_size=20)
ANSWERS = st.lists(
    st.sampled_from(["ok", "fail", "permanent", "wait", "killed"]), min_size=1, max_size=30
)


@given(LOOKS, ANSWERS)
def test_every_incident_and_its_end_is_told_and_nothing_twice_without_doubt(looks, answers):
    """Law 5, whatever receivers do and whenever we are killed."""
    stage = Stage("a", "b", policy=QUICK)
    answers = list(answers)
    tell = stage.receiver.notify

    def any_answer(message, last, *, doubtful=False):
        answer = answers.pop(0) if answers else "ok"
        if answer == "fail":
            raise refusal()
        if answer == "permanent":
            raise refusal(permanent=True, reason="content")
        if answer == "wait":
            raise refusal(reason="rate_limited", retry_after=40)
        handle = tell(message, last, doubtful=doubtful)
        if answer == "killed":
            raise KilledError
        return handle

    stage.receiver.notify = any_answer
    for lost in [*looks, *[set()] * 3]:
        try:
            stage.watch(lost=lost)
        except KilledError:
            continue
    answers.clear()
    stage.watch(lost=[], times=2, step=timedelta(hours=2))

    fired = {i.group for i in stage.store.incidents(stage.now - NEVER, stage.now) if i.group}
    ended = [m.subject for m in stage.receiver.told if m.status is Status.RESOLVED]
    assert fired == set(ended)
    certain = [
        (m.subject, m.status)
        for m, doubt in zip(stage.receiver.told, stage.receiver.doubts, strict=True)
        if not doubt and m.reason in {"first notification", "resolved"}
    ]
    assert len(certain) == len(set(certain))
    assert stage.store.owed() == ()


@pytest.mark.parametrize("fault", [RecursionError, OverflowError, ValueError, KeyError, TypeError])
def test_whatever_a_receiver_raises_ends_no_watch_and_the_message_stays_owed(fault):
    stage = Stage(policy=QUICK)
    other = Receiver()
    other.name = "other"
    stage.receiver.fails = [fault("a-secret-in-the-answer")]
    stage.receivers = [stage.receiver, other]

    stage.watch(lost=["web"])
    [owed] = stage.result.owed
    stage.watch()

    assert "a-secret" not in owed.error
    assert (owed.reason, owed.permanent) == ("unreadable", False)
    assert other.said == [FIRST]
    assert stage.receiver.said == [FIRST]
    assert stage.result.owed == ()
