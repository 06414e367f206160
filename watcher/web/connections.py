"""Connections of strangers: those that ask nothing are closed, and their number has a limit."""

import asyncio
import errno
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

logger = logging.getLogger("watcher")

REQUEST_WITHIN: Final = 10.0
"""Seconds within which a client must have said what it asks for."""

MOST: Final = 512
"""Connections at once; one more, and the oldest is closed, which no quick client has."""

SAID_EVERY: Final = 60.0
"""Seconds between two lines in the log about the same."""

_NO_MORE_FILES: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Seldom:
    """A warning that comes once a minute, however often there is cause for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[str, float] = {}

    def warn(self, text: str) -> None:
        """Say it, unless it was said within the last minute."""
        now = self._clock()
        if now - self._said.get(text, -SAID_EVERY) >= SAID_EVERY:
            self._said[text] = now
            logger.warning("web: %s", text)


class _Log(logging.Logger):
    """Uvicorn's log, in which what a stranger does wrong stands seldom."""

    def __init__(self, seldom: Seldom) -> None:
        uvicorn = logging.getLogger("uvicorn.error")
        super().__init__(uvicorn.name)
        self.parent = uvicorn
        self._seldom = seldom

    def warning(self, msg: object, *_: object, **__: object) -> None:
        """Say it seldom."""
        self._seldom.warn(str(msg))


class Connection(H11Protocol):
    """A connection on which requests must come in time."""

    def __init__(self, *arguments: Any, seldom: Seldom, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._seldom = seldom
        self.logger = _Log(seldom)
        self.made_at = 0.0
        self._impatience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, and close the oldest connection where there are too many."""
        super().connection_made(transport)
        self.made_at = self.loop.time()
        self._wait_for_request()
        ours = [each for each in self.connections if isinstance(each, Connection)]
        if len(ours) > MOST:
            self._seldom.warn(f"more than {MOST} connections: the oldest is closed for each more")
            min(ours, key=lambda each: each.made_at).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A request that is begun must be whole in time too."""
        super().data_received(data)
        self._wait_for_request()

    def send_400_response(self, msg: str) -> None:
        """Answer one who continues against the rules; the request that is in hand needs no answer then."""
        if self._is_asked():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        super().send_400_response(msg)

    def _wait_for_request(self) -> None:
        if self._is_asked():
            self._stop_waiting()
        elif self._impatience is None:
            self._impatience = self.loop.call_later(REQUEST_WITHIN, self._close)

    def _is_asked(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # which is None before the first request
        return cycle is not None and not cycle.response_complete

    def _stop_waiting(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _close(self) -> None:
        if not self._is_asked():
            self.transport.abort()


def say_seldom(loop: asyncio.AbstractEventLoop, seldom: Seldom) -> None:
    """Let *loop* say once a minute that the process may open no more files, not for each try."""

    def failed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _NO_MORE_FILES:
            seldom.warn(
                f"no connection can be taken: {error.strerror}: raise the limit (ulimit -n)"
            )
        elif not _takes_up_what_was_closed(error):
            loop.default_exception_handler(context)

    loop.set_exception_handler(failed)


def _takes_up_what_was_closed(error: object) -> bool:
    """Whether asyncio would listen again on a socket that the end of the server has closed meanwhile.

    It does so a second after it could take no connection (CPython 3.11 to 3.14, selector_events.py).
    """
    return isinstance(error, ValueError) and str(error) == "Invalid file descriptor: -1"
