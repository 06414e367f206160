"""A loss from its first sign to its end, as the receivers hear of it."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cycles.stage import STEP, Stage, refusal
from watcher.model.findings import Confidence, Link
from watcher.model.incidents import Ending, Status

FIRST = ("firing", "first notification")
END = ("resolved", "resolved")
CHANGED = ("firing", "jobs changed")
NEVER = timedelta(days=300)


def test_a_loss_is_told_once_with_its_cause_and_then_its_end():
    stage = Stage("web", "api")
    stage.causes["web"] = "the file /etc/ssl/tls.crt is in no mount of the pod"
    stage.watch()

    stage.watch(lost=["web"], times=10)
    stage.watch(lost=[], times=5)

    assert stage.receiver.said == [FIRST, END]
    first, end = stage.receiver.told
    assert (first.cause, first.summary) == ("tls-file-missing", stage.causes["web"])
    assert [subject.pool for subject in first.about] == ["serviceMonitor/shop/web/0"]
    assert end.subject == first.subject
    assert end.duration == 11 * STEP
    assert stage.receiver.lasts[1].handle == "receiver/1"


def test_a_short_loss_is_nobodys_business():
    stage = Stage()
    stage.watch()

    stage.watch(lost=["web"], times=2)
    stage.watch(lost=[], times=5)

    assert stage.receiver.told == []


def test_while_blind_nothing_opens_and_nothing_ends():
    stage = Stage("web", "api")
    stage.watch(lost=["web"], times=4)
    before = stage.store.ongoing()

    stage.watch(lost=["api"], blind=True, times=8)

    assert stage.store.ongoing() == before
    assert stage.receiver.said == [FIRST]


def test_what_could_not_be_delivered_is_told_later_and_so_is_its_end():
    stage = Stage()
    stage.receiver.fails = [refusal(), refusal(reason="timeout")]
    stage.watch(lost=["web"], times=5)
    stage.receiver.fails = [refusal()]

    stage.watch(lost=[], times=5)

    assert stage.receiver.said == [FIRST, END]
    assert stage.tally.failed == [
        ("receiver", "server"),
        ("receiver", "timeout"),
        ("receiver", "server"),
    ]
    assert stage.tally.accepted == ["receiver", "receiver"]


def test_a_rule_that_turned_undecided_does_not_take_the_cause_away():
    stage = Stage()
    stage.causes["web"] = "a file is missing"
    stage.watch(lost=["web"], times=4)

    stage.undecided = {"web"}
    stage.watch(times=4)

    [incident] = stage.store.ongoing().values()
    assert incident.cause == "tls-file-missing"
    assert stage.receiver.said == [FIRST]


def test_a_cause_that_is_found_later_is_told():
    stage = Stage()
    stage.watch(lost=["web"], times=4)

    stage.causes["web"] = "a file is missing"
    stage.watch(times=2)

    assert stage.receiver.said == [FIRST, ("firing", "cause changed")]
    assert [m.cause for m in stage.receiver.told] == [None, "tls-file-missing"]


def test_a_job_that_is_expected_no_more_ends_as_retired():
    stage = Stage("web", "api")
    stage.watch(lost=["web"], times=4)

    del stage.jobs["web"]
    stage.expect()
    stage.watch(times=2)

    assert stage.receiver.said == [FIRST, END]
    [ended] = stage.store.incidents(stage.now - NEVER, stage.now + NEVER)
    assert ended.ending is Ending.RETIRED


def test_a_job_that_was_changed_a_moment_ago_fires_when_it_should_have_settled():
    stage = Stage()
    stage.watch()
    stage.jobs["web"] = replace(stage.jobs["web"], changed_at=stage.now)
    stage.expect()
    stage.watch(lost=["web"], times=9)
    before = list(stage.receiver.told)

    stage.watch(times=2)

    assert before == []
    assert stage.receiver.said == [FIRST]


WITHOUT_PROOF = [
    ("no-matching-service", Link.DISCOVERED, Confidence.CERTAIN),
    ("connection-refused", Link.SCRAPED, Confidence.CERTAIN),
    ("monitor-deleted", Link.DECLARED, Confidence.CERTAIN),
    ("reloader-broken", Link.LOADED, Confidence.LIKELY),
    ("reload-pending", Link.LOADED, Confidence.POSSIBLE),
]
WITH_PROOF = [
    ("labels-not-selected", Link.SELECTED, Confidence.CERTAIN),
    ("rejected-by-operator", Link.ACCEPTED, Confidence.CERTAIN),
    ("reload-failing", Link.LOADED, Confidence.CERTAIN),
    ("tls-file-missing", Link.CREATED, Confidence.CERTAIN),
]


def lost_by(code, link, confidence, *, changed=True):
    """A stage on which a job is lost by this, a moment after it was changed or long after."""
    stage = Stage()
    stage.code, stage.link, stage.confidence = code, link, confidence
    stage.causes["web"] = "why"
    stage.loaded = link > Link.LOADED
    stage.watch()
    stage.jobs["web"] = replace(stage.jobs["web"], changed_at=stage.now if changed else None)
    stage.expect()
    return stage


@pytest.mark.parametrize(("code", "link", "confidence"), WITHOUT_PROOF)
def test_what_a_change_on_its_way_may_explain_is_told_when_it_should_have_settled(
    code, link, confidence
):
    stage = lost_by(code, link, confidence)
    stage.watch(lost=["web"], times=9)
    before = list(stage.receiver.told)

    stage.code = "cause-found-later" if code == "reload-pending" else code
    stage.watch(times=2)

    assert before == []
    assert stage.receiver.said == [FIRST]


@pytest.mark.parametrize(("code", "link", "confidence"), WITH_PROOF)
def test_what_no_waiting_mends_is_told_without_waiting(code, link, confidence):
    stage = lost_by(code, link, confidence)

    stage.watch(lost=["web"], times=4)

    assert stage.receiver.said == [FIRST]


def test_a_change_that_only_the_object_itself_shows_is_waited_for_too():
    stage = lost_by("reload-pending", Link.LOADED, Confidence.POSSIBLE, changed=False)

    stage.watch(lost=["web"], times=9)

    assert stage.receiver.said == []


def test_two_receivers_each_hear_everything_once_whatever_the_other_does():
    stage = Stage()
    other = type(stage.receiver)("other")
    stage.receivers.append(other)
    other.fails = [refusal()] * 3

    stage.watch(lost=["web"], times=8)
    stage.watch(lost=[], times=4)

    assert stage.receiver.said == other.said == [FIRST, END]


class TestGroups:
    """Jobs that share cause and proof are one message."""

    def test_jobs_lost_by_one_thing_are_one_message_that_grows_and_shrinks_by_edits(self):
        names = ("a", "b", "c")
        stage = Stage(*names)
        stage.causes = dict.fromkeys(names, "the Secret is gone")
        stage.proofs = dict.fromkeys(names, "Secret shop/tls")
        sizes = []

        for lost in (["a"], ["a", "b"], ["a", "b", "c"], ["c"], []):
            stage.watch(lost=lost, times=6)
            sizes.append(len(stage.receiver.told[-1].about))

        assert {m.subject for m in stage.receiver.told} == {stage.receiver.told[0].subject}
        assert stage.receiver.said == [FIRST, CHANGED, CHANGED, CHANGED, END]
        assert sizes == [1, 2, 3, 1, 3]

    def test_jobs_without_a_common_proof_are_told_one_by_one(self):
        stage = Stage("a", "b")

        stage.watch(lost=["a", "b"], times=5)

        assert stage.receiver.said == [FIRST, FIRST]


class TestBlindness:
    """A source that cannot be read is told after a grace, and when it can be again."""

    def test_it_is_told_after_the_grace_and_its_end_is_too(self):
        stage = Stage()
        stage.watch(blind=True, times=10)
        early = list(stage.receiver.told)
        stage.watch(blind=True, times=5)

        stage.watch(times=3)

        assert early == []
        assert stage.receiver.said == [FIRST, END]
        assert "connection refused" in stage.receiver.told[0].summary
        assert stage.receiver.told[0].severity == "blind"

    def test_a_short_one_is_not_told(self):
        stage = Stage()
        stage.watch(blind=True, times=9)

        stage.watch(times=20)

        assert stage.receiver.told == []

    def test_its_end_is_told_although_the_receiver_was_away_for_hours(self):
        stage = Stage()
        stage.watch(blind=True, times=12)
        stage.receiver.fails = [refusal()] * 20

        stage.watch(times=30)

        assert stage.receiver.said == [FIRST, END]


@given(
    st.lists(st.tuples(st.sets(st.sampled_from("ab")), st.booleans()), max_size=25),
    st.lists(st.booleans(), max_size=40),
)
def test_whatever_was_told_is_told_to_its_end_once_the_receiver_takes_messages(looks, fails):
    """Law 5."""
    stage = Stage("a", "b")
    stage.receiver.fails = [refusal() if fail else None for fail in fails]
    for lost, blind in looks:
        stage.watch(lost=lost, blind=blind)
    stage.receiver.fails = []

    stage.watch(lost=[], times=4)

    fired = {i.group for i in stage.store.incidents(stage.now - NEVER, stage.now) if i.group}
    ended = {m.subject for m in stage.receiver.told if m.status is Status.RESOLVED}
    assert fired <= ended


@given(st.lists(st.tuples(st.sets(st.sampled_from("ab")), st.booleans()), max_size=25))
def test_nothing_is_said_twice_within_the_repeat_interval_unless_something_changed(looks):
    """Law 6."""
    stage = Stage("a", "b")
    for lost, blind in looks:
        stage.watch(lost=lost, blind=blind)

    said = [(m.subject, m.status, m.cause, m.about) for m in stage.receiver.told]
    assert all(earlier != later for earlier, later in pairwise(said))
    assert all(m.reason != "repeat interval elapsed" for m in stage.receiver.told)
