"""Reads a log file on from where it was last read. Knows nothing of what stands in it."""

import os
from pathlib import Path
from typing import Final

from watcher.errors import SourceUnavailable

AT_MOST: Final = 8 * 1024 * 1024
"""Most bytes read at once, from the end: a log may have grown by gigabytes."""


class LogFile:
    """A log file that grows, is truncated, or is replaced by a new one of its name."""

    def __init__(self, path: Path, at_most: int = AT_MOST) -> None:
        self._path = path
        self._at_most = at_most
        self._file: tuple[int, int] | None = None
        self._position = 0

    def read(self) -> str:
        """The whole lines that were written since the last call, at first all, within the bound.

        A line that is being written is left for the next time. Raises SourceUnavailable.
        """
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                where = (status.st_dev, status.st_ino)
                if where != self._file or status.st_size < self._position:
                    self._file, self._position = where, 0
                start = max(self._position, status.st_size - self._at_most)
                file.seek(start)
                found = file.read(status.st_size - start)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}; let this user read it, or fix log_file"
            raise SourceUnavailable(str(self._path), reason) from None
        whole = found[: found.rfind(b"\n") + 1]
        if not whole and len(found) >= self._at_most:
            whole = found  # so long a line without an end is none of a log: it is passed over
        skipped, self._position = start > self._position, start + len(whole)
        if skipped:
            whole = whole.partition(b"\n")[2]  # it began in the midst of a line
        return whole.decode("utf-8", "replace")
