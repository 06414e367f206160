"""Tells a channel of Microsoft Teams by a webhook of Workflows: one Adaptive Card for each message.

Texts are in RichTextBlock and not in TextBlock, which would read others' words as Markdown.
"""

from typing import Final

from watcher.adapters.receivers.chat import Chat
from watcher.adapters.receivers.chat_text import ChatText, Json, Step, fitting
from watcher.engine.wording import Message

_LARGEST: Final = 24_000
"""Teams refuses more than 28 KB."""

_COLOURS: Final = {"resolved": "Good", "critical": "Attention", "warning": "Warning"}
_CARD: Final = "application/vnd.microsoft.card.adaptive"


class Teams(Chat):
    """One webhook."""

    name = "teams"

    def _post(self, message: Message) -> tuple[str, Json]:
        return "", fitting(message, _body, _LARGEST)


def _body(text: ChatText) -> Json:
    head = _line(text.title, weight="Bolder", size="Medium", color=_colour(text))
    facts = [_line(fact, isSubtle=True) for fact in text.facts]
    steps = [part for number, step in enumerate(text.fix, 1) for part in _step(number, step)]
    proof = [_line(f"Seen: {line}", isSubtle=True) for line in text.proof]
    card: Json = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": text.title,
        "msteams": {"width": "Full"},
        "body": [head, *facts, _line(text.why), *steps, *proof],
    }
    if text.links:
        card["actions"] = [
            {"type": "Action.OpenUrl", "title": title, "url": url} for title, url in text.links
        ]
    attachment = {"contentType": _CARD, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _step(number: int, step: Step) -> list[Json]:
    said = [_line(f"{number}. {step.do}")]
    return said + ([_line(step.command, fontType="Monospace")] if step.command else [])


def _line(words: str, **how: object) -> Json:
    run = {"type": "TextRun", "text": words or " ", **how}
    return {"type": "RichTextBlock", "inlines": [run]}


def _colour(text: ChatText) -> str:
    return _COLOURS.get(text.severity, "Default")
