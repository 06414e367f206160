"""The lock on an SQLite file itself, by whatever name or link it was opened.

The kernel lets go of it when its holder ends, however it ends.
"""

import fcntl
import os
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from watcher.adapters.sql.errors import name_of
from watcher.errors import OustedError, StoreError

_IDLE: Final[dict[tuple[int, int], list[int]]] = {}
"""Descriptors of each file (device and inode) that hold no lock just now.

They are never closed: with any descriptor of a file the kernel takes SQLite's own locks on it away
from the whole process.
"""


class FileLock:
    """The lock on the file of *url*; one that is not there raises StoreError."""

    def __init__(self, url: URL) -> None:
        self._name = name_of(url)
        self._path = Path(url.database or "")
        try:
            idle = _IDLE.get(_identity(self._path.stat()))
            self._file = idle.pop() if idle else os.open(self._path, os.O_RDONLY)
        except OSError as error:
            raise StoreError(
                f"{self._name}: it cannot be opened: {error.strerror}: let this user read and write it"
            ) from error

    def taken(self) -> bool:
        """Take it, if nobody has it. Raises StoreError where files cannot be locked."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise StoreError(
                f"{self._name}: it cannot be locked: {error.strerror}: put it on a disk of this machine"
            ) from error
        return True

    def still(self) -> str | None:
        """Say that the file is gone: all that is written is lost when the watcher ends."""
        ours = _identity(os.fstat(self._file))
        try:
            there = _identity(self._path.stat())
        except OSError:
            return (
                f"{self._name}: its file was deleted or moved away, and what is written now is lost "
                "when the watcher ends: put it back (its content: "
                f"/proc/{os.getpid()}/fd/{self._file}), and restart the watcher"
            )
        if there != ours:
            raise OustedError(
                f"{self._name}: another file was put in its place: this watcher ends; the next one "
                "begins with that file"
            )
        return None

    def let_go(self) -> None:
        """Let another have it."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        _IDLE.setdefault(_identity(os.fstat(self._file)), []).append(self._file)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
