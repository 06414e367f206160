"""Messages of which it is not known whether Slack took them: its answer was lost, or we were killed.

Before such a message is sent again, it is looked for in the channel by our own id in its metadata.
That takes a scope for reading (``channels:history``, ``groups:history``) which the app need not
have; without it the message is sent again, since once too often is better than never.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from watcher.adapters.receivers.failures import Reason
from watcher.adapters.slack.blocks import Payload, metadata
from watcher.adapters.slack.client import WebAPI
from watcher.engine.announce import Reason as Why
from watcher.engine.wording import Message
from watcher.errors import NotifyError
from watcher.model.incidents import Status

_PAGE: Final = 200
_PAGES: Final = 10
"""So many pages are looked through, so that a message is found after hours of a busy channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A message of ours that stands in the channel, with the status that it tells."""

    ts: str
    status: Status


def standing(api: WebAPI, message: Message, channel: str) -> Standing | None:
    """The message about the same problem in *channel*, None when it is not there.

    None too where the app may not read there. Raises NotifyError when it could not just now.
    """
    for each in _read(api, "conversations.history", channel):
        payload = _payload(each)
        if payload.get("subject") == metadata(message)["event_payload"]["subject"]:
            if each.get("thread_ts") not in {None, each["ts"]}:
                continue
            if payload.get("status") in list(Status):
                return Standing(ts=str(each["ts"]), status=Status(payload["status"]))
    return None


def replied(api: WebAPI, wanted: Payload, channel: str, thread: str) -> bool:
    """Whether a reply of this metadata stands in *thread*; False where it cannot be read.

    A reminder is never found: those before it look the same.
    """
    if wanted["event_payload"]["reason"] == Why.REPEAT:
        return False
    return any(
        each["ts"] != thread and _payload(each) == wanted["event_payload"]
        for each in _read(api, "conversations.replies", channel, ts=thread)
    )


def _read(api: WebAPI, method: str, channel: str, **more: str) -> Iterator[dict[str, Any]]:
    """The messages, page by page as Slack gives them; none where the app may not read."""
    query = {"channel": channel, "limit": _PAGE, "include_all_metadata": True, **more}
    for _ in range(_PAGES):
        try:
            answer = api.call(method, query)
        except NotifyError as error:
            if error.permanent or error.reason == Reason.REFUSED:
                return
            raise
        found = answer.get("messages")
        messages = map(_mapping, found if isinstance(found, list) else ())
        yield from (each for each in messages if isinstance(each.get("ts"), str))
        query["cursor"] = _mapping(answer.get("response_metadata")).get("next_cursor", "")
        if not query["cursor"]:
            return


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    return _mapping(_mapping(message.get("metadata")).get("event_payload"))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
