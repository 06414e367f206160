"""The mutes of the store and of the settings, for the commands that read or change them."""

from contextlib import ExitStack
from pathlib import Path

from watcher.adapters.sql.opening import SqlStore, open_store
from watcher.app import compose, telling
from watcher.app.mutes import Mutes
from watcher.model.mutes import Mute
from watcher.settings import Settings, load


def opened(config: Path | None, stack: ExitStack) -> Mutes:
    """Those that can be changed. A store that is not there is not made."""
    settings = load(config)
    store = stack.enter_context(open_store(settings.store, settings.retention, make=False))
    return of_store(settings, store)


def of_store(settings: Settings, store: SqlStore) -> Mutes:
    """Those of *store* and of *settings*."""
    return Mutes(store=store, windows=telling.windows(settings), clock=compose.clock)


def line(one: Mute) -> str:
    """One mute in one line."""
    match = " ".join(f"{name}={glob}" for name, glob in one.match)
    return f"{one.id}: {match} until {one.until:%Y-%m-%d %H:%M} UTC: {one.reason}"
