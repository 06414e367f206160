"""What the robots of chats have in common: an address in a file, and messages that nobody can edit.

What changes without noise elsewhere is not sent at all. A robot may say in the body of an answer of
status 200 that it took nothing.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from watcher import files
from watcher.adapters.receivers.chat_text import Json, encoded
from watcher.adapters.receivers.failures import Reason
from watcher.adapters.receivers.posting import Judge, Receiver
from watcher.engine.announce import Reason as Why
from watcher.engine.wording import Message
from watcher.errors import NotifyError
from watcher.model.history import Sent
from watcher.model.incidents import Status
from watcher.settings import ChatSettings, SignedChatSettings, address

_KEPT: Final = 32


class Chat(ABC):
    """One robot. Its address and its secret are read again for each message, so that they may change."""

    name: str
    resend: timedelta | None = None

    def __init__(self, settings: ChatSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock

    def notify(self, message: Message, last: Sent | None, *, doubtful: bool = False) -> str:  # noqa: ARG002 -- what was sent cannot be looked up
        """Post *message*; the answer tells it from others."""
        ongoing = last is not None and last.status is not Status.RESOLVED and last.handle
        if ongoing and message.reason == Why.CHANGED:
            return last.handle if last is not None else ""
        query, body = self._post(message)
        self._send(query, encoded(body))
        return hashlib.sha256(message.subject.encode()).hexdigest()[:_KEPT]

    @abstractmethod
    def _post(self, message: Message) -> tuple[str, Json]:
        """What is added to the query of the address, and the body."""

    _judge: Judge | None = None
    """What the body of an answer says; None where only its status counts."""

    def _send(self, query: str, body: bytes) -> None:
        url = self._line_of(self._settings.url_file, "url_file")
        try:
            if not url.startswith(("http://", "https://")):
                raise ValueError  # noqa: TRY301 -- as the next line does
            address(url)
        except ValueError:
            wrong = True
        else:
            wrong = False
        if wrong:
            raise self._error("url_file", "it holds no address: write the robot's into it")
        full = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
        with closing(Receiver(self.name, full, self._settings.http)) as receiver:
            receiver.post(body, judge=self._judge)

    def _line_of(self, file: Path, name: str) -> str:
        try:
            return files.read_text(file).strip()
        except (OSError, UnicodeDecodeError) as fault:
            said = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise self._error(name, f"{said}: let the watcher read it")

    def _error(self, name: str, said: str) -> NotifyError:
        return NotifyError(
            f"{self.name}: {self.name}.{name}: {said}", permanent=True, reason=Reason.AUTH.value
        )


class SignedChat(Chat):
    """A robot that may want its messages signed."""

    _settings: SignedChatSettings

    def _secret(self) -> str | None:
        file = self._settings.secret_file
        return None if file is None else self._line_of(file, "secret_file")
