"""A job that never gave a sample is silent, on proof alone."""

import pytest

from tests.builders import (
    NOW,
    a_comparison,
    a_job,
    a_memory,
    a_pinned_job,
    a_running_job,
    a_server,
    a_status,
    an_observation,
)
from watcher.engine.dormant import may_be_dormant, with_dormant
from watcher.model.comparison import JobState, TargetCounts
from watcher.model.expectations import Steering
from watcher.model.facts import Known, Unavailable

IDLE = a_job(targets=0)
DROPPING = [{"source_labels": ["__name__"], "regex": ".*", "action": "drop"}]
BARREN = TargetCounts(active=1, up=1, down=0)


def seen(*metric_relabelings):
    job = a_running_job(IDLE.pool, raw={"metric_relabel_configs": list(metric_relabelings)})
    return an_observation(a_server(jobs=[job]))


def may(status, memory=None, observation=None):
    remembered = {} if memory is None else {status.job.key: memory}
    return may_be_dormant(status, remembered, observation or an_observation())


class TestEmpty:
    def test_one_that_nothing_would_give_a_target_may_be_dormant(self):
        assert may(a_status("empty", IDLE))
        assert may(a_status("empty", IDLE), a_memory(most_targets=0))

    def test_one_that_was_dormant_may_while_nobody_can_count_its_targets(self):
        status = a_status("empty", a_job(targets=None))

        assert may(status, a_memory(state=JobState.DORMANT, most_targets=0))
        assert not may(status, a_memory(state=JobState.EMPTY, most_targets=0))

    @pytest.mark.parametrize(
        ("status", "memory"),
        [
            (a_status("missing", IDLE), None),
            (a_status("empty", a_job(targets=2)), None),
            (a_status("empty", a_job(targets=2)), a_memory(state=JobState.DORMANT, most_targets=0)),
            (a_status("empty", a_job(targets=None)), None),
            (a_status("empty", a_pinned_job(targets=0)), None),
            (a_status("empty", a_job(targets=0, steering=Steering(min_targets=1))), None),
            (a_status("empty", IDLE), a_memory(most_targets=3)),
        ],
    )
    def test_one_that_had_or_should_have_targets_may_not(self, status, memory):
        assert not may(status, memory)


class TestWithoutSamples:
    barren = a_status("down", IDLE, targets=BARREN)

    @pytest.mark.parametrize("before", [None, JobState.DORMANT, JobState.EMPTY])
    def test_one_whose_own_relabelling_drops_all_that_it_tells_may_be_dormant(self, before):
        memory = None if before is None else a_memory(state=before)

        assert may(self.barren, memory, seen(*DROPPING))

    @pytest.mark.parametrize("before", [JobState.HEALTHY, JobState.DEGRADED, JobState.DOWN])
    def test_one_that_was_well_or_told_before_may_not(self, before):
        assert not may(self.barren, a_memory(state=before), seen(*DROPPING))

    @pytest.mark.parametrize("before", list(JobState))
    @pytest.mark.parametrize("gave_samples", [True, False])
    def test_whether_it_ever_gave_samples_decides_whatever_came_between(self, before, gave_samples):
        memory = a_memory(state=before, gave_samples=gave_samples)

        assert may(self.barren, memory, seen(*DROPPING)) == (not gave_samples)

    def test_an_empty_answer_is_no_relabelling(self):
        assert not may(self.barren, None, seen())
        assert not may(self.barren, None, seen({"action": "labeldrop", "regex": "a"}))
        assert not may(self.barren, None, an_observation())

    @pytest.mark.parametrize(
        "targets", [TargetCounts(active=2, up=0, down=2), TargetCounts(active=2, up=1, down=1)]
    )
    def test_a_target_that_is_down_is_no_relabelling(self, targets):
        assert not may(a_status("down", IDLE, targets=targets), None, seen(*DROPPING))


NEVER, ONCE, UNKNOWN = Known(None), Known(NOW), Unavailable("no PromQL")
WAS_DORMANT = a_memory(state=JobState.DORMANT, most_targets=0)
A_DOWN_JOB = a_status("down", IDLE, targets=BARREN)


@pytest.mark.parametrize(
    ("status", "last_sample", "memory", "state"),
    [
        (a_status("empty", IDLE), NEVER, None, JobState.DORMANT),
        (a_status("empty", IDLE), ONCE, None, JobState.EMPTY),
        (a_status("empty", IDLE), ONCE, WAS_DORMANT, JobState.EMPTY),
        (a_status("empty", IDLE), UNKNOWN, None, JobState.EMPTY),
        (a_status("empty", IDLE), UNKNOWN, WAS_DORMANT, JobState.DORMANT),
        (A_DOWN_JOB, NEVER, None, JobState.DORMANT),
        (A_DOWN_JOB, ONCE, None, JobState.DOWN),
        (A_DOWN_JOB, UNKNOWN, None, JobState.UNKNOWN),
        (A_DOWN_JOB, UNKNOWN, WAS_DORMANT, JobState.DORMANT),
    ],
)
def test_only_a_database_that_knows_of_no_sample_makes_it_dormant(
    status, last_sample, memory, state
):
    other = a_status("empty", a_job("other"))
    remembered = {} if memory is None else {IDLE.key: memory}

    found = with_dormant(a_comparison(status, other), {IDLE.key: last_sample}, remembered)

    assert [status.state for status in found.statuses] == [state, JobState.EMPTY]
