"""A receiver that hangs holds up nobody, and hears nothing twice when it wakes."""

import threading

import pytest

from tests.cycles.stage import Receiver, Stage
from tests.cycles.test_delivery import END, FIRST, QUICK
from tests.patience import PATIENCE, awaited
from watcher.cycles.lanes import Beside
from watcher.errors import StoreError


class Hanging(Receiver):
    """Takes each message, but only when it is let go."""

    def __init__(self, name="hanging"):
        super().__init__(name)
        self.go = threading.Event()
        self.begun = 0

    def notify(self, message, last, *, doubtful=False):
        self.begun += 1
        self.go.wait()
        return super().notify(message, last, doubtful=doubtful)


@pytest.fixture
def stage():
    stage = Stage(policy=QUICK)
    stage.lanes = Beside()
    stage.hanging = Hanging()
    stage.receivers = [stage.hanging, stage.receiver]
    yield stage
    stage.hanging.go.set()


def test_a_hanging_receiver_holds_up_neither_the_watch_nor_another_receiver(stage):
    stage.watch(lost=["web"])
    stage.lanes.wait(["receiver"], PATIENCE)
    stage.watch(lost=[])
    stage.lanes.wait(["receiver"], PATIENCE)

    assert stage.receiver.said == [FIRST, END]
    assert stage.hanging.said == []
    assert stage.lanes.busy() == {"hanging"}


def test_what_is_in_flight_is_not_begun_again_and_the_end_is_told_after_it(stage):
    stage.watch(lost=["web"], times=3)
    stage.watch(lost=[])
    begun = awaited(lambda: stage.hanging.begun, every=0.05)
    stage.hanging.go.set()
    stage.lanes.wait(["hanging"], PATIENCE)
    stage.watch(times=2)
    stage.lanes.wait(["hanging"], PATIENCE)

    assert begun == 1
    assert stage.hanging.said == [FIRST, END]
    assert stage.hanging.doubts == [False, False]
    assert stage.store.owed() == ()


def test_at_the_end_a_round_stops_after_the_message_that_it_is_sending(stage):
    stage = Stage("a", "b", "c", policy=QUICK)
    stage.causes = {"a": "auth-failed", "b": "tls-file-missing", "c": "connection-refused"}
    hanging, stage.lanes = Hanging(), Beside()
    stage.receivers = [hanging]
    stage.watch(lost=["a", "b", "c"])
    due = len(stage.store.owed())
    awaited(lambda: hanging.begun, every=0.05)

    stage.lanes.ending = True
    hanging.go.set()
    stage.lanes.wait(["hanging"], PATIENCE)

    assert hanging.begun == 1
    assert len(stage.store.owed()) == due - 1 > 0


def test_a_round_that_fails_is_logged_and_the_next_one_begins(caplog):
    lanes, ran = Beside(), []

    def fail():
        raise StoreError("the disk is full")

    lanes.start("slack", fail)
    lanes.wait(["slack"], PATIENCE)
    lanes.start("slack", lambda: ran.append(True))
    lanes.wait(["slack"], PATIENCE)

    assert ran == [True]
    assert "slack: the disk is full" in caplog.text
