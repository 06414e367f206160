"""Slack by an incoming webhook: the lesser way, which can only post."""

from watcher.adapters.slack.blocks import compose
from watcher.adapters.slack.client import Webhook
from watcher.adapters.slack.plan import comment_note, hook_handle
from watcher.engine.wording import Message
from watcher.model.history import Sent


class Hook:
    """The channel of one webhook. Every method raises NotifyError."""

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook

    def notify(self, message: Message, last: Sent | None, *, doubtful: bool) -> str:  # noqa: ARG002 -- nothing can be looked up
        """Post *message*, unless all that it says was told before."""
        handle = hook_handle(message, last)
        if handle is None:
            return last.handle if last is not None else ""
        payload = compose(message)
        del payload["metadata"]
        self._webhook.send(payload)
        return handle

    def upload(self, _name: str, _content: bytes, _title: str, comment: str) -> str:
        """Post the comment of a file that cannot be sent."""
        self._webhook.send(comment_note(comment, "an incoming webhook takes no files."))
        return ""
