"""Reads a file that a person named: never without end, and never waiting for ever.

A path may be a pipe (``--config <(sops -d …)``) or a device, so neither its end nor its size is sure.
"""

import errno
import os
import select
import stat
from pathlib import Path
from typing import Final

WAIT: Final = 10.0
"""Seconds to wait for more of a pipe."""

_MIB: Final = 1024 * 1024
LARGEST: Final = 64 * _MIB
"""Most bytes of one file."""


def read_text(path: Path) -> str:
    """The text in the file at *path*. Raises OSError as ``read_bytes``, and for something that is not text."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "it is no UTF-8 text", str(path)) from None


def read_bytes(path: Path, wait: float = WAIT) -> bytes:
    """What is in the file at *path*.

    Raises OSError, also for one of more than LARGEST bytes, and for a pipe into which nobody writes
    for *wait* seconds.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        return _until_its_end(descriptor, path, wait)
    finally:
        os.close(descriptor)


def _until_its_end(descriptor: int, path: Path, wait: float) -> bytes:
    read = bytearray()
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    while True:
        if not ready.poll(wait * 1000):
            raise TimeoutError(errno.ETIMEDOUT, f"nothing came for {wait:g} s", str(path))
        piece = os.read(descriptor, _MIB)
        if not piece:
            return bytes(read)
        read += piece
        if len(read) > LARGEST:
            raise OSError(errno.EFBIG, f"it has more than {LARGEST // _MIB} MiB", str(path))
