"""Pieces of Slack's mrkdwn made of text that comes from outside: escaped, cut, never obeyed.

Pure. Lengths are in UTF-16 units, the strictest way in which Slack may count. Nothing here knows
what a message says.
"""

import re
from typing import Final
from urllib.parse import quote

from watcher.characters import as_words, in_one_line, visible

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_OBEYED: Final = re.compile(
    r"(?i)@(?=here|channel|everyone|group)"  # a mention
    r"|:(?=[a-z0-9_'+-]+:)"  # an emoji
    r"|^(?=>)",  # a quotation
    re.MULTILINE,
)
_FENCES: Final = re.compile(r"`{3,}")
JOINER: Final = "\N{WORD JOINER}"
"""Keeps Slack from obeying what stands before it; nobody sees it."""
_TICK: Final = "\N{MODIFIER LETTER GRAVE ACCENT}"
_ITALIC: Final = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LOOKALIKES: Final = str.maketrans(
    {"*": "\N{ASTERISK OPERATOR}", "~": "\N{TILDE OPERATOR}", "`": _TICK}
)
"""mrkdwn has no way to write these as themselves but in code."""
_LOW_LINE: Final = "\N{MODIFIER LETTER LOW MACRON}"
_NOTHING: Final = "\N{EM DASH}"
_CUT_NOTE: Final = 40
_LONGEST_URL: Final = 500
_ONE_UNIT: Final = 0xFFFF


def units(text: str) -> int:
    """Length of *text* in UTF-16 units."""
    return len(text) + sum(ord(character) > _ONE_UNIT for character in text)


def words(text: str, limit: int) -> str:
    """*text* as mrkdwn on one line, at most *limit* long, a dash when there is nothing to say."""
    return _cut(_harmless(as_words(text) or _NOTHING), limit)


def paragraph(text: str, limit: int) -> str:
    """*text* as mrkdwn with its own lines, at most *limit* long."""
    lines = [as_words(line) for line in text.strip().split("\n")]
    return _cut(_harmless("\n".join(lines) or _NOTHING), limit)


def plain(text: str, limit: int) -> str:
    """*text* for a plain_text object: Slack parses nothing there, so nothing is escaped.

    Angle brackets are still replaced by guillemets, since people paste headers elsewhere.
    """
    line = _unfenced(as_words(text) or _NOTHING).replace("<", "\u2039").replace(">", "\u203a")
    if units(line) <= limit:
        return line
    while units(line) > limit - 1:
        line = line[: min(len(line) - 1, limit - 1)]
    return line + "…"


def code(text: str, limit: int) -> str:
    """*text* as an inline code span of at most *limit*; it cannot close its own span."""
    line = in_one_line(text).strip() or _NOTHING
    return f"`{_cut(line.replace('`', _TICK), limit - 2)}`"


def fence(text: str, limit: int) -> str:
    """*text* as a code block of at most *limit* that is always closed.

    Fences inside it are replaced, single backticks stay, since a command may need them. What had
    to be cut says below the block that it must not be pasted.
    """
    body = _unfenced(visible(text).strip("\n"))
    whole = f"```\n{_escape(body)}\n```"
    if units(whole) <= limit:
        return whole
    warning = "_The command is cut: do not paste it. The page and_ `watcher once` _have it whole._"
    return f"```\n{_cut(body, limit - len(warning) - 10)}\n```\n{warning}"


def link(text: str, url: str) -> str:
    """A link, or only its words where *url* is not one that Slack takes."""
    label = words(text, 80).replace("|", "\u2223")
    if not url.startswith(("http://", "https://")):
        return label
    target = quote(visible(url), safe="/:?#[]@!$&'()*+,;=%~-._").replace("&", "&amp;")
    return f"<{target}|{label}>" if units(target) <= _LONGEST_URL else label


def _harmless(text: str) -> str:
    """*text* without what Slack obeys; ``_`` within a word is none."""
    plain = _ITALIC.sub(_LOW_LINE, text.translate(_LOOKALIKES))
    return _OBEYED.sub(rf"\g<0>{JOINER}", plain)


def _unfenced(text: str) -> str:
    return _FENCES.sub(lambda run: _TICK * len(run[0]), text)


def _escape(text: str) -> str:
    return "".join(_ENTITIES.get(character, character) for character in text)


def _cut(text: str, limit: int) -> str:
    """*text* escaped, cut before it is escaped so that no entity is ever split."""
    whole = _escape(text)
    if units(whole) <= limit:
        return whole
    kept: list[str] = []
    length = 0
    for character in text:
        piece = _ENTITIES.get(character, character)
        length += units(piece)
        if length > limit - _CUT_NOTE:
            break
        kept.append(piece)
    return f"{''.join(kept)}… {len(text) - len(kept)} more characters"
