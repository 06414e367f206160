"""What is printed for people: colours are ours, and words of others are shown, never obeyed."""

from typing import Any

from rich.console import Console

from watcher.characters import in_one_line


class Terminal(Console):
    """A console without markup, unless it is asked for, without ``:names:`` of emoji and without control characters.

    A line feed within a text is shown as one: it would forge lines. Those before it are kept.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def print(self, *objects: Any, **how: Any) -> None:
        """Print *objects*; ``markup=True`` for texts of our own, in which others' are escaped."""
        super().print(*(_line(o) if isinstance(o, str) else o for o in objects), **how)

    def print_command(self, command: str, indent: str) -> None:
        """Print a command that may have several lines, each below the other."""
        for line in command.splitlines():
            self.print(f"{indent}{line}")


def _line(text: str) -> str:
    words = text.lstrip("\n")
    before = text[: len(text) - len(words)]
    return before + in_one_line(words)
