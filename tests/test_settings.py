"""Settings: what is wrong in them is told by file and field, and what is left out is found out."""

from datetime import timedelta

import pytest
import yaml

from watcher.errors import ConfigError
from watcher.settings import Settings, checked, load


def _places(*servers, name="monitoring/k8s"):
    made = [{"url": f"http://{n}.example.com:9090", **server} for n, server in enumerate(servers)]
    settings = checked({"prometheuses": [{"name": name, "servers": made}]}, None)
    return [(s.name, s.shard, s.replica) for s in settings.prometheuses[0].servers]


def _refused(tmp_path, text):
    path = tmp_path / "watcher.yaml"
    path.write_text(text if isinstance(text, str) else yaml.safe_dump(text), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_servers_named_as_pods_are_the_replicas_and_shards_that_their_names_say():
    placed = _places(
        {"name": "prometheus-k8s-1"},
        {"name": "prometheus-k8s-0"},
        {"name": "prometheus-k8s-shard-1-0"},
        {"name": "prometheus-k8s-shard-1-1"},
    )

    assert placed == [
        ("prometheus-k8s-1", 0, 1),
        ("prometheus-k8s-0", 0, 0),
        ("prometheus-k8s-shard-1-0", 1, 0),
        ("prometheus-k8s-shard-1-1", 1, 1),
    ]


def test_servers_of_an_agent_are_numbered_by_their_names_too():
    assert _places({"name": "prom-agent-edge-1"}, name="mon/edge") == [("prom-agent-edge-1", 0, 1)]


def test_servers_of_other_names_are_replicas_in_their_order():
    placed = _places({"name": "left"}, {"name": "right"}, name="elsewhere")

    assert placed == [("left", 0, 0), ("right", 0, 1)]


def test_a_number_that_is_set_stands_and_the_others_go_around_it():
    placed = _places({"name": "a"}, {"name": "b", "replica": 0}, {"name": "c", "shard": 1})

    assert placed == [("a", 0, 1), ("b", 0, 0), ("c", 1, 0)]


def test_two_servers_in_one_place_are_refused(tmp_path):
    servers = [
        {"name": name, "url": "http://127.0.0.1:1", "replica": 1} for name in ("left", "right")
    ]

    told = _refused(tmp_path, {"prometheuses": [{"name": "a/b", "servers": servers}]})

    assert "prometheuses.0.servers: left and right are both replica 1 of shard 0" in told


def test_two_servers_of_one_name_are_refused(tmp_path):
    servers = [{"name": "twin", "url": f"http://127.0.0.1:{port}"} for port in (1, 2)]

    told = _refused(tmp_path, {"prometheuses": [{"name": "a/b", "servers": servers}]})

    assert "two are called twin" in told


def test_two_prometheuses_of_one_name_are_refused(tmp_path):
    told = _refused(tmp_path, {"prometheuses": [{"name": "a/b"}, {"name": "a/b"}]})

    assert "prometheuses: two are called a/b" in told


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("watch_intervall: 30s", "watch_intervall", "did you mean watch_interval?"),
        ("watch_interval: 30", "watch_interval", "with its unit, such as 30s"),
        ("watch_interval: 5x", "watch_interval", "a duration such as 30s"),
        ("watch_interval: 0s", "watch_interval", "more than 0s"),
        ("watch_interval: 99999999999999w", "watch_interval", "a thousand years"),
        ("retention: 9999999w", "retention", "a thousand years"),
        ("prometheuses: monitoring/k8s", "prometheuses", "expected a list"),
        ("web: 9393", "web", "expected a mapping of settings, got a number"),
        ("prometheuses: [{servers: []}]", "prometheuses.0.name", "is needed"),
        ("http: {key_file: /a/key.pem}", "http", "no use without cert_file"),
        ("http: {password_file: /a/password}", "http", "no use without username"),
        ("expect: {pinned: [{name: dns}]}", "expect.pinned.0", "how is it found"),
        ("- watch_interval", "expected settings by name", "got a list"),
        ("watch_interval: [", "not valid YAML", "correct it"),
        ("slack: {token_file: /nowhere/token}", "slack.token_file", "name a readable file"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_field(tmp_path, text, field, words):
    if "slack" in text:
        path = tmp_path / "watcher.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load(path)
        told = str(caught.value)
    else:
        told = _refused(tmp_path, text)

    assert field in told
    assert words in told
    assert "Value error" not in told
    assert "timedelta" not in told


@pytest.mark.parametrize("delay", ["pending_for", "settle", "blind_grace"])
def test_a_delay_may_be_none_at_all_and_not_less(tmp_path, delay):
    settings = Settings.model_validate({delay: "0s"})

    assert getattr(settings, delay) == timedelta(0)
    assert delay in _refused(tmp_path, f"{delay}: -1s")
