"""What is to be done in Slack so that a message is told: post, edit, or reply. Pure.

One living message per problem: posted once, edited when it changes, answered in its thread when it
ends or is still there. A webhook can only post, so it says less often what it can say only loudly.
"""

from enum import StrEnum
from typing import Final

from watcher.adapters.slack.blocks import Payload, fallback, metadata
from watcher.adapters.slack.parts import SHOWN_JOBS, job_line, mention, moment, section
from watcher.adapters.slack.text import paragraph, units, words
from watcher.adapters.slack.tone import Tone, tone
from watcher.engine.announce import Reason
from watcher.engine.wording import Message, length
from watcher.model.history import Sent
from watcher.model.incidents import Status


class Act(StrEnum):
    """One thing to do in the channel."""

    POST = "post"
    EDIT = "edit"
    REPLY = "reply"


_HOOK: Final = "webhook:"
_LOUD: Final = frozenset({Reason.REPEAT.value, Reason.ESCALATED.value})
_NO_FILE: Final = "The file could not be attached: "
_LONGEST_REPLY: Final = 2_900


def acts(message: Message, last: Sent | None) -> tuple[Act, ...]:
    """What to do with *message*, in order.

    Each act but the last can be done twice without anybody noticing, so that all of them can be
    done again when the last one failed.
    """
    if last is None or place(last.handle) is None or _over(last, message):
        return (Act.POST,)
    if message.status is Status.RESOLVED or message.reason == Reason.ESCALATED:
        return (Act.EDIT, Act.REPLY)
    return (Act.REPLY,) if message.reason == Reason.REPEAT else (Act.EDIT,)


def place(handle: str) -> tuple[str, str] | None:
    """Channel id and ts of a handle, None where it names no message that could be edited."""
    channel, _, ts = handle.partition("/")
    return (channel, ts) if channel and ts and not handle.startswith(_HOOK) else None


def hook_handle(message: Message, last: Sent | None) -> str | None:
    """The handle after *message* is posted to a webhook, None when it is not to be posted.

    Each cause is told once, whatever else changes; the handle remembers which were.
    """
    told: list[str] = []
    if last is not None and not _over(last, message):
        told = last.handle.removeprefix(_HOOK).split(",") if last.handle else []
    cause = message.cause or "none"
    loud = message.status is Status.RESOLVED or message.reason in _LOUD
    if cause in told and not loud:
        return None
    return _HOOK + ",".join(dict.fromkeys([*filter(None, told), cause]))


def reply(message: Message) -> Payload:
    """The line in the thread: how it ended, or that it is still there; an escalation rings."""
    escalated = message.reason == Reason.ESCALATED
    if message.duration is not None:
        said = f"*Resolved* after {length(message.duration)}."
    else:
        how = f"Now {words(message.severity, 40)}, still" if escalated else "Still"
        still = f"*{how} {tone(message).value.lower()}* since {moment(message.starts_at)}"
        said = f"{still}: {words(message.summary, 800)}"
    if escalated and message.mention is not None:
        said = f"{mention(message.mention)} {said}"
    return {
        "text": fallback(message),
        "blocks": [section(said)],
        "metadata": _reply_metadata(message),
        "reply_broadcast": escalated,
    }


def rest(message: Message) -> tuple[str, ...]:
    """The jobs that the message itself does not name, as texts for its thread."""
    shown: Tone = tone(message)
    texts: list[str] = []
    lines: list[str] = []
    for subject in message.about[SHOWN_JOBS:]:
        line = job_line(subject, shown)
        if lines and units("\n".join([*lines, line])) > _LONGEST_REPLY:
            texts.append("\n".join(lines))
            lines = []
        lines.append(line)
    return (*texts, "\n".join(lines)) if lines else ()


def note(text: str) -> Payload:
    """A message of one section; *text* is mrkdwn already."""
    return {"text": text.partition("\n")[0], "blocks": [section(text)]}


def comment_note(comment: str, why_no_file: str = "") -> Payload:
    """The comment of a file; *why_no_file* says why it stands alone."""
    said = paragraph(comment, 2_700)
    return note(f"{said}\n_{_NO_FILE}{why_no_file}_" if why_no_file else said)


def _reply_metadata(message: Message) -> Payload:
    """As that of the message, and why: a thread has one reply for each reason but reminders."""
    known = metadata(message)
    payload = known["event_payload"] | {"reason": str(message.reason)}
    return known | {"event_payload": payload}


def _over(last: Sent, message: Message) -> bool:
    """Whether what was told before had ended, and this is new."""
    return last.status is Status.RESOLVED and message.status is not Status.RESOLVED
