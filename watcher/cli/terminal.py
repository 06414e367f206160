"""What is printed for people: colours are ours, and words of others are shown, never obeyed."""

import re
from typing import Any, Final

from rich.console import Console

_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
"""C0 and C1, marks that turn the direction of writing, characters that nobody sees."""


class Terminal(Console):
    """A console without markup, unless it is asked for, and without control characters.

    A line feed within a text is shown as one: it would forge lines. Those before it are kept.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, markup=False)

    def print(self, *objects: Any, **how: Any) -> None:
        """Print *objects*; ``markup=True`` for texts of our own, in which others' are escaped."""
        super().print(*(_line(o) if isinstance(o, str) else o for o in objects), **how)

    def print_command(self, command: str, indent: str) -> None:
        """Print a command that may have several lines, each below the other."""
        for line in command.splitlines():
            self.print(f"{indent}{line}")


def visible(text: str) -> str:
    """*text* with control characters as escapes, but for line feeds and tabs."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _line(text: str) -> str:
    words = text.lstrip("\n")
    before = text[: len(text) - len(words)]
    return before + visible(words).replace("\n", "\\n")
