"""A message for a chat: short, in plain text, and within a size. Pure.

Words of others are never markup here: each robot gets them where its format knows none.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from watcher.characters import as_words, visible
from watcher.engine.wording import Message, length
from watcher.model.incidents import Status

Json = dict[str, Any]

_JOBS: Final = 10
_STEPS: Final = 6
_PROOF: Final = 4
_LINKS: Final = 4
_SENTENCE: Final = 600
_COMMAND: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the fix; no command where there is none, or none that fits."""

    do: str
    command: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatText:
    """What is said, in the order in which it is read."""

    title: str
    over: bool
    severity: str
    facts: tuple[str, ...]
    why: str
    fix: tuple[Step, ...]
    proof: tuple[str, ...]
    links: tuple[tuple[str, str], ...]

    @property
    def lines(self) -> str:
        """All of it as plain text, but for the links."""
        parts = [self.title, *self.facts, f"Why: {self.why}"]
        for number, step in enumerate(self.fix, 1):
            parts.append(f"{number}. {step.do}")
            parts += [step.command] if step.command else []
        parts += [f"Seen: {line}" for line in self.proof]
        return "\n".join(parts)


def fitting(message: Message, body: Callable[[ChatText], Json], largest: int) -> Json:
    """What *body* makes of *message*, with so much left out that it has at most *largest* bytes."""
    ways = ((_PROOF, _COMMAND, _SENTENCE), (0, _COMMAND, _SENTENCE), (0, 0, _SENTENCE))
    for proof, command, sentence in ways:
        found = body(chat_text(message, proof=proof, command=command, sentence=sentence))
        if len(encoded(found)) <= largest:
            return found
    return body(chat_text(message, proof=0, command=0, sentence=200))


def encoded(body: Json) -> bytes:
    """*body* as it is sent."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def chat_text(message: Message, *, proof: int, command: int, sentence: int) -> ChatText:
    """*message* with so many lines of proof; commands over so many characters are left out."""

    def cut(words: str) -> str:
        line = as_words(words)
        return line if len(line) <= sentence else f"{line[: sentence - 1]}…"

    over = message.status is Status.RESOLVED
    steps = () if over else message.fix[:_STEPS]
    return ChatText(
        title=cut(message.headline),
        over=over,
        severity="resolved" if over else as_words(message.severity),
        facts=tuple(map(cut, _facts(message))),
        why=cut(message.summary),
        fix=tuple(Step(do=cut(s.do), command=_whole(s.command, command)) for s in steps),
        proof=() if over else tuple(cut(each.seen) for each in message.evidence[:proof]),
        links=tuple((cut(text), url) for text, url in message.links[:_LINKS]),
    )


def _facts(message: Message) -> list[str]:
    since = f"{message.severity}, since {_moment(message.starts_at)}"
    if message.ends_at is not None and message.duration is not None:
        since = f"resolved after {length(message.duration)}, at {_moment(message.ends_at)}"
    jobs = [f"{job.pool} ({job.prometheus}): {job.state}" for job in message.about[:_JOBS]]
    more = len(message.about) - len(jobs)
    return [since, *jobs, *([f"and {more} more"] if more else [])]


def _whole(command: str | None, largest: int) -> str | None:
    """A command is whole or not there: half of one must not be pasted."""
    if command is None or len(command) <= largest:
        return None if command is None else visible(command)
    return "(the command is on the page of the watcher and in `watcher explain`)"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
