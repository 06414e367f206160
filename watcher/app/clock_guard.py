"""Keeps the cycles on schedule when the clock is set back.

APScheduler plans by the wall clock: a clock that is set back by an hour would leave out the watches
of that hour. The monotonic clock tells.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from apscheduler.events import EVENT_SCHEDULER_SHUTDOWN
from apscheduler.schedulers.base import BaseScheduler

_EVERY: Final = 5.0
"""Seconds between two looks at the clocks."""

_DRIFT: Final = timedelta(seconds=1)
"""By less than this the clocks differ without being set."""


class ClockGuard:
    """Runs the *jobs* of *scheduler* at once when *wall* went back against *monotonic* (seconds)."""

    def __init__(
        self,
        scheduler: BaseScheduler,
        jobs: Sequence[str],
        wall: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._scheduler, self._jobs = scheduler, tuple(jobs)
        self._wall, self._monotonic = wall, monotonic
        self._before = (wall(), monotonic())

    def start(self) -> None:
        """Look at the clocks again and again, until the scheduler ends."""
        ended = threading.Event()
        self._scheduler.add_listener(lambda _: ended.set(), EVENT_SCHEDULER_SHUTDOWN)

        def watch() -> None:
            while not ended.wait(_EVERY):
                self.check()

        threading.Thread(target=watch, name="clock", daemon=True).start()

    def check(self) -> bool:
        """Whether the clock was set back since the last time; the jobs are due now then."""
        (wall, monotonic), now = self._before, (self._wall(), self._monotonic())
        self._before = now
        if (now[0] - wall) - timedelta(seconds=now[1] - monotonic) > -_DRIFT:
            return False
        for job in self._jobs:
            self._scheduler.modify_job(job, next_run_time=now[0])
        return True
