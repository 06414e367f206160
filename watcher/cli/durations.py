"""Durations in arguments."""

from datetime import timedelta

from watcher.errors import ConfigError


def stretch(option: str, said: str) -> timedelta:
    """The duration that *option* says. Raises ConfigError for a text of another form."""
    from watcher.settings import duration

    try:
        found = duration(said)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
    if not isinstance(found, timedelta) or found <= timedelta(0):
        raise ConfigError(f"{option}: expected a duration such as 7d, got {said!r}")
    return found
