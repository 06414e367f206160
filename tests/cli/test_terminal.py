"""What others wrote is shown on a terminal and not obeyed: read back by the bytes that are printed."""

import pytest

from watcher.cli.terminal import Terminal, visible

NASTY = {
    "closing markup": "[/x] and [/bold]",
    "a link of markup": "[link=http://evil.test]click[/link]",
    "a colour": "\x1b[31mred\x1b[0m",
    "a link of the terminal": "\x1b]8;;http://evil.test\x07click\x1b]8;;\x07",
    "a title": "\x1b]0;owned\x07",
    "C1": "\x9b31mred",
    "null": "a\x00b",
    "another direction": "a\u202eb\u2066c",
    "a forged line": "b; id\n0 of 3 jobs lost",
    "a carriage return": "x\rFAKE",
}


@pytest.mark.parametrize("said", NASTY.values(), ids=NASTY.keys())
def test_a_word_of_others_is_one_line_without_control_characters(said, capsys):
    Terminal().print(f"job {said} is lost", style="red")

    shown = capsys.readouterr().out
    assert shown.endswith(" is lost\n")
    assert shown.count("\n") == 1
    assert all(char.isprintable() for char in shown[:-1])
    assert visible(said.split("\n")[0]) in shown


def test_line_feeds_before_a_text_and_within_a_command_are_kept(capsys):
    terminal = Terminal()

    terminal.print("\n3 jobs")
    terminal.print_command("watcher accept a\nwatcher accept \x1b[31mb", "  ")

    assert capsys.readouterr().out == (
        "\n3 jobs\n  watcher accept a\n  watcher accept \\x1b[31mb\n"
    )
