"""What became of each job between two moments: before an upgrade, and after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watcher.model.comparison import BADNESS, JobState
from watcher.model.results import Result
from watcher.model.saved import Saved, SavedJob


class Change(StrEnum):
    """What became of a job; the first two are what nobody wants of an upgrade."""

    LOST = "lost"
    WORSE = "worse"
    UNSEEN = "cannot tell"
    RETIRED = "no longer expected"
    NEW = "new"
    BETTER = "better"
    RENAMED = "renamed"


BAD: Final = frozenset({Change.LOST, Change.WORSE})
_ORDER: Final = tuple(Change)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One job that is not as it was. ``before`` is None for a new one, ``after`` for a gone one."""

    change: Change
    before: SavedJob | None
    after: SavedJob | None

    @property
    def job(self) -> SavedJob:
        """It as it is, or as it was last."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 -- one of them is always there
        return found


def saved(result: Result) -> Saved:
    """The jobs of one look, to be kept."""
    expectations = result.expectations
    hidden = expectations is None or any(u.hides for u in expectations.unreadable)
    return Saved(
        at=result.at,
        complete=not hidden and not any(o.unreadable for o in result.observations),
        jobs=tuple(
            SavedJob(
                key=status.job.key,
                prometheus=status.job.prometheus,
                pool=status.pool,
                state=status.state,
                active=status.targets.active,
                up=status.targets.up,
                expected=status.targets.expected,
                ignored=status.job.steering.ignores(result.at),
            )
            for status in result.statuses
        ),
    )


def differences(before: Saved, after: Saved) -> tuple[Difference, ...]:
    """Every job that is not as it was, the worst first. A job that is ignored now is left out.

    A job is known by its key, so that a new pool name is no loss; by its Prometheus and pool where
    another source speaks for it now.
    """
    pairs, new = _paired(before.jobs, after.jobs)
    found = [Difference(change=Change.NEW, before=None, after=job) for job in new]
    for was, now in pairs:
        change = _change(was, now)
        if change is not None:
            found.append(Difference(change=change, before=was, after=now))
    kept = (d for d in found if d.after is None or not d.after.ignored)
    return tuple(sorted(kept, key=lambda d: (_ORDER.index(d.change), d.job.prometheus, d.job.pool)))


def _paired(
    before: Iterable[SavedJob], after: Iterable[SavedJob]
) -> tuple[list[tuple[SavedJob, SavedJob | None]], list[SavedJob]]:
    """Each job of before with itself now, and those that are new."""
    left = {job.key: job for job in after}
    pairs = [(job, left.pop(job.key, None)) for job in before]
    by_pool = {(job.prometheus, job.pool): job.key for job in left.values()}
    found: list[tuple[SavedJob, SavedJob | None]] = []
    for was, now in pairs:
        key = None if now else by_pool.pop((was.prometheus, was.pool), None)
        found.append((was, left.pop(key) if key is not None else now))
    return found, list(left.values())


def _change(was: SavedJob, now: SavedJob | None) -> Change | None:
    if now is None:
        return Change.RETIRED if was.state.lost or was.ignored else Change.LOST
    if JobState.UNKNOWN in {was.state, now.state}:
        return _half_seen(was, now)
    rank, before = _rank(now.state), _rank(was.state)
    if rank > before:
        return Change.LOST if _lost(now.state) and not _lost(was.state) else Change.WORSE
    if rank < before:
        return Change.BETTER
    if not _lost(now.state) and _fewer(was, now):
        return Change.WORSE
    return Change.RENAMED if was.pool != now.pool else None


def _half_seen(was: SavedJob, now: SavedJob) -> Change | None:
    """What is lost now is told, though it may have been so before."""
    if now.state is JobState.UNKNOWN:
        return None if was.state is JobState.UNKNOWN else Change.UNSEEN
    return Change.LOST if now.state.lost else None


def _fewer(was: SavedJob, now: SavedJob) -> bool:
    """Whether fewer targets are up than there were, and than there should be."""
    if was.up is None or now.up is None or now.up >= was.up:
        return False
    return now.expected is None or now.up < now.expected


def _lost(state: JobState) -> bool:
    return state.lost or state is JobState.DORMANT


def _rank(state: JobState) -> int:
    """By how bad it is. Dormant is empty with less history, which an upgrade may take away."""
    return BADNESS.index(JobState.EMPTY if state is JobState.DORMANT else state)
