"""What the owner of a monitor says by annotations, and when the monitor last changed."""

from datetime import UTC, datetime
from typing import Final

from watcher.model.expectations import Steering
from watcher.model.kube import FieldError, KubeObject, moment, objects, text

IGNORE: Final = "watcher/ignore"
REASON: Final = "watcher/reason"
UNTIL: Final = "watcher/until"
SEVERITY: Final = "watcher/severity"
OWNER: Final = "watcher/owner"
MIN_TARGETS: Final = "watcher/min-targets"


def steering(monitor: KubeObject) -> Steering:
    """The owner's wishes for all jobs of *monitor*.

    Raises FieldError for an annotation that cannot be understood: a wish that is silently not
    heeded would be worse than the noise of naming it.
    """
    said = monitor.annotations
    return Steering(
        ignored=_yes(said.get(IGNORE)),
        reason=said.get(REASON),
        until=_until(said.get(UNTIL)),
        severity=said.get(SEVERITY),
        owner=said.get(OWNER),
        min_targets=_count(said.get(MIN_TARGETS)),
    )


def changed_at(monitor: KubeObject) -> datetime | None:
    """When anything but its status last changed, by its managedFields, else when it was made."""
    times = [
        at
        for entry in objects(monitor.raw, "metadata", "managedFields")
        if text(entry, "subresource") != "status" and (at := moment(entry, "time")) is not None
    ]
    return max(times, default=monitor.created_at)


def _yes(said: str | None) -> bool:
    if said is None or said.lower() in {"false", "no", ""}:
        return False
    if said.lower() in {"true", "yes"}:
        return True
    raise FieldError(("metadata", "annotations", IGNORE), "true or false", said)


def _until(said: str | None) -> datetime | None:
    """A day or a time; a day alone, or a time without a zone, is in UTC."""
    if said is None:
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        expected = "a day or an RFC 3339 time"
        raise FieldError(("metadata", "annotations", UNTIL), expected, said) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _count(said: str | None) -> int | None:
    if said is None:
        return None
    if said.isascii() and said.isdigit():
        return int(said)
    raise FieldError(("metadata", "annotations", MIN_TARGETS), "a whole number", said)
