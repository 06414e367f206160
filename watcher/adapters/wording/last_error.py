"""Makes a target's lastError fit to be compared and printed. Pure.

Prometheus's own text holds an ephemeral port, the current time or a remote's whole HTML page, so
that one fault reads differently at each scrape (2.42.0, 2.53.3, 3.5.3).
"""

import re
from typing import Final

from watcher.secrecy import without_secrets

LONGEST: Final = 300
"""Length at which a lastError is cut, in characters."""

_READ: Final = 16_384
_EPHEMERAL: Final = re.compile(r"\b((?:read|write) (?:tcp|udp)\d? )(\S+):\d+->")
_CURRENT: Final = re.compile(r"current time \d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")


def steady(text: str, longest: int = LONGEST) -> str:
    """*text* on one line, without what changes at each scrape or is secret, cut to *longest*."""
    text = text[:_READ]
    text = _EPHEMERAL.sub(r"\1\2->", text)
    text = _CURRENT.sub("current time", text)
    text = without_secrets(text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
