"""Commands where nothing is expected: they cannot tell, and say what to name."""

import pytest

from watcher.cli import run


@pytest.mark.parametrize("command", ["once", "audit"])
def test_where_nothing_is_expected_it_is_said_what_to_name(tmp_path, monkeypatch, capsys, command):
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "WATCHER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    code = run([command])

    assert code == 2
    assert "name a cluster (KUBECONFIG" in " ".join(capsys.readouterr().err.split())


def test_a_server_that_cannot_be_reached_is_told_once_and_not_asked_to_be_named(capsys):
    code = run(["once", "--prometheus-url", "http://127.0.0.1:1"])

    told = capsys.readouterr()
    assert code == 2
    assert " ".join(told.out.split()).count("connection refused") == 1
    assert told.err == ""
