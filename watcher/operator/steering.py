"""What the owner of a monitor says by annotations, and when the monitor last changed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from watcher.model.expectations import Steering
from watcher.model.kube import KubeObject, moment, objects, text
from watcher.secrecy import clipped

IGNORE: Final = "watcher/ignore"
REASON: Final = "watcher/reason"
UNTIL: Final = "watcher/until"
SEVERITY: Final = "watcher/severity"
OWNER: Final = "watcher/owner"
MIN_TARGETS: Final = "watcher/min-targets"
SEVERITIES: Final = ("critical", "warning", "notice")

T = TypeVar("T")


def steering(monitor: KubeObject) -> Steering:
    """The owner's wishes for all jobs of *monitor*, as far as they can be understood.

    One that cannot be takes nothing away: the job is then not ignored, for ``misheard`` names it.
    """
    return _heard(monitor)[0]


def misheard(monitor: KubeObject) -> tuple[str, ...]:
    """What is wrong with the annotations of *monitor*; a wish must not be silently passed over."""
    return _heard(monitor)[1]


def changed_at(monitor: KubeObject) -> datetime | None:
    """When anything but its status last changed, by its managedFields, else when it was made."""
    times = [
        at
        for entry in objects(monitor.raw, "metadata", "managedFields")
        if text(entry, "subresource") != "status" and (at := moment(entry, "time")) is not None
    ]
    return max(times, default=monitor.created_at)


def _heard(monitor: KubeObject) -> tuple[Steering, tuple[str, ...]]:
    said = monitor.annotations
    faults: list[str] = []

    def understood(name: str, read: Callable[[str], T], expected: str) -> T | None:
        try:
            return None if name not in said else read(said[name])
        except ValueError:
            faults.append(
                f"annotation {name}: expected {expected}, got {clipped(said[name], 40)!r}"
            )
            return None

    ignored = understood(IGNORE, _yes, "true or false") or False
    until = understood(UNTIL, _moment, "a day or an RFC 3339 time")
    endless = UNTIL in said and until is None
    wishes = Steering(
        ignored=ignored and not endless,
        reason=said.get(REASON),
        until=until,
        severity=understood(SEVERITY, _severity, f"one of {', '.join(SEVERITIES)}"),
        owner=said.get(OWNER),
        min_targets=understood(MIN_TARGETS, _count, "a whole number"),
    )
    return wishes, tuple(faults)


def _yes(said: str) -> bool:
    if said.lower() not in {"true", "yes", "false", "no", ""}:
        raise ValueError(said)
    return said.lower() in {"true", "yes"}


def _moment(said: str) -> datetime:
    """A day or a time; a day alone, or a time without a zone, is in UTC."""
    at = datetime.fromisoformat(said)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _severity(said: str) -> str:
    if said not in SEVERITIES:
        raise ValueError(said)
    return said


def _count(said: str) -> int:
    if not (said.isascii() and said.isdigit()):
        raise ValueError(said)
    return int(said)
