"""Slack by a bot token: the full way, which can edit, answer in threads and send files."""

import logging
from typing import Final

from watcher.adapters.receivers.failures import Reason
from watcher.adapters.slack.blocks import Payload, compose
from watcher.adapters.slack.client import WebAPI
from watcher.adapters.slack.doubts import replied, standing
from watcher.adapters.slack.plan import Act, acts, comment_note, place, reply
from watcher.adapters.slack.text import paragraph
from watcher.adapters.slack.thread import ThreadLists
from watcher.engine.wording import Message
from watcher.errors import NotifyError
from watcher.model.history import Sent

_log = logging.getLogger(__name__)
_GONE: Final = frozenset({Reason.MESSAGE_GONE.value, Reason.CHANNEL.value})


class Bot:
    """A channel, by its id or ``#name``. Every method raises NotifyError."""

    def __init__(self, api: WebAPI, channel: str) -> None:
        self._api = api
        self._channel = channel
        self._id = channel if channel[:1] in {"C", "G", "D"} and channel.isalnum() else None
        self._lists = ThreadLists(api)

    def notify(self, message: Message, last: Sent | None, *, doubtful: bool) -> str:
        """Do what ``slack_plan`` says; a message that cannot be edited any more is posted again."""
        if doubtful:
            last = self._found(message, last)
        handle = last.handle if last is not None else ""
        for act in acts(message, last):
            try:
                handle = self._do(act, message, handle, doubtful=doubtful)
            except NotifyError as error:
                if act is Act.POST or error.reason not in _GONE:
                    raise
                handle = self._do(Act.POST, message, "", doubtful=False)
                break
        self._lists.tell(message, handle)
        return handle

    def upload(self, name: str, content: bytes, title: str, comment: str) -> str:
        """Send a file, or its comment alone where the app may not send files."""
        handle = ""
        try:
            if self._id is None:
                # Only a posted message tells the id of a channel that is set by its name.
                handle = self._post(comment_note(comment), self._channel)
                channel, ts = place(handle) or ("", "")
                self._api.upload(name, content, title=title, channel=channel, thread_ts=ts)
            else:
                said = paragraph(comment, 2_900)
                self._api.upload(name, content, title=title, channel=self._id, initial_comment=said)
        except NotifyError as error:
            if error.reason != Reason.SCOPE:
                raise
            _log.warning("%s", error)
            return self._comment_alone(comment, handle)
        return handle

    def _comment_alone(self, comment: str, handle: str) -> str:
        note = comment_note(comment, "the app lacks the scope files:write.")
        channel, ts = place(handle) or ("", "")
        if not channel:
            return self._post(note, self._channel)
        self._api.call("chat.update", {**note, "channel": channel, "ts": ts})
        return handle

    def _found(self, message: Message, last: Sent | None) -> Sent | None:
        """What was delivered before: *last*, or what a try whose outcome was lost has posted."""
        if acts(message, last) != (Act.POST,):
            return last
        channel = message.channel or self._id or self._channel
        found = standing(self._api, message, channel)
        if found is None:
            return last
        handle = f"{channel}/{found.ts}"
        return Sent(status=found.status, cause=None, at=message.starts_at, handle=handle)

    def _do(self, act: Act, message: Message, handle: str, *, doubtful: bool) -> str:
        channel, ts = place(handle) or ("", "")
        match act:
            case Act.POST:
                return self._post(compose(message), message.channel or self._channel)
            case Act.EDIT:
                self._edit(message, channel, ts)
            case Act.REPLY:
                answer = reply(message)
                if not (doubtful and replied(self._api, answer["metadata"], channel, ts)):
                    self._post({**answer, "thread_ts": ts}, channel)
        return handle

    def _edit(self, message: Message, channel: str, ts: str) -> None:
        self._api.call("chat.update", {**compose(message), "channel": channel, "ts": ts})

    def _post(self, payload: Payload, channel: str) -> str:
        found, ts = self._api.post({**payload, "channel": channel})
        if channel == self._channel:
            self._id = found
        return f"{found}/{ts}"
