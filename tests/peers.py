"""Every peer of the watcher, spoken to once with all its credentials."""

from datetime import UTC, datetime

import pytest
import yaml
from pydantic import SecretStr

from tests.messages import a_message
from watcher.adapters.kubernetes import api as kube
from watcher.adapters.kubernetes.resources import NAMESPACES
from watcher.adapters.logs.loki import Loki
from watcher.adapters.prometheus.observer import Prometheus
from watcher.adapters.receivers.alertmanager import Alertmanager
from watcher.adapters.receivers.dingtalk import DingTalk
from watcher.adapters.receivers.feishu import Feishu
from watcher.adapters.receivers.heartbeat import Heartbeat
from watcher.adapters.receivers.teams import Teams
from watcher.adapters.receivers.webhook import Webhook
from watcher.adapters.slack.notifier import Slack
from watcher.errors import NotifyError, SourceUnavailable
from watcher.model.expectations import ExpectedServer
from watcher.model.names import PrometheusName, ServerName
from watcher.model.observations import UnreadableServer
from watcher.settings import (
    AlertmanagerSettings,
    DingTalkSettings,
    FeishuSettings,
    HeartbeatSettings,
    HttpSettings,
    KubernetesSettings,
    LokiSettings,
    SlackSettings,
    TeamsSettings,
    WebhookSettings,
)

MARK = "mArK7f3q"
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


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


def teams(url, folder):
    settings = TeamsSettings(url_file=a_file(folder, f"{with_user(url)}/{MARK}?sig={MARK}"))
    Teams(settings, clock).notify(a_message(), None)


def feishu(url, folder):
    address = a_file(folder, f"{with_user(url)}/{MARK}")
    settings = FeishuSettings(url_file=address, secret_file=a_file(folder))
    Feishu(settings, clock).notify(a_message(), None)


def dingtalk(url, folder):
    address = a_file(folder, f"{with_user(url)}/send?access_token={MARK}")
    settings = DingTalkSettings(url_file=address, secret_file=a_file(folder))
    DingTalk(settings, clock).notify(a_message(), None)


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


RECEIVERS = (slack_bot, slack_hook, alertmanager, webhook, teams, feishu, dingtalk, heartbeat)
READ = (prometheus, loki, kubernetes)
PEERS = {
    "adapters/slack/client.py": (slack_bot, slack_hook),
    "adapters/receivers/posting.py": (alertmanager, webhook, teams, feishu, dingtalk),
    "adapters/receivers/heartbeat.py": (heartbeat,),
    "adapters/prometheus/api.py": (prometheus,),
    "adapters/logs/loki.py": (loki,),
    "adapters/kubernetes/session.py": (kubernetes,),
    "adapters/prometheus/session.py": (prometheus, loki),
}
"""Every module that makes a session, and those who speak through it."""
