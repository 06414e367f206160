"""Mutes that people make: listed, made, ended. Those of the settings are listed beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from watcher.engine.muting import a_mute
from watcher.errors import ConfigError
from watcher.model.mutes import Mute
from watcher.ports import Store

_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutes:
    """What is muted. *windows* are those of the settings, which only the settings change."""

    store: Store
    windows: Callable[[datetime, datetime], Sequence[Mute]]
    clock: Callable[[], datetime]

    def listed(self) -> Sequence[Mute]:
        """Those in force, the one that ends first first."""
        now = self.clock()
        held = (*self.store.mutes(now, now + _MOMENT), *self.windows(now, now + _MOMENT))
        return tuple(sorted(held, key=lambda mute: (mute.until, mute.id)))

    def make(self, match: Mapping[str, str], lasts: timedelta, reason: str) -> Mute:
        """Mute from now on. Raises ConfigError for one that says too little."""
        made = a_mute(match, lasts, reason, self.clock())
        self.store.mute(made)
        return made

    def end(self, id_: str) -> Mute:
        """End one that is ongoing. Raises ConfigError where there is none of this id."""
        now = self.clock()
        for mute in self.store.mutes(now, now + _MOMENT):
            if mute.id == id_:
                ended = replace(mute, until=now)
                self.store.mute(ended)
                return ended
        raise ConfigError(
            f"{id_} is no ongoing mute: `watcher mutes` lists them; those of the settings end there"
        )
