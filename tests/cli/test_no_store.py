"""Commands that need a store: where there is none they say so, and make none."""

import pytest

from watcher.cli import run


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "WATCHER_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["mute", "name=x", "--for", "1h", "--reason", "y"], 2),
        (["unmute", "x"], 2),
        (["mutes"], 0),
        (["incidents"], 2),
        (["incidents", "--format", "json"], 2),
        (["inspect"], 2),
        (["accept", "x"], 2),
    ],
)
def test_a_store_that_is_not_there_is_told_and_not_made(words, code, tmp_path, capsys):
    assert run(words) == code
    assert "--config" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_watcher_says_that_it_makes_one(tmp_path, capsys):
    run(["run", "--cycles", "1", "--dry-run"])

    assert "there is none yet, so it is made" in capsys.readouterr().err
    assert (tmp_path / "watcher.db").exists()


def test_a_cause_that_is_misspelt_gets_the_ones_that_were_likely_meant(capsys):
    assert run(["explain", "tls-file-mising"]) == 3

    told = capsys.readouterr().err
    assert "did you mean tls-file-missing" in told
    assert "port-not-found" not in told
