"""The weekly summing-up, as a value: what happened between two moments."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.model.findings import Risk
from watcher.model.history import Blindness, WatchRecord
from watcher.model.incidents import Incident
from watcher.model.mutes import Mute


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What happened between *since* and *until*.

    ``watches`` is how many watches there were; ``coverage`` the share of job-watches that were
    healthy, 0 to 1, None without a watch. ``latest`` is the last watch. ``lost`` are incidents that
    fired and continue, ``recovered`` those that fired and ended well, ``retired`` those that ended
    because the job is no longer expected. ``blind`` are the spells of blindness, ``blind_for``
    their length, overlaps counted once, cut to the stretch; ``unwatched_for`` is the time in which
    no watch was made at all (the daemon was not running). ``mutes`` are those that held.
    """

    since: datetime
    until: datetime
    watches: int
    coverage: float | None
    latest: WatchRecord | None
    lost: tuple[Incident, ...]
    recovered: tuple[Incident, ...]
    retired: tuple[Incident, ...]
    at_risk: tuple[Risk, ...]
    blind: tuple[Blindness, ...]
    blind_for: timedelta
    unwatched_for: timedelta
    by_cause: tuple[tuple[str, int], ...]
    mutes: tuple[Mute, ...] = ()
