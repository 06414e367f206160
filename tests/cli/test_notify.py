"""``watcher notify --test``: each receiver gets a message, and it is said which took it."""

import json

import pytest

from tests.contracts.notifier import Failure
from tests.receivers import HttpReceiver
from tests.slack_api import CHANNEL, TOKEN, SlackAPI


@pytest.fixture
def program():
    with HttpReceiver() as receiver:
        yield receiver


@pytest.fixture
def slack():
    with SlackAPI() as server:
        yield server


def told(place, program, slack, monkeypatch):
    monkeypatch.setenv("WATCHER_SLACK_TOKEN", TOKEN)
    place.settings(
        slack={"api_url": slack.url, "channel": CHANNEL},
        webhook={
            "url": program.url + "/hook",
            "secret_file": str(place.write("secret", "of this test")),
        },
    )
    return place.run("notify", "--test")


def test_each_receiver_gets_a_message(place, program, slack, monkeypatch):
    ran = told(place, program, slack, monkeypatch)

    assert ran.code == 0
    assert ran.out == "slack: delivered\nwebhook: delivered\n"
    assert "Test message from watcher" in json.dumps(program.taken)


def test_one_that_does_not_take_it_is_named_with_why(place, program, slack, monkeypatch):
    program.fail(Failure("status", 403))

    ran = told(place, program, slack, monkeypatch)

    assert ran.code == 2
    assert "slack: delivered\n" in ran.out
    assert "webhook: not delivered: " in ran.out
    assert "403" in ran.out


def test_settings_without_a_receiver_are_wrong(place):
    ran = place.run("notify", "--test")

    assert ran.code == 3
    assert "no receiver" in ran.err


def test_without_the_option_it_says_what_to_add(place):
    ran = place.run("notify")

    assert ran.code == 3
    assert "--test" in ran.err
