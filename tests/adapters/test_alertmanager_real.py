"""A real Alertmanager takes our alerts, lets people silence them, and lets them end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.alertmanager_server import RealAlertmanager
from tests.messages import a_subject, resolved, sent, the_incident
from watcher.adapters.receivers.alertmanager import Alertmanager
from watcher.settings import AlertmanagerSettings

A_MOMENT = timedelta(seconds=1)
"""What is lost of a time that is written in seconds."""

KUBELET = "serviceMonitor/monitoring/kubelet/0"


@pytest.fixture
def server():
    with RealAlertmanager() as running:
        yield running


def now():
    return datetime.now(UTC)


def test_a_loss_is_active_can_be_silenced_and_ends(server):
    jobs = (a_subject(labels={"namespace": "monitoring"}), a_subject("another"))
    message = the_incident(about=jobs, starts_at=now() - timedelta(hours=1))
    notifier = Alertmanager(AlertmanagerSettings(urls=(server.url,)), now)

    notifier.notify(message, None)
    server.wait_for(lambda: set(server.alerts()) == {KUBELET, "another"})
    active = server.alerts()
    server.silence(namespace="monitoring")
    server.wait_for(lambda: server.alerts()[KUBELET]["status"]["state"] == "suppressed")
    over = replace(resolved(message), ends_at=now())
    notifier.notify(over, sent(message, ""))
    server.wait_for(lambda: not server.alerts())

    assert active[KUBELET]["annotations"]["cause"] == "hand-patch-reverted"
    assert active[KUBELET]["annotations"]["summary"] == message.headline


def test_what_goes_on_stays_one_alert_however_often_it_is_sent(server):
    message = the_incident(about=(a_subject("again"),), starts_at=now() - timedelta(hours=1))
    notifier = Alertmanager(AlertmanagerSettings(urls=(server.url,)), now)

    for _ in range(3):
        before = now()
        notifier.notify(message, None)
    after = now()

    def is_in_five_minutes():
        alert = server.alerts().get("again", {"endsAt": "2000-01-01T00:00:00Z"})
        end = datetime.fromisoformat(alert["endsAt"]) - timedelta(minutes=5)
        return before - A_MOMENT <= end <= after

    server.wait_for(is_in_five_minutes)
    assert list(server.alerts()) == ["again"]
