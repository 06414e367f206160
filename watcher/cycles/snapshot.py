"""The snapshot cycle: read what should be scraped, merge it with what is remembered, keep it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from watcher.cycles import unforeseen
from watcher.engine.elsewhere import without_elsewhere
from watcher.engine.mass_loss import mass_losses
from watcher.engine.matching import Match
from watcher.engine.merge import Keeping, combined, remember
from watcher.engine.pins import united, with_pins
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
        jobs = united(self.expectations.jobs)
        gone = sum(job.gone_since is not None for job in jobs)
        parts = [f"{len(jobs)} jobs expected of {len(self.expectations.prometheuses)} Prometheus"]
        if gone:
            parts.append(f"{gone} no longer declared")
        if self.mass_loss:
            parts.append("too many at once to be believed: none is forgotten by age")
        parts += [f"could not read {u.source}: {u.error}" for u in self.expectations.unreadable]
        return "; ".join(parts)


@dataclass(slots=True, kw_only=True)
class Reader:
    """Reads every source, then the *supplement*, and merges them with what was expected before.

    It remembers what each said last, so that what changed can be followed between snapshots. Never
    raises for what a source does.
    """

    sources: Sequence[ExpectationSource]
    pins: Sequence[Pin]
    elsewhere: Sequence[Match] = ()
    """Which monitors other collectors take."""
    keeping: Keeping
    supplement: Supplement | None = None
    _said: dict[str, Expectations] = field(default_factory=dict, init=False)
    _mounts: dict[str, tuple[MountRecord, ...]] = field(default_factory=dict, init=False)
    _beside: Expectations | None = field(default=None, init=False)

    def whole(self, before: Expectations | None, now: datetime) -> Taken:
        """Read everything."""
        self._said, self._mounts = {}, {}
        for source in self.sources:
            try:
                self._said[source.name] = source.snapshot(now)
                self._mounts[source.name] = tuple(source.mounts(now))
            except Exception as error:  # noqa: BLE001 -- whatever it does, the others are read
                self._said[source.name] = _nothing_known(source.name, error, now)
        self._ask_beside(now)
        return self._merged(before, now)

    def changed(self, before: Expectations | None, now: datetime) -> Taken | None:
        """Read what changed since; None where nothing did.

        The supplement is asked again only while it could not be read.
        """
        if not self._said:
            return self.whole(before, now)
        differs = [self._follow(source, now) for source in self.sources]
        if self._beside is not None and self._beside.unreadable:
            earlier = self._beside
            self._ask_beside(now)
            differs.append(not _same(self._beside, earlier))
        return self._merged(before, now) if any(differs) else None

    def _follow(self, source: ExpectationSource, now: datetime) -> bool:
        """Whether *source* says something else than the last time."""
        said, mounts = self._said[source.name], self._mounts.get(source.name, ())
        try:
            found = source.changed(now)
            if found is None:
                return False
            seen = tuple(source.mounts(now))
        except Exception as error:  # noqa: BLE001 -- whatever it does, the others are read
            found, seen = _nothing_known(source.name, error, now), mounts
        self._said[source.name], self._mounts[source.name] = found, seen
        return not (_same(found, said) and _undated(seen, now) == _undated(mounts, now))

    def _ask_beside(self, now: datetime) -> None:
        if self.supplement is None:
            return
        try:
            self._beside = self.supplement.beside(_combined(self._said.values(), now), now)
        except Exception as error:  # noqa: BLE001 -- what is declared does not need it
            self._beside = _nothing_known("running configuration", error, now)

    def _merged(self, before: Expectations | None, now: datetime) -> Taken:
        beside = () if self._beside is None else (self._beside,)
        fresh = replace(_combined((*self._said.values(), *beside), now), taken_at=now)
        if fresh.nodes is None and before is not None:
            fresh = replace(fresh, nodes=before.nodes)
        merged = remember(
            before,
            with_pins(without_elsewhere(fresh, self.elsewhere), self.pins),
            keeping=self.keeping,
            now=now,
        )
        return Taken(
            expectations=merged,
            mounts=tuple(mount for mounts in self._mounts.values() for mount in mounts),
            mass_loss=bool(mass_losses(merged.jobs, merged.unserved, self.keeping.mass_loss)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Reads what should be scraped, and keeps it."""

    reader: Reader
    store: Store
    clock: Callable[[], datetime]

    def run(self) -> Taken:
        """Read everything once."""
        taken = self.reader.whole(self.store.expectations(), self.clock())
        self.store.keep(taken.expectations, taken.mounts)
        return taken

    def follow(self) -> Taken | None:
        """Read what changed since the last time, and keep it; None where nothing did."""
        taken = self.reader.changed(self.store.expectations(), self.clock())
        if taken is not None:
            self.store.keep(taken.expectations, taken.mounts)
        return taken


def _combined(found: Iterable[Expectations], now: datetime) -> Expectations:
    said = tuple(found)
    return combined(said) if said else Expectations(taken_at=now)


def _same(found: Expectations, earlier: Expectations) -> bool:
    return replace(found, taken_at=earlier.taken_at) == earlier


def _undated(mounts: Iterable[MountRecord], now: datetime) -> tuple[MountRecord, ...]:
    return tuple(replace(mount, first_seen_at=now, last_seen_at=now) for mount in mounts)


def _nothing_known(source: str, error: Exception, now: datetime) -> Expectations:
    """An unreadable source hides all that it would have told, so that nothing of it is gone."""
    if not isinstance(error, SourceUnavailable):
        unforeseen.write("reading a source", error, of=source)
        what = f"its answer could not be understood ({type(error).__name__}); see the log"
        error = SourceUnavailable(source, what)
    unreadable = Unreadable(
        source=error.source,
        error=error.reason,
        permission=error.permission,
        hides=("Prometheus", "Pod"),
    )
    return Expectations(taken_at=now, unreadable=(unreadable,))
