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
