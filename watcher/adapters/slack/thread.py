"""The jobs of a large group, listed in the thread of its message and kept up to date there.

Remembers its own replies only while the daemon runs; after a restart a changed list is a new reply,
which rings for nobody, since replies are not broadcast.
"""

import logging
from itertools import zip_longest

from watcher.adapters.slack.client import WebAPI
from watcher.adapters.slack.plan import note, place, rest
from watcher.engine.wording import Message
from watcher.errors import NotifyError

_log = logging.getLogger(__name__)
_NO_MORE = "_No further jobs._"


class ThreadLists:
    """The lists of all messages."""

    def __init__(self, api: WebAPI) -> None:
        self._api = api
        self._told: dict[str, list[tuple[str, str]]] = {}

    def tell(self, message: Message, handle: str) -> None:
        """Make the thread of *handle* say which jobs *message* does not name itself.

        The message is delivered already: what fails here is logged and made good by its next
        change, because to raise would have the message itself sent again.
        """
        texts = rest(message)
        told = self._told.get(handle, [])
        if not texts and not told:
            return
        now: list[tuple[str, str]] = []
        try:
            for old, text in zip_longest(told, texts):
                now.append(self._say(handle, old, text or _NO_MORE))
        except NotifyError as error:
            _log.warning("the list of jobs in a thread is not complete: %s", error)
        self._told[handle] = [*now, *told[len(now) :]]

    def _say(self, handle: str, old: tuple[str, str] | None, text: str) -> tuple[str, str]:
        channel, thread = place(handle) or ("", "")
        if old is None:
            _, ts = self._api.post({**note(text), "channel": channel, "thread_ts": thread})
            return (ts, text)
        ts, before = old
        if text != before:
            self._api.call("chat.update", {**note(text), "channel": channel, "ts": ts})
        return (ts, text)
