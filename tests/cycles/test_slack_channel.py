"""What people see in the channel: one message for each problem, over the wire of a local Slack."""

import json
from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.builders import a_prometheus as a_watched
from tests.builders import an_expected_server, some_expectations
from tests.cycles.stage import Stage
from tests.operator.things import prometheus, service_monitor
from tests.patience import PATIENCE
from tests.slack_api import CHANNEL, TOKEN, SlackAPI
from watcher.adapters.slack.notifier import Slack
from watcher.engine.merge import Keeping, remember
from watcher.operator.jobs import expected_jobs
from watcher.settings import SlackSettings

KUBELET = tuple(f"kubelet-{number}" for number in range(4))
ALL = (*KUBELET, *(f"app-{number:02}" for number in range(20)))


class Channel(Stage):
    """A stage whose only receiver is Slack."""

    def __init__(self, slack, *names):
        super().__init__(*names)
        settings = SlackSettings(
            api_url=slack.url,
            channel=CHANNEL,
            token=SecretStr(TOKEN),
            timeout=timedelta(seconds=PATIENCE),
        )
        self.receivers = [Slack(settings)]

    def snapshot(self, *monitors):
        """Read these monitors, as a snapshot does."""
        fresh = [job for monitor in monitors for job in expected_jobs(monitor, prometheus())]
        self.keep(*fresh)
        self.jobs = {
            f"{job.monitor.name}-{job.endpoint}": job for job in self.store.expectations().jobs
        }

    def keep(self, *fresh):
        watched = a_watched(servers=(an_expected_server(),))
        expected = some_expectations(*fresh, prometheuses=(watched,), taken_at=self.now)
        before = self.store.expectations()
        self.store.keep(remember(before, expected, keeping=Keeping(), now=self.now), ())


@pytest.fixture
def slack():
    with SlackAPI() as running:
        yield running


def said(message):
    return json.dumps([message.text, message.blocks, message.attachments])


@pytest.mark.parametrize(
    "changed",
    [
        {"path": "/new"},
        {"port": "new"},
        {"scheme": "https"},
        {"interval": "1m"},
        {"params": {"a": ["b"]}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_lost_job_whose_endpoint_is_changed_has_one_message_to_its_end(slack, changed):
    stage = Channel(slack)
    stage.store.keep(some_expectations(prometheuses=()), ())
    stage.snapshot(service_monitor({"port": "a"}, {"port": "b"}, name="web"))
    stage.watch(lost=["web-1"], times=8)
    [lost] = slack.channel

    stage.snapshot(service_monitor({"port": "a"}, {"port": "b"} | changed, name="web"))
    stage.watch(times=20)
    [changed_since] = slack.channel
    stage.watch(lost=[], times=3)

    [over] = slack.channel
    assert "Scrape job lost: serviceMonitor/monitoring/web/1" in lost.text
    assert "Scrape job lost: serviceMonitor/monitoring/web/1" in changed_since.text
    assert "Scrape job recovered: serviceMonitor/monitoring/web/1" in over.text


def test_the_loss_of_another_endpoint_is_no_loss_of_the_one_that_takes_its_place(slack):
    stage = Channel(slack)
    stage.store.keep(some_expectations(prometheuses=()), ())
    first, second, third = ({"port": port} for port in "abc")
    stage.snapshot(service_monitor(first, second, third, name="web"))
    stage.watch(lost=["web-1"], times=8)

    stage.snapshot(service_monitor(second, third, name="web"))
    stage.watch(lost=["web-0"], times=20)

    [message] = slack.channel
    assert "Scrape job lost: serviceMonitor/monitoring/web/0" in message.text


def test_new_losses_are_a_message_of_their_own_though_an_old_one_has_their_cause_by_now(slack):
    stage = Channel(slack, *ALL)
    stage.code = "no-samples"
    stage.causes = {"kubelet-3": "no sample is left"}
    stage.watch(lost=["kubelet-3"], times=8)

    stage.code = "labels-not-selected"
    stage.causes = dict.fromkeys(ALL, "it is not selected")
    stage.proofs = dict.fromkeys(ALL, "ServiceMonitor kube-system/kubelet")
    stage.watch(times=2)
    stage.watch(lost=ALL, times=8)

    [old, new] = slack.channel
    assert "serviceMonitor/shop/kubelet-3/0" in old.text
    assert "kubelet-2" not in said(old)
    assert "23 scrape jobs lost" in new.text
    assert new.edits == 0


def test_the_loss_of_all_by_one_selector_is_no_edit_of_another_jobs_message(slack):
    stage = Channel(slack, *ALL)
    stage.code = "no-samples"
    stage.causes = {"kubelet-3": "no sample is left"}
    stage.watch(lost=["kubelet-3"], times=8)
    [old] = slack.channel

    stage.code = "labels-not-selected"
    stage.causes = dict.fromkeys(ALL, "it is not selected")
    stage.proofs = dict.fromkeys(ALL, "the selector")
    stage.keep()
    stage.loaded = False
    stage.watch(lost=ALL, times=20)

    assert slack.channel[0] == old
    [mass] = slack.channel[1:]
    assert "Mass loss in monitoring/k8s: 24 of 24" in mass.text


def test_what_was_grouped_before_is_known_after_a_restart(slack):
    stage = Channel(slack, "a", "b")
    stage.causes = dict.fromkeys("ab", "the Secret is gone")
    stage.proofs = dict.fromkeys("ab", "Secret shop/tls")
    stage.watch(lost=["a"], times=8)
    [incident] = stage.store.ongoing().values()

    assert incident.grouped_by == ("monitoring/k8s", "tls-file-missing", "Secret shop/tls", "")
    stage.watch(lost=["a", "b"], times=8)

    [one] = slack.channel
    assert "2 scrape jobs lost" in one.text
