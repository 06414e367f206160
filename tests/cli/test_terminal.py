"""What others wrote is shown on a terminal and not obeyed: read back by the bytes that are printed."""

import json
import logging

import pytest

from tests.nasty.strings import NASTY
from watcher.characters import in_one_line
from watcher.cli import logs
from watcher.cli.terminal import Terminal


@pytest.mark.parametrize("said", NASTY.values(), ids=NASTY.keys())
def test_a_word_of_others_is_one_line_without_control_characters(said, capsys):
    Terminal().print(f"job {said} is lost", style="red")

    shown = capsys.readouterr().out
    assert shown.endswith(" is lost\n")
    assert shown.count("\n") == 1
    assert all(char.isprintable() for char in shown[:-1])
    assert in_one_line(said.replace("\t", " ")) in shown


def test_line_feeds_before_a_text_and_within_a_command_are_kept(capsys):
    terminal = Terminal()

    terminal.print("\n3 jobs")
    terminal.print_command("watcher accept a\nwatcher accept \x1b[31mb", "  ")

    assert capsys.readouterr().out == (
        "\n3 jobs\n  watcher accept a\n  watcher accept \\x1b[31mb\n"
    )


@pytest.mark.parametrize("said", NASTY.values(), ids=NASTY.keys())
@pytest.mark.parametrize("form", logs.LogFormat)
def test_a_line_of_the_log_is_one_line(said, form, capsys):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.set_up_logging(form)
        logging.getLogger("watcher.x").warning("job %s is lost", said)
    finally:
        root.handlers[:], root.level = handlers, level

    line = capsys.readouterr().err.removesuffix("\n")
    assert line.isprintable()
    if form is logs.LogFormat.JSON:
        assert json.loads(line)["msg"] == f"job {said} is lost"
    else:
        assert line.endswith(" is lost")
