"""What people see in the channel: one message for each problem, over the wire of a local Slack."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.builders import a_prometheus as a_watched
from tests.builders import an_expected_server, some_expectations
from tests.cycles.stage import Stage
from tests.operator.things import prometheus, service_monitor
from tests.patience import PATIENCE
from tests.slack_api import CHANNEL, TOKEN, SlackAPI
from watcher.adapters.slack import Slack
from watcher.engine.merge import Keeping, remember
from watcher.operator.jobs import expected_jobs
from watcher.settings import SlackSettings


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
