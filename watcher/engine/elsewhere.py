"""Monitors that other collectors take: no Prometheus is to select them, so none misses them."""

from collections.abc import Sequence
from dataclasses import replace

from watcher.engine.matching import Match, fits, of_monitor
from watcher.model.expectations import Expectations


def without_elsewhere(expectations: Expectations, collectors: Sequence[Match]) -> Expectations:
    """*expectations* without the unselected monitors that one of *collectors* takes.

    A monitor that a Prometheus selects stays, whoever takes it besides.
    """
    left = tuple(
        one
        for one in expectations.unselected
        if not any(
            fits(match, of_monitor(one.monitor, expectations.objects.get(one.monitor)))
            for match in collectors
        )
    )
    return replace(expectations, unselected=left)
