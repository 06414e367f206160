"""The two versions that decide what the operator accepts: its own and that of Prometheus.

Ground: the sources of prometheus-operator v0.65 to v0.93, but for v0.67 and v0.86.
"""

import re
from dataclasses import dataclass
from typing import Final

from watcher.model.observations import at_least

_ERAS: Final = (65, 66, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 84, 87)
ERAS: Final = tuple(f"0.{minor}.0" for minor in (*_ERAS, 88, 89, 90, 91, 92, 93))
"""The operator's versions since which it judges otherwise than before."""

_UNSEEN: Final = {67: ("0.66.0", "0.68.0"), 86: ("0.85.0", "0.87.0")}
"""Versions whose sources were not seen, with what they may be like."""

_VERSION: Final = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The versions of Prometheus, None for the operator's own default, and of the operator."""

    prometheus: str | None
    operator: str

    def prometheus_is(self, *least: int) -> bool:
        """Whether Prometheus is of that version or later."""
        return at_least(self.prometheus, *least)

    def operator_is(self, minor: int) -> bool:
        """Whether the operator is v0.*minor* or later."""
        return at_least(self.operator, 0, minor)


def candidates(operator: str | None) -> tuple[str, ...]:
    """The versions as which an operator of this version may judge; all where it is not known."""
    found = None if operator is None else _VERSION.match(operator)
    if found is None:
        return ERAS
    major, minor = int(found[1]), int(found[2])
    if major:
        return ERAS[-1:]
    return _UNSEEN.get(minor, (f"0.{max(minor, _ERAS[0])}.0",))
