"""Tells a Slack channel: one living message per problem, at least once, edited in place.

Does not retry and does not sleep: it raises NotifyError, and the next cycle tries again. How things
look is ``slack_blocks``, what is to be done is ``slack_plan``, the wire is ``slack_client``.
"""

import logging
from typing import Final

from watcher.adapters.slack_blocks import Payload, compose
from watcher.adapters.slack_client import WebAPI, Webhook
from watcher.adapters.slack_errors import Reason
from watcher.adapters.slack_plan import Act, acts, hook_handle, note, place, reply
from watcher.adapters.slack_text import paragraph
from watcher.adapters.slack_thread import ThreadLists
from watcher.engine.wording import Message
from watcher.errors import NotifyError
from watcher.model.history import Sent
from watcher.settings import SlackSettings, require_slack

_log = logging.getLogger(__name__)
_TIMEOUT: Final = 10.0
_GONE: Final = frozenset({Reason.MESSAGE_GONE.value, Reason.CHANNEL.value})
_NO_FILE: Final = "The file could not be attached: "


class Slack:
    """A Slack channel, by bot token; by an incoming webhook where there is no token.

    *timeout* is in seconds, for each request. Raises ConfigError when *settings* name neither.
    """

    name = "slack"

    def __init__(self, settings: SlackSettings, *, timeout: float = _TIMEOUT) -> None:
        require_slack(settings)
        way: _Bot | _Hook
        if settings.token is not None:
            api = WebAPI(settings.api_url, settings.token.get_secret_value(), timeout)
            way = _Bot(api, settings.channel or "")
        else:
            address = settings.webhook_url
            way = _Hook(Webhook(address.get_secret_value() if address else "", timeout))
        self._way = way

    def notify(self, message: Message, last: Sent | None) -> str:
        """Tell *message*; the answer is ``channel-id/ts`` (webhook: which causes were told)."""
        return self._way.notify(message, last)

    def upload(self, file_name: str, content: str | bytes, title: str, comment: str) -> str:
        """Send a file with a *comment*; only the comment, saying so, where files cannot be sent.

        The answer is the handle of the message, empty where Slack does not tell it.
        """
        body = content.encode() if isinstance(content, str) else content
        return self._way.upload(file_name, body, title, comment)


class _Bot:
    """The full way."""

    def __init__(self, api: WebAPI, channel: str) -> None:
        self._api = api
        self._channel = channel
        self._id = channel if channel[:1] in {"C", "G", "D"} and channel.isalnum() else None
        self._lists = ThreadLists(api)

    def notify(self, message: Message, last: Sent | None) -> str:
        handle = last.handle if last is not None else ""
        for act in acts(message, last):
            try:
                handle = self._do(act, message, handle)
            except NotifyError as error:
                if act is Act.POST or error.reason not in _GONE:
                    raise
                handle = self._do(Act.POST, message, "")
                break
        self._lists.tell(message, handle)
        return handle

    def upload(self, name: str, content: bytes, title: str, comment: str) -> str:
        try:
            if self._id is None:
                # Only a posted message tells the id of a channel that is set by its name.
                handle = self._post(_note(comment))
                channel, ts = place(handle) or ("", "")
                self._api.upload(name, content, title=title, channel=channel, thread_ts=ts)
                return handle
            said = paragraph(comment, 2_900)
            self._api.upload(name, content, title=title, channel=self._id, initial_comment=said)
        except NotifyError as error:
            if error.reason != Reason.SCOPE:
                raise
            _log.warning("%s", error)
            return self._post(_note(comment, "the app lacks the scope files:write."))
        return ""

    def _do(self, act: Act, message: Message, handle: str) -> str:
        channel, ts = place(handle) or (self._channel, "")
        match act:
            case Act.POST:
                return self._post(compose(message))
            case Act.EDIT:
                self._api.call("chat.update", {**compose(message), "channel": channel, "ts": ts})
            case Act.REPLY:
                self._post({**reply(message), "thread_ts": ts}, channel)
        return handle

    def _post(self, payload: Payload, channel: str | None = None) -> str:
        answer = self._api.call(
            "chat.postMessage", {**payload, "channel": channel or self._channel}
        )
        if channel is None:
            self._id = str(answer["channel"])
        return f"{answer['channel']}/{answer['ts']}"


class _Hook:
    """The lesser way: it can neither edit nor thread."""

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    def notify(self, message: Message, last: Sent | None) -> str:
        handle = hook_handle(message, last)
        if handle is None:
            return last.handle if last is not None else ""
        payload = compose(message)
        del payload["metadata"]
        self._webhook.send(payload)
        return handle

    def upload(self, name: str, content: bytes, title: str, comment: str) -> str:  # noqa: ARG002
        self._webhook.send(_note(comment, "an incoming webhook takes no files."))
        return ""


def _note(comment: str, why_no_file: str = "") -> Payload:
    said = paragraph(comment, 2_700)
    return note(f"{said}\n_{_NO_FILE}{why_no_file}_" if why_no_file else said)
