"""A message as plain text, for e-mail. Pure."""

import textwrap
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from watcher.characters import in_one_line
from watcher.engine.wording import Message, length

_WIDTH: Final = 78


def text(message: Message) -> str:
    """All that there is to say; commands stand on lines of their own and are never wrapped."""
    over = message.ends_at is not None
    parts = (
        _wrapped(message.headline),
        _wrapped(message.summary),
        list(_facts(message)),
        [
            f"  {in_one_line(f'{job.pool} ({job.prometheus})')}: {job.state}"
            for job in message.about
        ],
        _titled("Proof:", _proof(message)),
        _titled("Fix:", () if over else _fix(message)),
        _titled("Around the loss:", () if over else _around(message)),
        _wrapped("Not decided: " + "; ".join(message.undecided)) if message.undecided else [],
        [in_one_line(f"{label}: {url}") for label, url in message.links],
    )
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _facts(message: Message) -> Iterator[str]:
    if message.cause is not None:
        yield f"Cause:       {message.cause} ({message.confidence or 'not certain'})"
    yield f"Severity:    {message.severity}"
    yield f"Since:       {_moment(message.starts_at)}"
    if message.ends_at is not None and message.duration is not None:
        yield f"Until:       {_moment(message.ends_at)}, after {length(message.duration)}"
    if message.last_sample_at is not None:
        yield f"Last sample: {_moment(message.last_sample_at)}"


def _proof(message: Message) -> Iterator[str]:
    for evidence in message.evidence:
        yield from _wrapped(f"- {evidence.seen}", "  ")
        yield from (f"    {line}" for line in evidence.where.split("\n"))


def _around(message: Message) -> Iterator[str]:
    for line in message.around:
        at = "" if line.at is None else f"{_moment(line.at)}: "
        yield from _wrapped(f"- {at}{line.seen}", "  ")


def _fix(message: Message) -> Iterator[str]:
    for number, step in enumerate(message.fix, 1):
        yield from _wrapped(f"{number}. {step.do}", "  ")
        yield from (f"    {line}" for line in (step.command or "").split("\n"))


def _titled(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [title, *found] if found else []


def _wrapped(words: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        words,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
