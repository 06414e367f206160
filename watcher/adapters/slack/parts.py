"""The parts of a message as Slack's blocks, each within its own limit. Pure.

Which parts a message has, and in which order, is ``slack_blocks``.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from watcher.adapters.slack.text import code, fence, link, units, words
from watcher.adapters.slack.tone import Tone
from watcher.engine.wording import Message, Subject, length

Block: TypeAlias = dict[str, Any]
"""One block, as JSON."""

SHOWN_JOBS: Final = 10
"""How many jobs of a group the message itself names; the others stand in its thread."""

_OVERHEAD: Final = 60
_LEAST_STEP: Final = 500
_MOST_AROUND: Final = 4
_MOST_STEPS: Final = 20
_MOST_PROOF: Final = 8
_LONGEST_PROOF: Final = 2_400
_LONGEST_LINKS: Final = 1_200


def cause(message: Message, shown: Tone) -> str:
    """The state, and the cause in one sentence with how sure it is."""
    lasted = message.duration
    state = f"*{shown.value}*" + ("" if lasted is None else f" after {length(lasted)}")
    sure = f" ({words(message.confidence, 40)})" if message.confidence else ""
    if message.cause is None:
        return f"{state}\n{words(message.summary, 800)}"
    return f"{state}\n*Cause*{sure}: {words(message.summary, 800)}"


def fields(message: Message, shown: Tone) -> list[Block]:
    """When, where, and of a single job which."""
    sample = message.last_sample_at
    pairs = [("Since", moment(message.starts_at))]
    if message.ends_at is not None:
        pairs.append(("Until", moment(message.ends_at)))
    if message.about and (sample is not None or shown is not Tone.RESOLVED):
        pairs.append(("Last sample", "not known" if sample is None else moment(sample)))
    if message.about:
        pairs.append(("Prometheus", _listed(subject.prometheus for subject in message.about)))
    if message.about and shown is not Tone.RESOLVED:
        pairs.append(("State", _listed(subject.state.value for subject in message.about)))
    if len(message.about) == 1:
        pairs.append(("Job", code(message.about[0].pool, 260)))
        if message.about[0].monitor is not None:
            pairs.append(("Asked for by", code(message.about[0].monitor, 260)))
    return [_mrkdwn(f"*{name}*\n{value}") for name, value in pairs]


def jobs(about: Sequence[Subject], shown: Tone) -> str:
    """The jobs of a group, the first of them by name."""
    lines = [job_line(subject, shown) for subject in about[:SHOWN_JOBS]]
    if len(about) > SHOWN_JOBS:
        lines.append(f"… {len(about) - SHOWN_JOBS} more")
    return "\n".join([f"*{len(about)} jobs*", *lines])


def proof(message: Message) -> str:
    """What was seen, and the command that shows it."""
    lines = ["*Proof*"]
    for number, evidence in enumerate(message.evidence):
        when = "" if evidence.at is None else f" ({moment(evidence.at)})"
        item = f"• {words(evidence.seen, 500)}{when}"
        if evidence.where.strip():
            item += f"\n{_where(evidence.where)}"
        if number == _MOST_PROOF or units("\n".join([*lines, item])) > _LONGEST_PROOF:
            lines.append(f"… {len(message.evidence) - number} more")
            break
        lines.append(item)
    return "\n".join(lines)


def around(message: Message, shown: Tone) -> list[Block]:
    """What happened around the loss; where it ended nobody asks any more."""
    if shown is Tone.RESOLVED or not message.around:
        return []
    lines = [
        f"{words(line.seen, 200)}" + ("" if line.at is None else f" ({moment(line.at)})")
        for line in message.around[-_MOST_AROUND:]
    ]
    return [_small("*Around the loss*\n" + "\n".join(f"• {line}" for line in lines))]


def fix(message: Message, shown: Tone, budget: int) -> list[Block]:
    """The steps, each a section; what is fixed needs none."""
    blocks: list[Block] = []
    for number, step in enumerate(() if shown is Tone.RESOLVED else message.fix, start=1):
        left = min(2_900, budget - weight(blocks) - 3 * _OVERHEAD)
        if left < _LEAST_STEP or number > _MOST_STEPS:
            blocks.append(section(f"… {len(message.fix) - number + 1} more steps, on the page"))
            break
        text = f"{'*Fix*' + chr(10) if number == 1 else ''}{number}. {words(step.do, 300)}"
        if step.command is not None and step.command.strip():
            text += "\n" + fence(step.command, left - units(text) - 1)
        blocks.append(section(text))
    return blocks


def undecided(message: Message) -> list[Block]:
    """What could not be asked."""
    if not message.undecided:
        return []
    return [_small(f"Not decided: {words('; '.join(message.undecided), 500)}")]


def links(message: Message) -> list[Block]:
    """Where to look further."""
    shown: list[str] = []
    for text, url in message.links:
        if units(" · ".join([*shown, link(text, url)])) > _LONGEST_LINKS:
            break
        shown.append(link(text, url))
    return [section(" · ".join(shown))] if shown else []


def context(message: Message, shown: Tone) -> list[Block]:
    """Severity, link, the command that explains the cause, and who should know."""
    over = shown in {Tone.BLIND, Tone.RESOLVED}
    parts = [] if over else [f"severity {words(message.severity, 40)}"]
    if message.cause is not None:
        if message.link and not over:
            parts.append(f"broken link: {words(message.link, 40)}")
        parts.append(code(f"watcher explain {message.cause}", 120))
    if message.mention is not None and not over:
        parts.append(mention(message.mention))
    return [_small(" · ".join(parts))] if parts else []


def mention(who: str) -> str:
    """A user group by its id (``S…``), or a user."""
    return f"<!subteam^{who}>" if who.startswith("S") else f"<@{who}>"


def weight(blocks: Sequence[Block]) -> int:
    """What *blocks* take of the budget: their text, and a little for what holds it."""
    texts = [
        part["text"]
        for block in blocks
        for part in (block.get("text"), *block.get("fields", ()), *block.get("elements", ()))
        if part is not None
    ]
    return sum(units(text) + _OVERHEAD for text in texts)


def section(text: str) -> Block:
    """A section of mrkdwn; ``verbatim``, so that Slack makes no links or mentions of its own."""
    return {"type": "section", "text": _mrkdwn(text)}


def job_line(subject: Subject, shown: Tone) -> str:
    """One job of a list; of one that is over, the state no longer matters."""
    state = "" if shown is Tone.RESOLVED else f" {subject.state.value}"
    return f"• {code(subject.pool, 110)}{state}"


def moment(at: datetime) -> str:
    """A moment in UTC, which is the same for everyone who reads it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _where(command: str) -> str:
    """A command that shows the proof; a span can hold neither lines nor backticks as they are."""
    spans = command.isprintable() and "`" not in command
    return f"   {code(command, 300)}" if spans else fence(command, 300)


def _listed(values: Iterable[str]) -> str:
    return words(", ".join(dict.fromkeys(values)), 200)


def _small(text: str) -> Block:
    return {"type": "context", "elements": [_mrkdwn(text)]}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
