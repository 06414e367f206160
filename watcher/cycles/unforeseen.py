"""What nobody foresaw, in the log: each kind once, and where it was raised.

A fault of ours costs only the rule, the facts or the reading that it is in, and it does so in every
watch: the log need not say it in every watch.
"""

import logging
import traceback
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

_FRAMES: Final = 8
_written: Final[set[tuple[str, str, str]]] = set()


def write(what: str, error: Exception, *, of: str) -> None:
    """Say that *what* failed *of* something, unless that was said of another failure of its kind.

    Of a kind are the same errors from the same line. Their words are not said: they may hold what
    is in an object, an address or a token.
    """
    frames = [
        f"{frame.name} ({Path(frame.filename).name}:{frame.lineno})"
        for frame in reversed(traceback.extract_tb(error.__traceback__)[-_FRAMES:])
    ]
    kind = (what, type(error).__name__, frames[0] if frames else "")
    if kind in _written:
        return
    _written.add(kind)
    logger.warning(
        "%s failed, of %s at first: %s in %s; this is a fault of watcher: please report it",
        what,
        of,
        kind[1],
        " < ".join(frames),
    )
