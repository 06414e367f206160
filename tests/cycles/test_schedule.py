"""The policy of the settings against watches that do not begin to the millisecond."""

from datetime import timedelta

import pytest

from tests.cycles.stage import Stage
from watcher.app.compose import world
from watcher.settings import Settings


@pytest.mark.parametrize("early", [timedelta(0), timedelta(milliseconds=40), timedelta(seconds=1)])
def test_a_loss_is_told_at_the_third_watch_though_the_schedule_is_not_exact(early):
    policy = world(Settings(), None).policy
    given = {name: getattr(policy, name) for name in ("pending_watches", "pending_for")}
    stage = Stage(policy=given)

    stage.watch(lost=["web"], times=2, step=timedelta(seconds=30) - early)
    before = list(stage.receiver.said)
    stage.watch(lost=["web"], step=timedelta(seconds=30) - early)

    assert before == []
    assert stage.receiver.said == [("firing", "first notification")]
