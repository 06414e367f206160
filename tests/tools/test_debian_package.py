"""Unpacking a Debian package: for real, several at once, and with the reason where it fails."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tools.debian_package import DebianMachine, PackageError, machine, unpacked

SMALL = "python3-pip-whl"


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DebianMachine:
    found = machine()
    if found is None:
        pytest.skip("no apt, or no package source of this machine's own suite")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return found


def test_two_at_once_get_the_same_whole_folder_and_leave_nothing_else(
    debian: DebianMachine, tmp_path: Path
) -> None:
    try:
        with ThreadPoolExecutor(2) as pool:
            folders = set(
                pool.map(lambda suite: unpacked(SMALL, suite, debian), [debian.suite] * 2)
            )
    except PackageError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))

    (folder,) = folders
    assert list((folder / "usr/share/python-wheels").glob("pip-*.whl"))
    left = {path.name for path in (tmp_path / "watcher" / SMALL).iterdir()}
    assert left == {debian.suite, f"{debian.suite}.lock"}


def test_a_suite_that_is_nowhere_is_an_error_in_the_words_of_apt(
    debian: DebianMachine, tmp_path: Path
) -> None:
    with pytest.raises(PackageError, match=r"`apt-get update` ended with \d+: .*E: "):
        unpacked(SMALL, "no-such-suite", debian)

    assert not (tmp_path / "watcher" / SMALL / "no-such-suite").exists()
