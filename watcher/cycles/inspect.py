"""The inspection cycle: sum up the last stretch of history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.engine.inspection import inspect
from watcher.model.inspections import Inspection
from watcher.model.mutes import Mute
from watcher.model.results import Audit
from watcher.ports import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect:
    """Sums up history. *audit* says what is at risk now, *windows* what the settings mute."""

    store: Store
    watch_interval: timedelta
    audit: Callable[[], Audit]
    windows: Callable[[datetime, datetime], Sequence[Mute]]
    clock: Callable[[], datetime]

    def over(self, stretch: timedelta) -> Inspection:
        """The inspection of the last *stretch*."""
        until = self.clock()
        since = until - stretch
        return inspect(
            since=since,
            until=until,
            incidents=self.store.incidents(since, until),
            watches=self.store.watches(since, until),
            spells=self.store.blind_spells(since, until),
            risks=self.audit().risks,
            watch_interval=self.watch_interval,
            first_watch=self.store.first_watch(),
            mutes=(*self.store.mutes(since, until), *self.windows(since, until)),
        )
