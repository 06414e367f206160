"""A watch that meets a fault of ours, or an answer that nothing foresaw, continues all the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import a_job, a_prometheus, some_expectations
from tests.cycles.stage import Stage
from watcher.cycles.snapshot import Reader
from watcher.engine.merge import Keeping
from watcher.model.comparison import JobState

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
RAISED = (RecursionError(), OverflowError(), KeyError("x"), MemoryError(), AttributeError("y"))


class BrokenGatherer:
    def __init__(self, error):
        self._error = error

    def gather(self, *_):
        raise self._error


class Broken(Stage):
    """A stage on which reading a server, gathering facts, or a rule raises."""

    def __init__(self, *, observing=None, gathering=None, explaining=None):
        self.raises, self.gathering, self.explaining = observing, gathering, explaining
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

    def _rule(self):
        def check(_case):
            raise self.explaining

        return super()._rule() if self.explaining is None else replace(super()._rule(), check=check)


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


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("where", ["observing", "gathering", "explaining"])
def test_a_fault_of_ours_is_in_the_log_once_and_not_with_its_words(
    where, error, caplog, monkeypatch
):
    monkeypatch.setattr("watcher.cycles.unforeseen._written", set())
    error = type(error)("mArK7f3q")

    for stage in (Broken(**{where: error}), Broken(**{where: error})):
        stage.watch(lost=["web", "api"], times=3)

    [line] = [record for record in caplog.records if "fault of watcher" in record.getMessage()]
    assert line.levelname == "WARNING"
    assert f"{type(error).__name__} in " in line.getMessage()
    assert "test_faults.py" in line.getMessage()
    assert "mArK7f3q" not in caplog.text


class BrokenSource:
    """Broken at its first reading, or at those that follow it; also as a supplement."""

    name = "broken"

    def __init__(self, error, *, later):
        self._error, self._later = error, later

    def snapshot(self, now):
        if not self._later:
            raise self._error
        return some_expectations(a_job("web"), prometheuses=(a_prometheus(),), taken_at=now)

    def changed(self, now):
        raise self._error

    def beside(self, declared, now):
        raise self._error

    def mounts(self, now):
        return ()


class GoodSource(BrokenSource):
    name = "good"

    def __init__(self):
        super().__init__(None, later=True)

    def changed(self, now):
        return None


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("part", ["source", "source later", "supplement"])
def test_a_source_that_raises_is_unreadable_and_nothing_of_it_is_gone(
    part, error, caplog, monkeypatch
):
    monkeypatch.setattr("watcher.cycles.unforeseen._written", set())
    broken = BrokenSource(error, later=part == "source later")
    reader = Reader(
        sources=(GoodSource(),) if part == "supplement" else (broken, GoodSource()),
        pins=(),
        keeping=Keeping(retire_after=timedelta(days=7), mass_loss=0.5),
        supplement=broken if part == "supplement" else None,
    )

    before = reader.whole(None, NOW).expectations
    taken = reader.changed(before, NOW + timedelta(minutes=1)) or reader.whole(before, NOW)

    assert [job.gone_since for job in taken.expectations.jobs] == [None]
    [unreadable] = taken.expectations.unreadable
    assert type(error).__name__ in unreadable.error
    assert unreadable.source == ("running configuration" if part == "supplement" else "broken")
    assert len([r for r in caplog.records if "fault of watcher" in r.getMessage()]) == 1
