"""A watch that meets a fault of ours, or an answer that nothing foresaw, goes on all the same."""

from dataclasses import replace

import pytest

from tests.cycles.stage import Stage
from watcher.model.comparison import JobState

RAISED = (RecursionError(), OverflowError(), KeyError("x"), MemoryError(), AttributeError("y"))


class BrokenGatherer:
    def __init__(self, error):
        self._error = error

    def gather(self, *_):
        raise self._error


class Broken(Stage):
    """A stage on which reading a server, or gathering facts, raises."""

    def __init__(self, *, observing=None, gathering=None):
        self.raises, self.gathering = observing, gathering
        super().__init__("web", "api")

    def observe(self, server, now):
        if self.raises is not None:
            raise self.raises
        return super().observe(server, now)

    @property
    def cycle(self):
        watch = super().cycle
        gatherers = () if self.gathering is None else (BrokenGatherer(self.gathering),)
        return replace(watch, look=replace(watch.look, gatherers=gatherers))


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_a_server_whose_reading_raises_is_unreadable_and_its_jobs_are_unknown(error):
    result = Broken(observing=error).watch()

    [unreadable] = result.unreadable
    assert unreadable.source == "server monitoring/k8s prometheus-k8s-0"
    assert type(error).__name__ in unreadable.error
    assert {status.state for status in result.statuses} == {JobState.UNKNOWN}


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_a_loss_is_told_though_no_fact_could_be_gathered(error):
    stage = Broken(gathering=error)

    stage.watch(lost=["web"], times=4)

    assert stage.receiver.said == [("firing", "first notification")]
