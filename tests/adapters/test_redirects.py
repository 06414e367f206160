"""A redirect takes no credentials to another origin, and no receiver's message."""

import ast
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml
from pydantic import SecretStr

import watcher.adapters
from tests.messages import a_message
from watcher.adapters import kube
from watcher.adapters.alertmanager import Alertmanager
from watcher.adapters.heartbeat import Heartbeat
from watcher.adapters.kube_resources import NAMESPACES
from watcher.adapters.loki import Loki
from watcher.adapters.prometheus import Prometheus
from watcher.adapters.slack import Slack
from watcher.adapters.webhook import Webhook
from watcher.errors import NotifyError, SourceUnavailable
from watcher.model.expectations import ExpectedServer
from watcher.model.names import PrometheusName, ServerName
from watcher.model.observations import UnreadableServer
from watcher.settings import (
    AlertmanagerSettings,
    HeartbeatSettings,
    HttpSettings,
    KubernetesSettings,
    LokiSettings,
    SlackSettings,
    WebhookSettings,
)

MARK = "mArK7f3q"
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
STATUSES = (301, 302, 303, 307, 308)


class Server:
    """Keeps what it is asked; redirects it, below *to*, or says that all is well."""

    def __init__(self):
        self.asked, self.to, self.status = [], None, 302

    def __enter__(self):
        server = self

        class Request(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.asked.append(f"{self.path}\n{self.headers}\n{body.decode()}")
                self.send_response(server.status if server.to else 200)
                if server.to:
                    self.send_header("Location", server.to + self.path.partition("?")[0])
                said = b"" if server.to else b'{"ok":true,"ts":"1.2","channel":"C1"}'
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def do_GET(self):
                self.answer()

            def do_POST(self):
                self.answer()

            def log_message(self, *_):
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"


def a_file(folder, content=MARK):
    path = folder / f"file{len(list(folder.iterdir()))}"
    path.write_text(content, encoding="utf-8")
    return path


def every_credential(folder):
    yield HttpSettings(bearer_token_file=a_file(folder))
    yield HttpSettings(username="me", password_file=a_file(folder))


def with_user(url):
    return url.replace("http://", f"http://me:{MARK}@")


def slack_bot(url, folder):
    del folder
    settings = SlackSettings(api_url=f"{url}/", channel="C1", token=SecretStr(f"xoxb-{MARK}"))
    Slack(settings).notify(a_message(), None)


def slack_hook(url, folder):
    del folder
    address = SecretStr(f"{url}/services/T/B/{MARK}")
    Slack(SlackSettings(webhook_url=address)).notify(a_message(), None)


def alertmanager(url, folder):
    def notify(settings):
        Alertmanager(settings, clock).notify(a_message(), None)

    for http in every_credential(folder):
        with pytest.raises(NotifyError):
            notify(AlertmanagerSettings(urls=(url,), http=http))
    notify(AlertmanagerSettings(urls=(with_user(url),)))


def webhook(url, folder):
    settings = WebhookSettings(url=f"{with_user(url)}/?token={MARK}", secret_file=a_file(folder))
    Webhook(settings, clock).notify(a_message(), None)


def heartbeat(url, folder):
    address = a_file(folder, f"{with_user(url)}/{MARK}?token={MARK}")
    Heartbeat(HeartbeatSettings(url_file=address)).beat()


def prometheus(url, folder):
    def observe(address, http):
        server = ExpectedServer(name=ServerName("p-0"), shard=0, replica=0, url=address)
        seen = Prometheus(http).observe(server, NOW)
        assert isinstance(seen, UnreadableServer)
        return SourceUnavailable("prometheus", seen.error)

    for http in every_credential(folder):
        observe(url, http)
    raise observe(with_user(url), HttpSettings())


def loki(url, folder):
    for http in every_credential(folder):
        with pytest.raises(SourceUnavailable):
            _read(LokiSettings(url=url, http=http))
    _read(LokiSettings(url=with_user(url)))


def _read(settings):
    Loki(settings).read(PrometheusName("monitoring/k8s"), ServerName("p-0"), NOW)


def kubernetes(url, folder):
    named = {"name": "x"}
    content = {
        "current-context": "x",
        "clusters": [named | {"cluster": {"server": url}}],
        "users": [named | {"user": {"token": MARK}}],
        "contexts": [named | {"context": {"cluster": "x", "user": "x"}}],
    }
    path = a_file(folder, yaml.safe_dump(content))
    kube.connect(KubernetesSettings(kubeconfig=path)).list(NAMESPACES)


def clock():
    return NOW


RECEIVERS = (slack_bot, slack_hook, alertmanager, webhook, heartbeat)
READ = (prometheus, loki, kubernetes)
PEERS = {
    "slack_client": (slack_bot, slack_hook),
    "receiver_http": (alertmanager, webhook),
    "heartbeat": (heartbeat,),
    "prometheus_http": (prometheus,),
    "loki": (loki,),
    "kube_session": (kubernetes,),
    "prometheus_session": (prometheus, loki),
}
"""Every module that makes a session, and those who speak through it."""


def test_every_peer_is_tried():
    makers = {
        file.stem
        for file in Path(watcher.adapters.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"BoundedSession", "session_for"}
    }

    assert makers == set(PEERS)
    assert {peer for peers in PEERS.values() for peer in peers} == {*RECEIVERS, *READ}


@pytest.fixture(scope="module")
def servers():
    with Server() as here, Server() as there:
        yield here, there


@pytest.fixture
def redirected(servers, request):
    """The one that redirects to another port or another host, and that other one."""
    here, there = servers
    here.asked.clear()
    there.asked.clear()
    here.status, host = request.param
    here.to = there.url.replace("127.0.0.1", host)
    return here, there


WAYS = [(status, host) for status in STATUSES for host in ("127.0.0.1", "localhost")]


@pytest.mark.parametrize("redirected", WAYS, ids=str, indirect=True)
@pytest.mark.parametrize("peer", [*RECEIVERS, *READ])
def test_no_credentials_go_to_another_origin(peer, redirected, tmp_path):
    here, there = redirected

    with pytest.raises((NotifyError, SourceUnavailable)) as raised:
        peer(here.url, tmp_path)

    assert here.asked != []
    assert [asked for asked in there.asked if "uthorization" in asked or MARK in asked] == []
    assert MARK not in str(raised.value)


@pytest.mark.parametrize("redirected", WAYS, ids=str, indirect=True)
@pytest.mark.parametrize("peer", RECEIVERS)
def test_an_answer_of_another_host_is_no_delivery(peer, redirected, tmp_path):
    here, there = redirected

    with pytest.raises(NotifyError):
        peer(here.url, tmp_path)

    assert here.asked != []
    assert there.asked == []
