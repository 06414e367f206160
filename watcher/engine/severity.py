"""How bad a problem is: what its owner says, else the settings, else what it is and for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watcher.engine.group import Problem
from watcher.engine.matching import Match, fits
from watcher.engine.wording import NOTICES, Context
from watcher.model.incidents import Status
from watcher.model.names import JobKey

CRITICAL: Final = "critical"
WARNING: Final = "warning"
NOTICE: Final = "notice"

_ALONE: Final = 2
"""A Prometheus with fewer jobs than this is not "all lost" when it loses one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """What the settings say of severity.

    *rules* give those that fit a severity of their own, the first that fits all jobs of a problem.
    From *critical_share* of a Prometheus's jobs on, and after *escalate_after*, any is critical.
    """

    rules: Sequence[tuple[Match, str]] = ()
    critical_share: float = 0.5
    escalate_after: timedelta = timedelta(hours=4)


def severity(
    problem: Problem,
    about: Mapping[JobKey, Context],
    shares: Mapping[str, tuple[int, int]],
    grading: Grading,
    now: datetime,
) -> str:
    """The severity of *problem*; *shares* has the lost and all jobs of each Prometheus.

    Critical is what concerns a pinned job, keeps a critical alert from firing, concerns a great part
    of a Prometheus, or nobody has fixed for long. What somebody most likely wanted is a notice.
    """
    known = [about.get(incident.job, Context()) for incident in problem.told]
    if said := [context.severity for context in known if context.severity]:
        return CRITICAL if CRITICAL in said else said[0]
    for match, word in grading.rules:
        if all(fits(match, context.labels) for context in known):
            return word
    if problem.spokesman.cause in NOTICES:
        return NOTICE
    partial = not any(incident.state.lost for incident in problem.told)
    aged = (
        not partial
        and problem.status is Status.FIRING
        and now - problem.starts_at >= grading.escalate_after
    )
    wide = any(_is_wide(*shares.get(name, (0, 0)), grading) for name in problem.prometheuses)
    grave = any(context.pinned or context.silences_critical for context in known)
    return CRITICAL if aged or wide or grave else WARNING


def _is_wide(lost: int, expected: int, grading: Grading) -> bool:
    return expected >= _ALONE and lost >= grading.critical_share * expected
