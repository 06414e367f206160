"""The settings file that people start from: it can be used as it is, and so can all of its comments."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from watcher.cli import run
from watcher.settings import Settings, load

EXAMPLE = Path(__file__).parent.parent / "config" / "watcher.example.yaml"
FROM_ENVIRONMENT = {"slack.token", "slack.webhook_url"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "WATCHER_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def test_the_example_can_be_used_as_it_is(capsys):
    code = run(["check-config", "--config", str(EXAMPLE)])

    assert code == 0
    assert "Settings are valid" in capsys.readouterr().out


def test_the_example_changes_no_default():
    settings = load(EXAMPLE)

    assert settings == Settings()


def test_the_example_with_every_comment_turned_on_can_be_used(tmp_path, capsys):
    text = _all_on().replace("/etc/watcher/", f"{tmp_path}/")
    (tmp_path / "watcher.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "kubeconfig").write_text(_KUBECONFIG, encoding="utf-8")
    (tmp_path / "web.yaml").write_text("", encoding="utf-8")
    (tmp_path / "manifests").mkdir()
    for name in re.findall(rf"{tmp_path}/([a-z.-]+)", text):
        if not (tmp_path / name).exists():
            (tmp_path / name).write_text("x", encoding="utf-8")

    code = run(["check-config", "--config", str(tmp_path / "watcher.yaml")])

    assert code == 0, capsys.readouterr().err


def test_the_example_names_every_setting():
    written = set(_written(yaml.safe_load(_all_on())))
    # Every other `http` has the keys of the top one, which the example says.
    own_http = {name for name in _named(Settings) if ".http." in name}
    former = {name for name in _named(Settings) if name.startswith("slack.routes.")}

    assert set(_named(Settings)) - FROM_ENVIRONMENT - own_http - former <= written


def test_every_control_plane_profile_of_the_example_says_what_is_not_reachable():
    text = EXAMPLE.read_text(encoding="utf-8")

    for platform in ("EKS", "GKE", "AKS", "k3s", "Talos"):
        assert re.search(rf"^##   {platform} .*(not reachable|loopback)", text, flags=re.MULTILINE)


def _all_on():
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return "\n".join(re.sub(r"^# ", "", line) for line in lines if not line.startswith("##"))


def _named(section, prefix=""):
    for name, field in section.model_fields.items():
        inner = _section_of(field.annotation)
        yield from _named(inner, f"{prefix}{name}.") if inner else (f"{prefix}{name}",)


def _section_of(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_of(part))), None)


def _written(value, prefix=""):
    if isinstance(value, list):
        for item in value:
            yield from _written(item, prefix)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield f"{prefix}{name}"
            yield from _written(inner, f"{prefix}{name}.")


_KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: production
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
contexts: [{name: production, context: {cluster: c, user: u}}]
"""
