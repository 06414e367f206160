"""The snapshot cycle: read what should be scraped, merge it with what is remembered, keep it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.engine.mass_loss import mass_losses
from watcher.engine.merge import Keeping, combined, remember
from watcher.engine.pins import with_pins
from watcher.errors import SourceUnavailable
from watcher.model.expectations import Expectations, Pin, Unreadable
from watcher.model.facts import MountRecord
from watcher.ports import ExpectationSource, Store, Supplement


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A snapshot: the merged expectations and the mounts seen beside them."""

    expectations: Expectations
    mounts: tuple[MountRecord, ...] = ()
    mass_loss: bool = False

    def __str__(self) -> str:
        """The line for the log."""
        jobs = self.expectations.jobs
        gone = sum(job.gone_since is not None for job in jobs)
        parts = [f"{len(jobs)} jobs expected of {len(self.expectations.prometheuses)} Prometheus"]
        if gone:
            parts.append(f"{gone} that nobody asks for any more")
        if self.mass_loss:
            parts.append("too many at once to be believed: none is forgotten by age")
        parts += [f"could not read {u.source}: {u.error}" for u in self.expectations.unreadable]
        return "; ".join(parts)


def take(
    sources: Sequence[ExpectationSource],
    pins: Sequence[Pin],
    before: Expectations | None,
    keeping: Keeping,
    now: datetime,
    supplement: Supplement | None = None,
) -> Taken:
    """Read every source, then the *supplement*, and merge it with *before*.

    Never raises for what a source does.
    """
    found: list[Expectations] = []
    mounts: list[MountRecord] = []
    for source in sources:
        try:
            found.append(source.snapshot(now))
            mounts += source.mounts(now)
        except SourceUnavailable as error:
            found.append(_nothing_known(error, now))
    fresh = combined(found) if found else Expectations(taken_at=now)
    if supplement is not None:
        fresh = combined((fresh, supplement.beside(fresh, now)))
    if fresh.nodes is None and before is not None:
        fresh = replace(fresh, nodes=before.nodes)
    merged = remember(before, with_pins(fresh, pins), keeping=keeping, now=now)
    return Taken(
        expectations=merged,
        mounts=tuple(mounts),
        mass_loss=bool(mass_losses(merged.jobs, merged.unserved, keeping.mass_loss)),
    )


def _nothing_known(error: SourceUnavailable, now: datetime) -> Expectations:
    """An unreadable source hides all that it would have told, so that nothing of it is gone."""
    unreadable = Unreadable(
        source=error.source,
        error=error.reason,
        permission=error.permission,
        hides=("Prometheus", "Pod"),
    )
    return Expectations(taken_at=now, unreadable=(unreadable,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Reads what should be scraped, and keeps it."""

    sources: Sequence[ExpectationSource]
    pins: Sequence[Pin]
    store: Store
    keeping: Keeping
    clock: Callable[[], datetime]
    supplement: Supplement | None = None

    def run(self) -> Taken:
        """Run once."""
        now = self.clock()
        before = self.store.expectations()
        taken = take(self.sources, self.pins, before, self.keeping, now, self.supplement)
        self.store.keep(taken.expectations, taken.mounts)
        return taken
