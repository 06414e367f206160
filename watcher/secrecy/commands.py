"""Takes secrets out of shell commands, which stay such."""

import re
import shlex
from typing import Final

from watcher.secrecy.names import KEPT_HEADERS, is_flag_of_secret
from watcher.secrecy.words import without_secrets

HIDDEN_IN_COMMANDS: Final = "REDACTED"
"""What stands for a secret where a shell would take brackets for redirections."""

_WORD: Final = re.compile(r"(?:\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|[^\s'\"\\|&;()<>])+", re.DOTALL)
_QUOTES: Final = frozenset("'\"\\")
_ASIDE: Final = re.compile("\ue000([0-9]{1,6})\ue001")
"""What stands for a quoted word: characters that have no meaning and are in no name."""
_USER: Final = frozenset({"-u", "--user", "--proxy-user", "-U"})
_USER_AND_PASSWORD: Final = re.compile(r"(?!\d+:\d+\Z)[^:\s]*:.+", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$\{?[A-Za-z_]\w*\}?")
_NO_COMMAND: Final = "# a secret was taken out, and nothing is left that could be run"


def command_without_secrets(command: str) -> str:
    """*command* without what is secret in its words; the others stay as they are.

    A word that changes is quoted again, so that the shell sees as many words as before. Quoted words
    are put aside before those around them are read: what a pattern takes for a quoted value may end
    a quotation of the shell, which would run the rest.
    """
    before = ""
    quoted: list[str] = []

    def word(found: re.Match[str]) -> str:
        nonlocal before
        flag, before = before, found[0]
        held = _unquoted(found[0])
        shown = _argument(flag, held)
        said = found[0] if shown == held else shlex.quote(shown)
        if _QUOTES.isdisjoint(said):
            return said
        quoted.append(said)
        return f"\ue000{len(quoted) - 1}\ue001"

    shown = without_secrets(_WORD.sub(word, command), HIDDEN_IN_COMMANDS)
    words = dict(enumerate(quoted))
    whole = _ASIDE.sub(lambda found: words.get(int(found[1]), found[0]), shown)
    return whole if _count(whole) == _count(command) else _NO_COMMAND


def _argument(flag: str, held: str) -> str:
    """The argument *held* after *flag*."""
    if held.startswith(("-", "$", HIDDEN_IN_COMMANDS)):
        return without_secrets(held, HIDDEN_IN_COMMANDS)
    if flag == "-c":
        return command_without_secrets(held)
    if is_flag_of_secret(flag) or (flag in _USER and _USER_AND_PASSWORD.fullmatch(held)):
        return HIDDEN_IN_COMMANDS
    name, colon, value = held.partition(":")
    is_header = flag in {"-H", "--header"} and colon and name.replace("-", "").isalnum()
    if is_header and name.lower() not in KEPT_HEADERS | {"authorization"}:
        return held if _VARIABLE.fullmatch(value.strip()) else f"{name}: {HIDDEN_IN_COMMANDS}"
    return without_secrets(held, HIDDEN_IN_COMMANDS)


def _unquoted(word: str) -> str:
    try:
        return "".join(shlex.split(word))
    except ValueError:  # a quote that nobody closes
        return word


def _count(command: str) -> int | None:
    """How many words a shell sees, None where it sees none that end."""
    try:
        return len(shlex.split(command))
    except ValueError:
        return None
