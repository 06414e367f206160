"""Durations as Prometheus writes them: ``1h30m``, ``15s``, ``500ms``."""

import re
from typing import Final

_UNITS: Final = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION: Final = re.compile(
    "".join(f"(?:(?P<{unit}>[0-9]+){unit})?" for unit in ("y", "w", "d", "h"))
    + "(?:(?P<m>[0-9]+)m(?!s))?(?:(?P<s>[0-9]+)s)?(?:(?P<ms>[0-9]+)ms)?"
)


def milliseconds(words: str) -> int | None:
    """Length in milliseconds, None for what Prometheus does not take for a duration."""
    if words == "0":
        return 0
    found = _DURATION.fullmatch(words) if words else None
    if found is None:
        return None
    return sum(int(count) * _UNITS[unit] for unit, count in found.groupdict().items() if count)
