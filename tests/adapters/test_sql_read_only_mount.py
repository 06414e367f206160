"""A store on a volume that was mounted for reading only is refused with advice, and left as it was."""

import os
import subprocess

import pytest

from tests.adapters.test_sql import opened
from watcher.errors import StoreError


@pytest.fixture
def volume(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root may mount")
    place = tmp_path / "volume"
    place.mkdir()
    made = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(made, capture_output=True, check=False).returncode != 0:
        pytest.skip("this root may not mount")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("there", [True, False], ids=["a store", "no store yet"])
def test_it_is_refused_at_start_with_what_to_do(volume, there):
    file = volume / "watcher.db"
    if there:
        opened(file).close()
    before = sorted(each.name for each in volume.iterdir())
    subprocess.run(["mount", "-o", "remount,ro", str(volume)], check=True)

    with pytest.raises(StoreError) as raised:
        opened(file)

    assert str(file) in str(raised.value)
    assert sorted(each.name for each in volume.iterdir()) == before
