"""Everything that this package raises on purpose.

* WatcherError
  - ConfigError          settings or arguments cannot be used; the command ends with exit code 3
  - SourceUnavailable    something we watch could not be read; it tells nothing of what is there
  - StoreError           the history could not be read or written; the cycle is given up
    - OustedError        the store is another watcher's now; the daemon ends
  - NotifyError          a message was not delivered; ``permanent`` says that it never will be

Adapters raise these from their library's own errors and let none of those out. Every message ends
with what to do.
"""

from watcher.secrecy import without_secrets


class WatcherError(Exception):
    """Base of all errors of this package. Its words hold no secret, whoever they are of."""

    def __init__(self, message: str) -> None:
        super().__init__(without_secrets(message))


class ConfigError(WatcherError):
    """Settings, arguments or a file that the user named cannot be used."""


class SourceUnavailable(WatcherError):  # noqa: N818 -- it is a state of the world, not our fault
    """Something we watch could not be read.

    Not seeing is not the same as seeing nothing: whoever catches this must leave incidents as
    they are. *permission* is the right that would have made it readable, where that is known.
    """

    def __init__(self, source: str, reason: str, *, permission: str | None = None) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = without_secrets(reason)
        self.permission = permission


class StoreError(WatcherError):
    """The history could not be read or written."""


class OustedError(StoreError):
    """The store is no longer this watcher's alone."""


class NotifyError(WatcherError):
    """A message was not delivered.

    *permanent* means that sending the same again cannot succeed (channel gone, token revoked,
    invalid blocks); *reason* is a short code out of a closed set, fit for a metric label;
    *retry_after* is the least number of seconds that the receiver asked us to wait.
    """

    def __init__(
        self, message: str, *, permanent: bool, reason: str, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.reason = reason
        self.retry_after = retry_after
