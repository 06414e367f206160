"""Slack messages as plain text, as people would see them: for ``--dry-run`` and the demo. Pure."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from watcher.adapters.slack.parts import Block
from watcher.adapters.slack.text import JOINER

_FENCE: Final = "```"
_BOLD: Final = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)")
_ITALIC: Final = re.compile(r"(?<!\w)_([^_\n`]+)_(?!\w)")
_LINK: Final = re.compile(r"<(https?://[^|>]+)\|([^>]+)>")
_COLUMN: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the picture: *colour* as ``#RRGGBB`` of the bar beside it, None for no bar.

    ``kind`` is ``header``, ``text``, ``code`` or ``small``.
    """

    text: str
    kind: str = "text"
    colour: str | None = None


def picture(payload: Mapping[str, Any], width: int = 96) -> tuple[Line, ...]:
    """A whole message: its blocks, then those of its attachments, each with its colour."""
    drawn = list(lines(payload.get("blocks") or (), width=width))
    for attachment in payload.get("attachments") or ():
        colour = attachment.get("color")
        drawn += lines(attachment.get("blocks") or (), width=width, colour=colour)
    return tuple(drawn)


def barred(drawn: Sequence[Line]) -> str:
    """The lines of a picture with a bar beside what is coloured."""
    return "\n".join(f"{'┃ ' if line.colour else ''}{line.text}".rstrip() for line in drawn)


def lines(blocks: Sequence[Block], *, width: int, colour: str | None = None) -> Iterator[Line]:
    """*blocks* line by line, an empty one between two; code is never wrapped, so that it pastes."""
    for number, block in enumerate(blocks):
        if number:
            yield Line(text="", colour=colour)
        for line in _block(block, width):
            yield Line(text=line.text, kind=line.kind, colour=colour)


def _block(block: Block, width: int) -> Iterator[Line]:
    match block["type"]:
        case "header":
            yield Line(text=str(block["text"]["text"]), kind="header")
        case "context":
            for element in block["elements"]:
                yield from (Line(text=text, kind="small") for text in _wrapped(element, width))
        case "divider":
            yield Line(text="─" * width)
        case _:
            if "text" in block:
                yield from _section(str(block["text"]["text"]), width)
            yield from (_field(field) for field in block.get("fields", ()))


def _section(mrkdwn: str, width: int) -> Iterator[Line]:
    for number, part in enumerate(mrkdwn.split(_FENCE)):
        if number % 2:
            for line in part.strip("\n").split("\n"):
                yield Line(text=f"    {_unescaped(line)}", kind="code")
        elif part.strip():
            yield from (Line(text=text) for text in _wrapped({"text": part.strip("\n")}, width))


def _field(field: Block) -> Line:
    name, _, value = str(field["text"]).partition("\n")
    return Line(text=f"{_words(name):<{_COLUMN}}{_words(value)}")


def _wrapped(text: Mapping[str, Any], width: int) -> Iterator[str]:
    for line in str(text["text"]).split("\n"):
        if line.lstrip().startswith("`") or _LINK.search(line):
            yield from (_words(part) for part in line.split(" · "))
            continue
        yield from textwrap.wrap(
            _words(line), width, break_long_words=False, break_on_hyphens=False
        ) or [""]


def _words(mrkdwn: str) -> str:
    shown = _LINK.sub(r"\2 (\1)", mrkdwn)
    return _unescaped(_ITALIC.sub(r"\1", _BOLD.sub(r"\1", shown)))


def _unescaped(text: str) -> str:
    shown = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return shown.replace(JOINER, "")
