"""Pings an address after each good watch, so that somebody notices when there is none any more.

As Healthchecks and its like take it: a GET. The address is a secret.
"""

from typing import Final

from watcher.adapters.http.session import ANSWER_OF_A_RECEIVER, WELL, BoundedSession
from watcher.errors import NotifyError
from watcher.settings import HeartbeatSettings

_TIMEOUT: Final = 10.0


class Heartbeat:
    """One address, which stands in a file."""

    def __init__(self, settings: HeartbeatSettings) -> None:
        self._file = settings.url_file

    def beat(self) -> None:
        """Ping. Raises NotifyError, which never names the address."""
        try:
            url = self._file.read_text(encoding="utf-8").strip()
            sent = {"User-Agent": "watcher"}
            session = BoundedSession(seconds=_TIMEOUT, largest=ANSWER_OF_A_RECEIVER)
            # The body of the answer is not read: it says nothing, and may have no end. A redirect is
            # not followed: another host would get the ping, or a page to log in would take it.
            with (
                session,
                session.get(
                    url, timeout=_TIMEOUT, headers=sent, stream=True, allow_redirects=False
                ) as answer,
            ):
                status = answer.status_code
        except (OSError, ValueError) as fault:
            said = f"{type(fault).__name__}: check heartbeat.url_file and the way there"
        else:
            if status in WELL:
                return
            said = f"HTTP {status}: check the address in heartbeat.url_file"
        raise NotifyError(f"heartbeat: {said}", permanent=False, reason="network")
