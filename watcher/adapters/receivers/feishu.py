"""Tells a group of Feishu or Lark by its custom robot: one card for each message.

The signature is the base64 of an HMAC-SHA256 of nothing, whose key is the timestamp in seconds, a line
feed and the secret. An answer of status 200 says in ``code`` whether the message was taken.
"""

import base64
import hashlib
import hmac
from typing import Any, Final

from watcher.adapters.receivers.chat import SignedChat
from watcher.adapters.receivers.chat_text import ChatText, Json, fitting
from watcher.adapters.receivers.failures import Reason
from watcher.engine.wording import Message

_LARGEST: Final = 18_000
"""Feishu refuses more than 20 KB."""

_COLOURS: Final = {"resolved": "green", "critical": "red", "warning": "orange"}
_CODES: Final = {
    9499: Reason.CONTENT,
    11232: Reason.RATE_LIMITED,
    19001: Reason.CHANNEL,
    19002: Reason.CONTENT,
    19021: Reason.AUTH,
    19022: Reason.AUTH,
    19024: Reason.AUTH,
}
"""Bad body; too many; no such robot; bad parameters; wrong signature, address or keyword."""


class Feishu(SignedChat):
    """One robot."""

    name = "feishu"

    def _post(self, message: Message) -> tuple[str, Json]:
        body = fitting(message, _body, _LARGEST)
        secret = self._secret()
        return "", body if secret is None else {**body, **self._signature(secret)}

    def _signature(self, secret: str) -> Json:
        timestamp = str(int(self._clock().timestamp()))
        return {"timestamp": timestamp, "sign": signature(timestamp, secret)}

    @staticmethod
    def _judge(answer: Any) -> tuple[Reason, str] | None:
        code = answer.get("code") if isinstance(answer, dict) else None
        if not isinstance(code, int) or isinstance(code, bool):
            return Reason.UNREADABLE, "an answer of something else: check its address"
        if code == 0:
            return None
        return _CODES.get(code, Reason.REFUSED), f"code {code}: see the robot's security settings"


def signature(timestamp: str, secret: str) -> str:
    """The signature at a moment."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


def _body(text: ChatText) -> Json:
    said = [*text.facts, f"Why: {text.why}"]
    steps = [
        "\n".join([f"{number}. {step.do}", *([step.command] if step.command else [])])
        for number, step in enumerate(text.fix, 1)
    ]
    proof = [f"Seen: {line}" for line in text.proof]
    elements = [_div(part) for part in ("\n".join(said), *steps, "\n".join(proof)) if part]
    if text.links:
        elements.append({"tag": "action", "actions": [_button(*link) for link in text.links]})
    title = {"tag": "plain_text", "content": text.title}
    template = _COLOURS.get(text.severity, "blue")
    return {
        "msg_type": "interactive",
        "card": {
            "config": {"wide_screen_mode": True},
            "header": {"title": title, "template": template},
            "elements": elements,
        },
    }


def _div(words: str) -> Json:
    return {"tag": "div", "text": {"tag": "plain_text", "content": words}}


def _button(title: str, url: str) -> Json:
    text = {"tag": "plain_text", "content": title}
    return {"tag": "button", "text": text, "type": "default", "url": url}
