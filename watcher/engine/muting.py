"""Make a mute of what a person says; refuse one that says too little."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from watcher.engine.matching import NAMES, is_name
from watcher.errors import ConfigError
from watcher.model.mutes import Mute


def parsed(matchers: Iterable[str]) -> Mapping[str, str]:
    """Matchers as people type them: ``namespace=payments``. Raises ConfigError."""
    match = {}
    for matcher in matchers:
        name, equals, glob = matcher.partition("=")
        if not equals or not glob:
            raise ConfigError(f"{matcher}: write it as NAME=GLOB, such as namespace=payments")
        match[name] = glob
    return match


def a_mute(match: Mapping[str, str], lasts: timedelta, reason: str, now: datetime) -> Mute:
    """A mute from *now* on. Raises ConfigError without a matcher, an end or a reason."""
    if not match:
        raise ConfigError(
            "a mute needs a matcher, such as namespace=payments; all is muted by prometheus='*'"
        )
    if wrong := [name for name in match if not is_name(name)]:
        known = ", ".join(NAMES)
        raise ConfigError(f"{wrong[0]} is no label: use {known}, or labels.NAME of the monitor")
    if lasts <= timedelta(0):
        raise ConfigError("a mute needs an end: say for how long, such as 2h")
    if not reason.strip():
        raise ConfigError("a mute needs a reason, for those who read the inspection")
    pairs = tuple(sorted(match.items()))
    said = f"{pairs} {now.isoformat()} {lasts} {reason}"
    return Mute(
        id=hashlib.sha256(said.encode()).hexdigest()[:8],
        match=pairs,
        since=now,
        until=now + lasts,
        reason=reason.strip(),
    )
