"""Words of others in a printed command: each is one word, none an option and none a pattern."""

import re
from shlex import quote


def last(word: str) -> str:
    """The last word of a command, behind ``--`` where it would be read as an option."""
    return f"-- {quote(word)}" if word.startswith("-") else quote(word)


def resource(kind: str, name: str) -> str:
    """What kubectl is asked about: ``secret web``; in one word where the name looks like an option."""
    return f"{kind}/{quote(name)}" if name.startswith("-") else f"{kind} {quote(name)}"


def lines_with(words: str) -> str:
    """The command that shows the lines with just these *words*."""
    return f"grep -F -- {quote(words)}"


def job(pool: str) -> str:
    """The glob by which ``watcher`` finds this job and no other."""
    return quote(re.sub(r"[*?[]|^-", r"[\g<0>]", pool))
