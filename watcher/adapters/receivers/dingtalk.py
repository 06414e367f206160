"""Tells a group of DingTalk by its custom robot: one text for each message.

The signature, in the query, is the base64 of the HMAC-SHA256, with the secret as key, of the timestamp
in milliseconds, a line feed and the secret. An answer of status 200 says in ``errcode`` whether the
message was taken.
"""

import base64
import hashlib
import hmac
from typing import Any, Final
from urllib.parse import urlencode

from watcher.adapters.receivers.chat import SignedChat
from watcher.adapters.receivers.chat_text import ChatText, Json, fitting
from watcher.adapters.receivers.failures import Reason
from watcher.engine.wording import Message

_LARGEST: Final = 18_000
"""DingTalk refuses more than 20 KB."""

_CODES: Final = {
    130101: Reason.RATE_LIMITED,
    300001: Reason.CHANNEL,
    300005: Reason.CHANNEL,
    310000: Reason.AUTH,
    400013: Reason.CHANNEL,
    400101: Reason.CHANNEL,
    400102: Reason.CHANNEL,
}
"""Too many; no such robot; wrong signature, address or keyword; no group, no token, a robot that is off."""


class DingTalk(SignedChat):
    """One robot."""

    name = "dingtalk"

    def _post(self, message: Message) -> tuple[str, Json]:
        secret = self._secret()
        return "" if secret is None else self._signature(secret), fitting(message, _body, _LARGEST)

    def _signature(self, secret: str) -> str:
        timestamp = str(int(self._clock().timestamp() * 1000))
        return urlencode({"timestamp": timestamp, "sign": signature(timestamp, secret)})

    @staticmethod
    def _judge(answer: Any) -> tuple[Reason, str] | None:
        code = answer.get("errcode") if isinstance(answer, dict) else None
        if not isinstance(code, int) or isinstance(code, bool):
            return Reason.UNREADABLE, "an answer of something else: check its address"
        if code == 0:
            return None
        return _CODES.get(
            code, Reason.REFUSED
        ), f"errcode {code}: see the robot's security settings"


def signature(timestamp: str, secret: str) -> str:
    """The signature at a moment, before it is written into a query."""
    signed = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _body(text: ChatText) -> Json:
    links = [f"{title}: {url}" for title, url in text.links]
    mark = "RESOLVED" if text.over else text.severity.upper()
    content = "\n".join([f"[{mark}] {text.lines}", *links])
    return {"msgtype": "text", "text": {"content": content}}
