"""Characters that nobody sees: shown as escapes wherever people read, so that they do nothing.

Control characters (a terminal or a mail server obeys them), marks that turn the direction of
writing, characters without width, halves of surrogate pairs.
"""

import re
import unicodedata
from typing import Final

_IN_JSON: Final = re.compile(r"[^\x00-\x7e]")


def visible(text: str) -> str:
    """*text* with such characters as escapes, but for line feeds and tabs."""
    if text.isprintable():
        return text
    return "".join(c if _is_seen(c) else c.encode("unicode_escape").decode() for c in text)


def in_one_line(text: str) -> str:
    """The same with line feeds as escapes too: they would forge lines."""
    return visible(text).replace("\n", "\\n")


def as_words(text: str) -> str:
    """The same with each run of white space as one space, for sentences; the ends bare."""
    return visible(" ".join(text.split()))


def visible_json(document: str) -> str:
    """A JSON *document* with such characters as JSON's escapes: it says the same to a program."""
    return _IN_JSON.sub(_escaped, document)


def _is_seen(character: str) -> bool:
    return character.isprintable() or character in "\n\t" or _is_space(character)


def _is_space(character: str) -> bool:
    return unicodedata.category(character) == "Zs"


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if _is_seen(character):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))
