"""Words of others as Markdown (CommonMark, tables as GitHub has them): shown, and never markup."""

import re
from typing import Final

from watcher.characters import as_words, in_one_line, visible

_MARKUP: Final = re.compile(r"[\\`*_{}\[\]<>|~&#]|:(?=//)|(?<=www)\.|^[-+=]")
_NUMBER: Final = re.compile(r"^(\d+)([.)])(?=\s|$)")
_TICKS: Final = re.compile("`+")


class Marked(str):
    """Text that is Markdown already."""

    __slots__ = ()


def text(words: str) -> Marked:
    """Words on one line, in which nothing is markup, a link or a cell's end."""
    return Marked(_NUMBER.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", as_words(words))))


def code(words: str) -> Marked:
    """A code span. What holds a ``|`` is plain words: tables part a code span there too."""
    line = in_one_line(words).strip()
    if not line or "|" in line:
        return text(line)
    ticks = "`" * (_longest(line) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return Marked(f"{ticks}{space}{line}{space}{ticks}")


def block(command: str, indent: int = 0) -> Marked:
    """A code block of shell, as far in as the item that it belongs to."""
    fence = "`" * max(3, _longest(command) + 1)
    lines = (f"{fence}sh", *visible(command).split("\n"), fence)
    return Marked("\n".join(f"{' ' * indent}{line}" for line in lines))


def row(*cells: str) -> Marked:
    """A row of a table; cells that are no Markdown yet are words."""
    return Marked(f"| {' | '.join(marked(cell) for cell in cells)} |")


def marked(words: str) -> Marked:
    """Words as Markdown, what is Markdown already as it stands."""
    return words if isinstance(words, Marked) else text(words)


def _longest(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
