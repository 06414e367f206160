"""A trouble of the store is told past it: once it lasts, once, and its end to whoever heard of it."""

from datetime import timedelta

import pytest

from tests.builders import NOW
from tests.cycles.stage import Receiver, refusal
from watcher.cycles.lanes import InTurn
from watcher.cycles.store_trouble import StoreTrouble

FULL = "store x: the disk is full: make room"


class Clock:
    now = NOW

    def __call__(self):
        return self.now

    def pass_(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def trouble(clock, receiver):
    return StoreTrouble(
        notifiers=[receiver], lanes=InTurn(), grace=timedelta(minutes=1), clock=clock
    )


def meet(trouble, clock, times):
    for _ in range(times):
        trouble.met(FULL)
        clock.pass_(30)


def test_a_short_one_is_not_told(trouble, clock, receiver):
    meet(trouble, clock, 2)
    trouble.over()

    assert (receiver.told, trouble.lasting) == ([], None)


def test_one_that_lasts_is_told_once_with_its_words_and_then_its_end(trouble, clock, receiver):
    meet(trouble, clock, 9)
    lasting = trouble.lasting
    trouble.over()
    trouble.over()

    assert lasting == FULL
    assert receiver.said == [("firing", "first notification"), ("resolved", "resolved")]
    assert receiver.told[0].summary == FULL
    assert receiver.told[0].subject == receiver.told[1].subject
    assert receiver.told[1].starts_at == NOW
    assert receiver.lasts[1].handle == "receiver/1"


def test_a_receiver_that_fails_is_told_again_until_it_has_heard(trouble, clock, receiver):
    receiver.fails = [refusal(), refusal()]
    meet(trouble, clock, 9)
    receiver.fails = [refusal()]
    trouble.over()
    trouble.over()

    assert [status for status, _ in receiver.said] == ["firing", "resolved"]


def test_one_that_remembers_nothing_by_itself_is_told_each_time(trouble, clock, receiver):
    receiver.resend = timedelta(minutes=1)

    meet(trouble, clock, 5)

    assert [status for status, _ in receiver.said] == ["firing"] * 3


def test_the_next_one_is_another(trouble, clock, receiver):
    for _ in range(2):
        meet(trouble, clock, 4)
        trouble.over()

    assert len({message.subject for message in receiver.told}) == 2
