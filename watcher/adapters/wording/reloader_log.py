"""Finds in the log of prometheus-config-reloader whether its last reload failed, and why.

Pure: text in, at most one line out. Words of 0.65 to 0.93, whose reloader is that of Thanos: each
try that fails says ``function failed. Retrying in next tick`` or ``Failed to trigger reload. Retrying.``, one that
succeeds ``Reload triggered``, and what ends the process ``Failed to run``.
"""

import re
from typing import Final

from watcher.adapters.wording.last_error import steady
from watcher.adapters.wording.log_lines import LONGEST, fields_of, time_of
from watcher.model.facts import ReloaderLine

_CONCERNS: Final = re.compile(r"Reload triggered|[Rr]etrying|Failed to run|apply failed")
_WORDLESS: Final = "context deadline exceeded"
"""How a try ends that is cut by the end of its tick: the others say why."""


def last_failure(text: str) -> ReloaderLine | None:
    """The failure that no success came after; None where the last try succeeded, or there was none."""
    found: ReloaderLine | None = None
    for line in text.splitlines():
        if not _CONCERNS.search(line):
            continue
        fields = fields_of(line.strip())
        message, error = fields.get("msg", ""), fields.get("err") or fields.get("error") or ""
        if message == "Reload triggered":
            found = None
        elif error:
            words = steady(error.partition("\n")[0], LONGEST)
            if found is None or not words.endswith(_WORDLESS):
                begun = found.since if found else time_of(fields)
                found = ReloaderLine(text=words, since=begun, at=time_of(fields))
    return found
