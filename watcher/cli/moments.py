"""All jobs at one moment: as they are now, or as a file keeps them."""

import time
from datetime import timedelta
from pathlib import Path

from watcher.app import compose
from watcher.cli import show
from watcher.engine.difference import differences, saved
from watcher.errors import ConfigError
from watcher.model.saved import Saved
from watcher.web.snapshot_document import DifferenceDocument, difference_document, of_file


def awaited(before: Saved, glance: compose.Glance, patience: timedelta) -> DifferenceDocument:
    """Look until nothing is worse than it was, or *patience* is over."""
    end = time.monotonic() + patience.total_seconds()
    pause = glance.world.settings.watch_interval.total_seconds()
    while True:
        after = moment(glance)
        told = difference_document(before, after, differences(before, after))
        left = end - time.monotonic()
        if left <= 0 or not (told.bad or told.doubtful):
            return told
        show.complain(f"{told.counts['lost']} lost, {told.counts['worse']} worse: looking again")
        time.sleep(min(pause, left))


def moment(glance: compose.Glance) -> Saved:
    """Every expected job as it is now."""
    with show.progress("looking …"):
        return saved(glance.result(compose.clock(), lambda _: False))


def read(path: Path) -> Saved:
    """The snapshot that a file holds. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(
            f"{path}: cannot be read: {reason}; name a file of `watcher snapshot save`"
        ) from None
    return of_file(text, str(path))
