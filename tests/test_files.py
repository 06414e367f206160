"""Files that people name: what is no plain file neither hangs nor fills the memory."""

import os
from pathlib import Path

import pytest

from watcher import files


def test_what_a_pipe_holds_is_read_to_its_end():
    reading, writing = os.pipe()
    os.write(writing, b"a: 1\n")
    os.close(writing)
    try:
        assert files.read_text(Path(f"/dev/fd/{reading}")) == "a: 1\n"
    finally:
        os.close(reading)


def test_a_pipe_that_nobody_writes_to_is_not_waited_for_for_ever(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(TimeoutError, match="nothing came for"):
        files.read_bytes(pipe, wait=0.1)


def test_a_file_without_end_is_refused():
    with pytest.raises(OSError, match="more than 64 MiB"):
        files.read_bytes(Path("/dev/zero"))


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(IsADirectoryError):
        files.read_bytes(tmp_path)


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    with pytest.raises(OSError, match="no UTF-8 text"):
        files.read_text(tmp_path / "binary")
