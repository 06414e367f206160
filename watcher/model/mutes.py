"""Who need not hear of what, until when, and why."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Losses that are not told for a while. They are still seen, shown and counted.

    *match* pairs names of labels (``engine.matching``) with globs, all of which must fit. It holds
    from *since* until just before *until*, never without an end or a reason.
    """

    id: str
    match: tuple[tuple[str, str], ...]
    since: datetime
    until: datetime
    reason: str
