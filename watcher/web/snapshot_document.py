"""The file of ``watcher snapshot save`` and the JSON of ``watcher snapshot diff``."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from watcher import decoding
from watcher.engine.difference import BAD, Change, Difference
from watcher.errors import ConfigError
from watcher.model.comparison import JobState
from watcher.model.names import JobKey, PoolName, PrometheusName
from watcher.model.saved import Saved, SavedJob
from watcher.web import markdown as markdown_of
from watcher.web import parts, shapes
from watcher.web.document import as_json
from watcher.web.shapes import Moment, Schema, Shape


class SavedJobShape(Shape, frozen=True, kw_only=True):
    """One expected job; ``key`` is its identity, whatever its pool is called."""

    key: str
    prometheus: str
    pool: str
    state: JobState
    active: int | None
    up: int | None
    expected: int | None
    ignored: bool


class SnapshotDocument(Shape, frozen=True, kw_only=True):
    """What ``watcher snapshot save`` writes. ``complete``: everything could be read."""

    schema: Schema
    at: Moment
    complete: bool
    snapshot: tuple[SavedJobShape, ...]


class SideShape(Shape, frozen=True, kw_only=True):
    """A job on one side of a difference."""

    pool: str
    state: JobState
    active: int | None
    up: int | None
    expected: int | None


class DifferenceShape(Shape, frozen=True, kw_only=True):
    """One job that is not as it was; ``before`` is null for a new one, ``after`` for a gone one."""

    prometheus: str
    pool: str
    change: Change
    before: SideShape | None
    after: SideShape | None


class DifferenceDocument(Shape, frozen=True, kw_only=True):
    """What ``watcher snapshot diff --format json`` answers."""

    schema: Schema
    before: Moment
    after: Moment
    complete: bool
    differences: tuple[DifferenceShape, ...]
    jobs: int
    counts: Mapping[str, int]

    @property
    def bad(self) -> bool:
        """Whether a job was lost or is worse."""
        return any(one.change in BAD for one in self.differences)

    @property
    def doubtful(self) -> bool:
        """Whether something cannot be told."""
        return not self.complete or any(d.change is Change.UNSEEN for d in self.differences)


def as_file(saved: Saved) -> str:
    """The text of the file."""
    told = SnapshotDocument(
        schema=shapes.SCHEMA,
        at=parts.moment(saved.at),
        complete=saved.complete,
        snapshot=tuple(
            SavedJobShape(
                key=job.key,
                prometheus=job.prometheus,
                pool=job.pool,
                state=job.state,
                active=job.active,
                up=job.up,
                expected=job.expected,
                ignored=job.ignored,
            )
            for job in saved.jobs
        ),
    )
    return as_json(told, indent=2).decode() + "\n"


def of_file(text: str, place: str) -> Saved:
    """The snapshot out of its file; raises ConfigError, which names *place*, for another file."""
    try:
        told = decoding.decode(text, SnapshotDocument)
    except msgspec.MsgspecError as error:
        raise ConfigError(
            f"{place}: no snapshot of this watcher: {error}; write one with `watcher snapshot save`"
        ) from None
    return Saved(
        at=told.at,
        complete=told.complete,
        jobs=tuple(
            SavedJob(
                key=JobKey(job.key),
                prometheus=PrometheusName(job.prometheus),
                pool=PoolName(job.pool),
                state=job.state,
                active=job.active,
                up=job.up,
                expected=job.expected,
                ignored=job.ignored,
            )
            for job in told.snapshot
        ),
    )


def difference_document(
    before: Saved, after: Saved, found: Sequence[Difference]
) -> DifferenceDocument:
    """*found* between the two, with the number of each change."""
    counts = {change.value: sum(d.change is change for d in found) for change in Change}
    return DifferenceDocument(
        schema=shapes.SCHEMA,
        before=parts.moment(before.at),
        after=parts.moment(after.at),
        complete=before.complete and after.complete,
        differences=tuple(map(_difference, found)),
        jobs=len(after.jobs),
        counts=counts,
    )


def markdown(told: DifferenceDocument) -> str:
    """The difference for a change ticket."""
    lines = [
        "# Scrape jobs before and after",
        "",
        f"Before: {told.before:{_TIME}}. After: {told.after:{_TIME}}. {sentence(told)}",
    ]
    if not told.complete:
        lines += ["", "**Not everything could be read, so this may be less than the truth.**"]
    if told.differences:
        lines += ["", "| change | Prometheus | job | before | after |", "|---|---|---|---|---|"]
    for one in told.differences:
        job = markdown_of.code(one.pool)
        lines.append(
            markdown_of.row(one.change.value, one.prometheus, job, before(one), after(one))
        )
    return "\n".join(lines) + "\n"


def sentence(told: DifferenceDocument) -> str:
    """All numbers in one sentence."""
    counts = [
        f"{told.counts[change.value]} {change.value}" for change in (Change.LOST, Change.WORSE)
    ]
    counts += [
        f"{number} {name}"
        for name, number in told.counts.items()
        if number and name not in {Change.LOST.value, Change.WORSE.value}
    ]
    return f"{told.jobs} jobs: {', '.join(counts)}."


def before(one: DifferenceShape) -> str:
    """How the job was, in a few words."""
    if one.before is None:
        return "not expected"
    renamed = one.after is not None and one.after.pool != one.before.pool
    return _side(one.before) + (f" as {one.before.pool}" if renamed else "")


def after(one: DifferenceShape) -> str:
    """How the job is, in a few words."""
    return "nobody expects it" if one.after is None else _side(one.after)


_TIME: Final = "%Y-%m-%d %H:%M:%S UTC"


def _side(side: SideShape) -> str:
    if side.active is None:
        return side.state.value
    up = "?" if side.up is None else str(side.up)
    wanted = "" if side.expected is None else f", {side.expected} expected"
    return f"{side.state.value} ({up} of {side.active} targets up{wanted})"


def _difference(found: Difference) -> DifferenceShape:
    return DifferenceShape(
        prometheus=found.job.prometheus,
        pool=found.job.pool,
        change=found.change,
        before=_shape(found.before),
        after=_shape(found.after),
    )


def _shape(job: SavedJob | None) -> SideShape | None:
    if job is None:
        return None
    return SideShape(
        pool=job.pool, state=job.state, active=job.active, up=job.up, expected=job.expected
    )
