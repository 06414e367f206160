"""A notifier that shows on a stream what Slack would be sent, and sends nothing."""

from datetime import timedelta
from typing import Final, TextIO, assert_never

from watcher.adapters.slack.blocks import Payload, compose
from watcher.adapters.slack.picture import barred, picture
from watcher.adapters.slack.plan import Act, acts, note, reply, rest
from watcher.adapters.slack.text import paragraph
from watcher.engine.wording import Message
from watcher.model.history import Sent

_CHANNEL: Final = "dry-run"


class DryRun:
    """Does everything that ``Slack`` does, but for the sending."""

    name = "dry-run"
    resend: timedelta | None = None

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._posted = 0

    def notify(self, message: Message, last: Sent | None, *, doubtful: bool = False) -> str:  # noqa: ARG002
        """Show *message*; the answer looks like a handle of Slack's."""
        handle = last.handle if last is not None else ""
        for act in acts(message, last):
            match act:
                case Act.POST:
                    self._posted += 1
                    handle = f"{_CHANNEL}/{self._posted}"
                    self._show(f"would post message {handle}", compose(message))
                    for text in rest(message):
                        self._show(f"would reply in the thread of {handle}", note(text))
                case Act.EDIT:
                    self._show(f"would edit message {handle}", compose(message))
                case Act.REPLY:
                    self._show(f"would reply in the thread of {handle}", reply(message))
                case unreachable:
                    assert_never(unreachable)
        return handle

    def upload(self, file_name: str, content: str | bytes, title: str, comment: str) -> str:
        """Name the file that would be sent."""
        size = len(content.encode() if isinstance(content, str) else content)
        said = note(paragraph(comment, 2_900))
        self._show(f"would send the file {file_name} ({title}, {size} bytes)", said)
        return ""

    def _show(self, what: str, payload: Payload) -> None:
        self._stream.write(f"--- slack: {what}\n{barred(picture(payload))}\n\n")
        self._stream.flush()
