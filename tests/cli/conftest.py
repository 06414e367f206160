"""The place that commands run in."""

from contextlib import ExitStack

import pytest

from tests.cli.place import opened


@pytest.fixture
def place(tmp_path, capsys):
    with ExitStack() as stack:
        yield opened(tmp_path, capsys, stack)
