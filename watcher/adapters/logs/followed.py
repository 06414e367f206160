"""Follows the log of one server, from wherever it comes, and keeps what concerns scraping."""

from collections.abc import Callable
from datetime import datetime

from watcher.adapters.wording.log_lines import Log
from watcher.errors import SourceUnavailable
from watcher.model.facts import Availability, Known, LogLine, Unavailable
from watcher.model.names import ServerName


class FollowedLog:
    """A log that is read on at each call.

    *read* gives the text since a moment (all of it for None); that it gives a bit too much does no
    harm, since a line counts once. *previous* gives the log of the container before this one, and
    is asked once. Both may raise SourceUnavailable.
    """

    def __init__(
        self,
        server: ServerName,
        read: Callable[[datetime | None], str],
        previous: Callable[[], str] | None = None,
    ) -> None:
        self._log = Log(server)
        self._read = read
        self._previous = previous

    def lines(self) -> Availability[tuple[LogLine, ...]]:
        """What the log has told of scraping up to now, or why it cannot be read."""
        if self._previous is not None:
            self._take_previous(self._previous)
        try:
            self._log.take(self._read(self._log.last_at))
        except SourceUnavailable as error:
            return Unavailable(str(error), error.permission)
        return Known(self._log.lines())

    def _take_previous(self, previous: Callable[[], str]) -> None:
        self._previous = None
        try:
            self._log.take(previous())
        except SourceUnavailable:
            return  # mostly there is none: the container never ended before
