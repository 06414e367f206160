"""A message as Slack's Block Kit, within Slack's limits whatever its length. Pure: sends nothing.

Limits (Slack's block reference): 50 blocks a message, section text 3,000, header 150, 10 fields of
2,000, 10 context elements. Not documented, but enforced by chat.postMessage since 2025: all text of
a message together, at about 12,000 (``msg_blocks_too_long``, slackapi/bolt-js#2509 and #2867), so
that the parts here share a smaller budget, and the steps of the fix get what the others leave.
"""

from typing import Any, Final, TypeAlias

from watcher.adapters.slack import parts
from watcher.adapters.slack.text import plain, words
from watcher.adapters.slack.tone import Tone, tone
from watcher.engine.wording import Message

Payload: TypeAlias = dict[str, Any]
"""What chat.postMessage takes beside the channel: text, blocks, attachments, metadata."""

_BUDGET: Final = 10_000


def compose(message: Message) -> Payload:
    """The whole message: headline, state, cause, proof, fix, links, and a line for notifications.

    The header stands above the coloured part, so that ``text`` is shown in notifications alone.
    """
    shown = tone(message)
    header = {
        "type": "header",
        "text": {"type": "plain_text", "text": plain(message.headline, 150), "emoji": False},
    }
    return {
        "text": fallback(message),
        "blocks": [header],
        "attachments": [{"color": shown.colour, "blocks": _body(message, shown)}],
        "metadata": metadata(message),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def fallback(message: Message) -> str:
    """One line that says it all, for notifications and screen readers."""
    headline, summary = words(message.headline, 200), words(message.summary, 600)
    return f"{tone(message).value}: {headline}. {summary}"


def metadata(message: Message) -> dict[str, Any]:
    """Our own id of the message, so that it can be found again in the channel."""
    payload = {"subject": plain(message.subject, 255), "status": message.status.value}
    return {"event_type": "watcher", "event_payload": payload}


def _body(message: Message, shown: Tone) -> list[parts.Block]:
    before: list[parts.Block] = [
        parts.section(parts.cause(message, shown)),
        {"type": "section", "fields": parts.fields(message, shown)},
    ]
    if len(message.about) > 1:
        before.append(parts.section(parts.jobs(message.about, shown)))
    if message.evidence:
        before.append(parts.section(parts.proof(message)))
    after = (
        parts.around(message, shown)
        + parts.undecided(message)
        + parts.links(message)
        + parts.context(message, shown)
    )
    return before + parts.fix(message, shown, _BUDGET - parts.weight(before + after)) + after
