"""No credential is shown, whatever is wrong with it, its file or its address."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.adapters.prometheus_answers import Answers, a_server
from tests.messages import a_message
from watcher.adapters.prometheus.observer import Prometheus
from watcher.adapters.prometheus.session import without_credentials
from watcher.adapters.receivers.alertmanager import Alertmanager
from watcher.adapters.sql.engine import parse
from watcher.app.recording import kept_settings
from watcher.errors import ConfigError, NotifyError
from watcher.model.expectations import ExpectedServer
from watcher.model.names import ServerName
from watcher.model.observations import UnreadableServer
from watcher.settings import AlertmanagerSettings, HttpSettings, Settings, checked

MARK = "mArK7f3q"
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
UNFIT = {
    "two lines": f"{MARK}\nx{MARK}\n".encode(),
    "a carriage return": f"{MARK}\rx".encode(),
    "no text": f"{MARK}".encode() + b"\xff\xfe",
    "a null character": f"{MARK}\0".encode(),
}


@pytest.fixture(scope="module")
def server():
    with Answers(a_server()) as answers:
        yield answers


def with_credentials(folder: Path, content: bytes):
    """Every way to name a file with a credential."""
    (folder / "credential").write_bytes(content)
    yield HttpSettings(bearer_token_file=folder / "credential")
    yield HttpSettings(username="me", password_file=folder / "credential")


@pytest.mark.parametrize("content", UNFIT.values(), ids=UNFIT)
def test_a_server_is_unreadable_where_the_file_of_a_credential_is_unfit(server, tmp_path, content):
    for http in with_credentials(tmp_path, content):
        asked = ExpectedServer(name=ServerName("p-0"), shard=0, replica=0, url=server.url)

        seen = Prometheus(http).observe(asked, NOW)

        assert isinstance(seen, UnreadableServer)
        assert MARK not in seen.error
        assert str(tmp_path / "credential") in seen.error


@pytest.mark.parametrize("content", UNFIT.values(), ids=UNFIT)
def test_a_receiver_is_not_asked_where_the_file_of_a_credential_is_unfit(server, tmp_path, content):
    for http in with_credentials(tmp_path, content):
        settings = AlertmanagerSettings(urls=(server.url,), http=http)

        with pytest.raises(NotifyError) as raised:
            Alertmanager(settings, lambda: NOW).notify(a_message(), None)

        assert MARK not in str(raised.value)
        assert str(tmp_path / "credential") in str(raised.value)


@pytest.mark.parametrize("before", ["", "1", "12", "a", "1a"])
@pytest.mark.parametrize("between", ["/", "?", "#", "/?", "#/"])
def test_an_address_whose_password_is_not_encoded_is_refused_unseen(before, between):
    url = f"http://user:{before}{between}{MARK}@host:9090"

    with pytest.raises(ConfigError, match="%2F") as raised:
        without_credentials(url)

    assert MARK not in str(raised.value)
    assert "12" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://host:9090/", "http://host:9090"),
        ("http://host/@prefix", "http://host/@prefix"),
        (f"http://user:{MARK}@host:9090/@prefix", "http://host:9090/@prefix"),
        (f"http://user:x@{MARK}@host:9090", "http://host:9090"),
        (f"http://user:{MARK}%2F%3F%23%40@[::1]:9090/p/", "http://[::1]:9090/p"),
    ],
)
def test_an_address_is_shown_without_its_credentials(url, plain):
    assert without_credentials(url)[0] == plain


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://user:A@{MARK}@host/d",
        f"postgresql://host:{MARK}/d",
        f"{MARK}",
        f"mysql://user:{MARK}@host/d",
    ],
)
def test_a_store_that_cannot_be_used_is_refused_unseen(url):
    with pytest.raises(ConfigError) as raised:
        parse(url)

    assert MARK not in str(raised.value)


SETTINGS = {
    "kubernetes": {"kubeconfig": f"/{MARK}", "context": MARK, "namespaces": ["shop"]},
    "prometheuses": [
        {
            "name": "monitoring/k8s",
            "servers": [{"name": "k8s-0", "url": f"http://{MARK}:{MARK}@host:9090/?{MARK}"}],
            "http": {"username": MARK, "password_file": f"/{MARK}", "timeout": "3s"},
        }
    ],
    "http": {"bearer_token_file": f"/{MARK}", "ca_file": f"/{MARK}"},
    "expect": {"manifests": ["/manifests"], "pinned": [{"name": "x", "labels": {"job": "x"}}]},
    "store": f"postgresql://{MARK}:{MARK}@host/d",
    "loki": {"url": f"http://{MARK}:{MARK}@loki", "tenant": MARK, "http": {"username": MARK}},
    "alertmanager": {"urls": [f"http://{MARK}:{MARK}@host"], "http": {"username": MARK}},
    "webhook": {"url": f"http://host/{MARK}", "secret_file": f"/{MARK}"},
    "email": {"host": MARK, "sender": f"{MARK}@a", "to": [f"{MARK}@a"], "username": MARK},
    "teams": {"url_file": f"/{MARK}"},
    "feishu": {"url_file": f"/{MARK}", "secret_file": f"/{MARK}"},
    "dingtalk": {"url_file": f"/{MARK}", "secret_file": f"/{MARK}"},
    "heartbeat": {"url_file": f"/{MARK}"},
    "slack": {"token_file": f"/{MARK}", "channel": MARK},
    "mutes": [{"match": {"pool": MARK}, "cron": "* * * * *", "lasts": "1h", "reason": MARK}],
    "routes": [{"match": {"pool": MARK}, "channel": MARK}],
    "severities": [{"match": {"pool": MARK}, "severity": "notice"}],
    "web": {"config_file": f"/{MARK}", "external_url": f"http://{MARK}"},
    "inspection": {"directory": f"/{MARK}"},
}


def test_a_recording_holds_of_the_settings_what_bears_on_a_look():
    assert set(SETTINGS) >= {
        name
        for name, field in Settings.model_fields.items()
        if field.annotation not in (str, int, float)
        and "settings" in repr(field.annotation).lower()
    }

    kept = kept_settings(checked(SETTINGS, None))

    assert MARK not in repr(kept)
    again = checked(kept, None)
    assert again.prometheuses[0].servers[0].url == "http://host:9090"
    assert again.prometheuses[0].http.timeout.total_seconds() == 3
    assert again.kubernetes.namespaces == ("shop",)
    assert again.expect == checked(SETTINGS, None).expect
