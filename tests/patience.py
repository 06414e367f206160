"""How long tests wait for what is sure to come.

A wait ends as soon as it comes, so a long one costs nothing; only what hangs reaches its end.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

PATIENCE: Final = 180.0
"""Seconds: more than the busiest machine needs, and less than the time-out of a test."""

T = TypeVar("T")


def awaited(found: Callable[[], T], *, wanted: Callable[[T], object] = bool, every: float) -> T:
    """What *found* answers as soon as it is as *wanted*; after all patience its last answer.

    *every*: seconds between two tries.
    """
    end = time.monotonic() + PATIENCE
    while not wanted(last := found()) and time.monotonic() < end:
        time.sleep(every)
    return last
