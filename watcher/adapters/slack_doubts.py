"""Messages of which it is not known whether Slack took them, because its answer was lost.

Before such a message is sent again, it is looked for in the channel by our own id in its metadata.
That takes a scope for reading (``channels:history``, ``groups:history``) which the app need not
have; without it the message is sent again, since once too often is better than never. Remembers
only while the daemon runs.
"""

from typing import Any, Final

from watcher.adapters.slack_blocks import metadata
from watcher.adapters.slack_client import WebAPI
from watcher.adapters.slack_errors import Reason
from watcher.engine.wording import Message
from watcher.errors import NotifyError

_UNCLEAR: Final = frozenset({Reason.SERVER, Reason.TIMEOUT, Reason.NETWORK, Reason.UNREADABLE})
_LOOK_BACK: Final = 200


class Doubts:
    """What may or may not have been posted, each as thread (empty: channel) and message id."""

    def __init__(self, api: WebAPI) -> None:
        self._api = api
        self._open: set[tuple[str, str]] = set()

    def note(self, message: Message, thread: str, error: NotifyError) -> None:
        """Remember *message* as doubtful, if *error* leaves open whether it was taken."""
        if error.reason in _UNCLEAR:
            self._open.add((thread, _id(message)))

    def posted(self, message: Message, channel: str, thread: str) -> str | None:
        """The ts of *message*, None when it is not there or cannot be looked for.

        Raises NotifyError when it could not be looked for just now.
        """
        doubt = (thread, _id(message))
        if doubt not in self._open:
            return None
        try:
            ts = self._find(message, channel, thread)
        except NotifyError as error:
            if not error.permanent and error.reason != Reason.REFUSED:
                raise
            ts = None
        self._open.discard(doubt)
        return ts

    def _find(self, message: Message, channel: str, thread: str) -> str | None:
        query: dict[str, Any] = {"channel": channel, "limit": _LOOK_BACK}
        query["include_all_metadata"] = True
        if thread:
            answer = self._api.call("conversations.replies", {**query, "ts": thread})
        else:
            answer = self._api.call("conversations.history", query)
        wanted = metadata(message)["event_payload"]
        for each in answer.get("messages") or ():
            in_thread = each.get("thread_ts") not in {None, each["ts"]}
            found = (each.get("metadata") or {}).get("event_payload")
            if found == wanted and in_thread == bool(thread):
                return str(each["ts"])
        return None


def _id(message: Message) -> str:
    payload = metadata(message)["event_payload"]
    return f"{payload['subject']} {payload['status']}"
