"""Follow the spells in which a source could not be read."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from watcher.model.expectations import Unreadable
from watcher.model.history import Blindness


def spells(
    ongoing: Iterable[Blindness], unreadable: Iterable[Unreadable], now: datetime
) -> tuple[Blindness, ...]:
    """The spells after a look: those that are ongoing, those that began, and those that ended now."""
    errors = {source.source: source.error for source in unreadable}
    after = []
    for spell in ongoing:
        error = errors.pop(spell.source, None)
        if error is None:
            after.append(replace(spell, until=now))
        else:
            after.append(replace(spell, error=error))
    began = [Blindness(source=source, since=now, error=error) for source, error in errors.items()]
    return tuple(sorted([*after, *began], key=lambda spell: (spell.source, spell.since)))
