"""Tells a program of the user's own: one signed POST of JSON for each message.

``X-Watcher-Signature`` is ``sha256=`` and the hexadecimal HMAC-SHA256 of the timestamp, a full stop and
the body, with the secret of the settings; ``X-Watcher-Timestamp`` is in Unix seconds. The same message
sent again has the same ``X-Watcher-Id``.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import Enum

from watcher.adapters.receivers.failures import Reason
from watcher.adapters.receivers.posting import Receiver
from watcher.engine.wording import Message
from watcher.errors import NotifyError
from watcher.model.history import Sent
from watcher.settings import WebhookSettings

SCHEMA = "watcher/v1"


class Webhook:
    """One address."""

    name = "webhook"
    resend: timedelta | None = None

    def __init__(self, settings: WebhookSettings, clock: Callable[[], datetime]) -> None:
        self._receiver = Receiver(self.name, settings.url, settings.http)
        self._secret_file = settings.secret_file
        self._clock = clock

    def notify(self, message: Message, last: Sent | None, *, doubtful: bool = False) -> str:  # noqa: ARG002 -- the receiver knows it again by its id
        """Post *message*; the answer is its id."""
        content = body(message)
        id_ = hashlib.sha256(content).hexdigest()[:32]
        timestamp = str(int(self._clock().timestamp()))
        self._receiver.post(
            content,
            {
                "X-Watcher-Id": id_,
                "X-Watcher-Timestamp": timestamp,
                "X-Watcher-Signature": signature(self._secret(), timestamp, content),
            },
        )
        return id_

    def _secret(self) -> bytes:
        try:
            return self._secret_file.read_bytes().strip()
        except OSError as fault:
            said = f"webhook: webhook.secret_file: {fault.strerror}: let the watcher read it"
        raise NotifyError(said, permanent=True, reason=Reason.AUTH.value)


def signature(secret: bytes, timestamp: str, content: bytes) -> str:
    """The signature of a body sent at a moment."""
    signed = timestamp.encode() + b"." + content
    return f"sha256={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


def body(message: Message) -> bytes:
    """*message* as JSON, the same for equal messages."""
    told = asdict(message)
    told["jobs"] = told.pop("about")
    told["links"] = [{"text": text, "url": url} for text, url in message.links]
    for routing in ("channel", "mention"):
        del told[routing]
    return json.dumps({"schema": SCHEMA, **told}, default=_plain, sort_keys=True).encode()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value.value) if isinstance(value, Enum) else str(value)
