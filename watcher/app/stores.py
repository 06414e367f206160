"""Open the store of the settings: its SQL is imported only by who needs it."""

from contextlib import ExitStack

from watcher.adapters.sql.opening import SqlStore, open_store
from watcher.app.compose import clock
from watcher.cycles.accept import Accept
from watcher.settings import Settings


def reading_store(settings: Settings, stack: ExitStack) -> SqlStore:
    """The store, to be read only; one that is not there yet reads as empty."""
    return stack.enter_context(open_store(settings.store, settings.retention, read_only=True))


def accepting(settings: Settings, stack: ExitStack) -> Accept:
    """Accepts removals in the store. A store that nobody has filled yet is not made for it.

    Raises StoreError where nothing is remembered.
    """
    store = reading_store(settings, stack)
    if store.expectations() is not None:
        store = stack.enter_context(open_store(settings.store, settings.retention))
    return Accept(store=store, clock=clock)
