"""A clock that is set back leaves out no watch."""

import threading
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from tests.patience import PATIENCE
from watcher.app.clock_guard import ClockGuard


class Clocks:
    def __init__(self):
        self.stepped = timedelta(0)

    def wall(self):
        return datetime.now(UTC) + self.stepped

    def monotonic(self):
        return datetime.now(UTC).timestamp()


def test_what_was_due_in_an_hour_runs_at_once_when_the_clock_is_set_back_and_not_before():
    clocks, ran = Clocks(), threading.Event()
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(ran.set, "interval", hours=1, id="watch")
    scheduler.start()
    guard = ClockGuard(scheduler, ["watch"], clocks.wall, clocks.monotonic)
    try:
        steady = guard.check()
        clocks.stepped += timedelta(hours=2)
        forward = guard.check()
        early = ran.is_set()
        clocks.stepped -= timedelta(hours=3)
        back = guard.check()

        assert (steady, forward, early, back) == (False, False, False, True)
        assert ran.wait(PATIENCE)
    finally:
        scheduler.shutdown()
