"""Each receiver has a lane of its own, so that a slow one holds up neither the watch nor the others.

The store is the queue: a receiver whose round is still in flight is left out of the next one, and
what it is owed then is read from the store again.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from watcher.errors import WatcherError

logger = logging.getLogger(__name__)

_PATIENCE: Final = 1.0
"""Seconds that a watch waits for its rounds, so that what failed is shown with this watch."""


class Lanes(Protocol):
    """Run rounds by the name of their receiver, never two of one receiver at once."""

    ending: bool
    """Whether a round is to end after the message that it is sending."""

    def busy(self) -> frozenset[str]:
        """The receivers whose round is still in flight."""
        ...

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Run a round; nothing where one of that name is in flight."""
        ...

    def wait(self, names: Iterable[str], seconds: float = _PATIENCE) -> None:
        """Wait for the rounds of *names* that are in flight, so long at most."""
        ...


class InTurn:
    """One after the other, in the caller's thread: everything is done when ``start`` returns."""

    ending: bool = False

    def busy(self) -> frozenset[str]:
        """No round is ever in flight."""
        return frozenset()

    def start(self, name: str, work: Callable[[], None]) -> None:  # noqa: ARG002 -- there is one thread
        """Run it now. Raises what *work* raises."""
        work()

    def wait(self, names: Iterable[str], seconds: float = _PATIENCE) -> None:
        """There is nothing to wait for."""


class Beside:
    """Each in a thread of its own, which ends with its round and does not keep the process alive."""

    ending: bool = False

    def __init__(self) -> None:
        self._threads: dict[str, threading.Thread] = {}

    def busy(self) -> frozenset[str]:
        """The names of what is in flight."""
        return frozenset(name for name, thread in self._threads.items() if thread.is_alive())

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Run it in its thread; what it raises is logged."""
        if name in self.busy() or self.ending:
            return
        thread = threading.Thread(target=_logged, args=(name, work), name=name, daemon=True)
        self._threads[name] = thread
        thread.start()

    def wait(self, names: Iterable[str], seconds: float = _PATIENCE) -> None:
        """Wait for these."""
        end = time.monotonic() + seconds
        for name in names:
            if (thread := self._threads.get(name)) is not None:
                thread.join(max(0.0, end - time.monotonic()))


def _logged(name: str, work: Callable[[], None]) -> None:
    try:
        work()
    except WatcherError as error:
        logger.error("%s: %s", name, error)  # noqa: TRY400 -- an expected error needs no trace
    except Exception:
        logger.exception("%s: unexpected error; please report it with this trace", name)
