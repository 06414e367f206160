"""In which state a message is shown, in words and in colour: never in colour alone. Pure."""

from enum import StrEnum
from typing import Final, assert_never

from watcher.engine.wording import Message
from watcher.model.comparison import JobState
from watcher.model.incidents import Status


class Tone(StrEnum):
    """The state of a message as people see it."""

    PENDING = "Pending"
    FIRING = "Firing"
    DEGRADED = "Degraded"
    NOTICE = "Notice"
    BLIND = "Cannot see"
    RESOLVED = "Resolved"

    @property
    def colour(self) -> str:
        """Colour of the bar beside it, as Slack takes it."""
        return _COLOURS[self]


RED: Final = "#C9302C"
AMBER: Final = "#E8A317"
GREEN: Final = "#2E9E5B"
GREY: Final = "#8A8F98"

_COLOURS: Final = {
    Tone.PENDING: AMBER,
    Tone.FIRING: RED,
    Tone.DEGRADED: AMBER,
    Tone.NOTICE: AMBER,
    Tone.BLIND: GREY,
    Tone.RESOLVED: GREEN,
}


def tone(message: Message) -> Tone:
    """The tone of *message*."""
    match message.status:
        case Status.RESOLVED:
            return Tone.RESOLVED
        case Status.PENDING:
            return Tone.PENDING
        case Status.FIRING:
            return _firing(message)
        case unreachable:
            assert_never(unreachable)


def _firing(message: Message) -> Tone:
    if message.severity == "blind":
        return Tone.BLIND
    if message.severity == "notice":
        return Tone.NOTICE
    states = {subject.state for subject in message.about}
    return Tone.DEGRADED if states == {JobState.DEGRADED} else Tone.FIRING
