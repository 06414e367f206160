"""Making the environment: at once where nothing changed, and an error that says what to do."""

from pathlib import Path

import pytest

from tools import make_venv


def test_an_environment_that_is_made_from_the_lock_as_it_stands_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stamp = tmp_path / ".stamp"
    stamp.write_text(make_venv.fingerprint(), encoding="ascii")

    answer = make_venv.main(["--venv", str(tmp_path)])

    assert answer == 0
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == [stamp]


def test_a_place_that_cannot_hold_an_environment_is_an_error_with_its_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "file"
    taken.touch()

    answer = make_venv.main(["--venv", str(taken / "venv")])

    said = capfd.readouterr().err
    assert answer == 1
    assert "making the environment failed" in said
    assert "Fix that and run it again." in said
