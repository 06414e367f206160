"""How long tests wait for what is sure to come.

A wait ends as soon as it comes, so a long one costs nothing; only what hangs reaches its end.
"""

import time
from collections.abc import Callable
from typing import Final, TypeVar

PATIENCE: Final = 180.0
"""Seconds: more than the busiest machine needs, and less than the time-out of a test."""

LONG: Final = f"{PATIENCE:.0f}s"
"""The same as a setting."""

T = TypeVar("T")


def awaited(found: Callable[[], T], *, wanted: Callable[[T], object] = bool, every: float) -> T:
    """What *found* answers as soon as it is as *wanted*; after all patience its last answer.

    *every*: seconds between two tries.
    """
    end = time.monotonic() + PATIENCE
    while not wanted(last := found()) and time.monotonic() < end:
        time.sleep(every)
    return last


def awaited_as(expected: T, found: Callable[[], T], *, every: float) -> T:
    """What *found* answers as soon as that is all that is *expected*, else its last answer.

    Who waits so and then asserts that they are equal has waited for just what he asserts.
    """
    return awaited(found, wanted=lambda last: last == expected, every=every)
