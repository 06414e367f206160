"""Which exit code a result comes to."""

from collections.abc import Iterator
from typing import Final

from watcher.cli.codes import CANNOT_TELL, FOUND, WELL
from watcher.model.comparison import JobState
from watcher.model.expectations import Expectations
from watcher.model.results import Result
from watcher.web import shapes
from watcher.web.expect_document import MonitorPreviewShape, PreviewDocument
from watcher.web.snapshot_document import DifferenceDocument

_LOST: Final = frozenset(state.value for state in JobState if state.lost)


def of_jobs(told: shapes.JobsDocument, result: Result, *, strict: bool) -> int:
    """Of a look: 1 when a job that is shown is lost, else 2 when something cannot be told."""
    shown = [job for job in told.jobs if job.ignored is None]
    bad = _LOST | {JobState.DEGRADED.value} if strict else _LOST
    if any(job.state in bad for job in shown):
        return FOUND
    if any(job.state == JobState.UNKNOWN.value for job in shown) or _blind(result):
        return CANNOT_TELL
    return WELL


def of_audit(told: shapes.AuditDocument, result: Result) -> int:
    """Of an audit: 1 when something is at risk, else 2 when something cannot be told."""
    if told.risks:
        return FOUND
    return CANNOT_TELL if _blind(result) else WELL


def of_expected(expectations: Expectations) -> int:
    """Of what is expected: 2 when that is nothing, or some of it could not be read."""
    hidden = any(unreadable.hides for unreadable in expectations.unreadable)
    return CANNOT_TELL if hidden or not expectations.jobs else WELL


def of_previews(told: PreviewDocument) -> int:
    """Of monitors that are not there yet: 1 when one would not be scraped, else 2 for a doubt."""
    verdicts = {well for monitor in told.monitors for well in _of_preview(monitor)}
    if False in verdicts:
        return FOUND
    return CANNOT_TELL if None in verdicts else WELL


def _of_preview(monitor: MonitorPreviewShape) -> Iterator[bool | None]:
    """Whether it is taken, and whether each of its jobs would find targets."""
    yield monitor.taken
    yield from (job.well for each in monitor.prometheuses for job in each.jobs)


def of_differences(told: DifferenceDocument) -> int:
    """Of two moments: 1 when a job was lost or is worse, else 2 when something cannot be told."""
    if told.bad:
        return FOUND
    return CANNOT_TELL if told.doubtful else WELL


def _blind(result: Result) -> bool:
    """Whether nothing is expected, or a server or what is expected could not be read."""
    expectations = result.expectations
    if expectations is None or of_expected(expectations) != WELL:
        return True
    return any(observation.unreadable for observation in result.observations)
