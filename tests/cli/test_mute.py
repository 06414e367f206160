"""``watcher mute``, ``mutes`` and ``unmute``."""

import re
from datetime import timedelta

import pytest
import yaml

from watcher.adapters.sql.opening import open_store
from watcher.cli import run


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "watcher.yaml"
    nightly = {
        "match": {"name": "batch-*"},
        "cron": "* * * * *",
        "lasts": "1h",
        "timezone": "Europe/Berlin",
        "reason": "the nodes are patched",
    }
    settings = {"store": f"sqlite:///{tmp_path / 'watcher.db'}", "mutes": [nightly]}
    file.write_text(yaml.safe_dump(settings))
    open_store(settings["store"], timedelta(days=1)).close()
    return str(file)


def watcher(config, *words):
    return run([*words, "--config", config])


def test_a_mute_is_made_listed_and_ended(config, capsys):
    made = watcher(config, "mute", "--for", "2h", "--reason", "the shop moves", "namespace=pay*")
    id_ = re.search(r"muted (\w+): namespace=pay\* until", capsys.readouterr().out)[1]
    watcher(config, "mutes")
    listed = capsys.readouterr().out
    ended = watcher(config, "unmute", id_)
    capsys.readouterr()
    watcher(config, "mutes")
    after = capsys.readouterr().out

    assert (made, ended) == (0, 0)
    assert re.search(rf"{id_}: namespace=pay\* until .* UTC: the shop moves", listed)
    assert "name=batch-*" in listed
    assert id_ not in after


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--for", "2h", "--reason", "x", "namespace"], "write it as NAME=GLOB"),
        (["--for", "2h", "--reason", "x", "colour=red"], "colour is no label"),
        (["--for", "2", "--reason", "x", "namespace=a"], "--for: expected a duration"),
        (["--for", "2h", "--reason", " ", "namespace=a"], "needs a reason"),
        (["--for", "2h", "--reason", "x"], "Missing argument"),
        (["--reason", "x", "namespace=a"], "Missing option"),
        (["--for", "2h", "namespace=a"], "Missing option"),
    ],
)
def test_one_without_an_end_a_reason_or_a_matcher_is_refused(config, capsys, words, said):
    code = watcher(config, "mute", *words)

    assert code == 3
    assert said in capsys.readouterr().err


def test_what_is_no_mute_cannot_be_ended(config, capsys):
    code = watcher(config, "unmute", "nothing")

    assert code == 3
    assert "`watcher mutes` lists them" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [{"cron": "daily"}, {"timezone": "Mars/Olympus"}])
def test_a_window_that_cannot_be_is_said(config, capsys, wrong):
    with open(config) as file:  # noqa: PTH123
        settings = yaml.safe_load(file)
    settings["mutes"][0] |= wrong
    with open(config, "w") as file:  # noqa: PTH123
        yaml.safe_dump(settings, file)

    code = watcher(config, "check-config")

    assert code == 3
    assert "mutes.0" in capsys.readouterr().err
