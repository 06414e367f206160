"""An empty job that never had a target is silent, on proof alone."""

import pytest

from tests.builders import NOW, a_comparison, a_job, a_memory, a_pinned_job, a_status
from watcher.engine.dormant import may_be_dormant, with_dormant
from watcher.model.comparison import JobState
from watcher.model.expectations import Steering
from watcher.model.facts import Known, Unavailable

IDLE = a_job(targets=0)


def test_an_empty_job_that_nothing_would_give_a_target_may_be_dormant():
    assert may_be_dormant(a_status("empty", IDLE), {})
    assert may_be_dormant(a_status("empty", IDLE), {IDLE.key: a_memory(most_targets=0)})


@pytest.mark.parametrize(
    ("status", "memory"),
    [
        (a_status("missing", IDLE), {}),
        (a_status("empty", a_job(targets=2)), {}),
        (a_status("empty", a_job(targets=None)), {}),
        (a_status("empty", a_pinned_job(targets=0)), {}),
        (a_status("empty", a_job(targets=0, steering=Steering(min_targets=1))), {}),
        (a_status("empty", IDLE), {IDLE.key: a_memory(most_targets=3)}),
    ],
)
def test_one_that_had_or_should_have_targets_may_not(status, memory):
    assert not may_be_dormant(status, memory)


@pytest.mark.parametrize(
    ("last_sample", "state"),
    [
        (Known(None), JobState.DORMANT),
        (Known(NOW), JobState.EMPTY),
        (Unavailable("no PromQL"), JobState.EMPTY),
    ],
)
def test_only_a_database_that_knows_of_no_sample_makes_it_dormant(last_sample, state):
    other = a_status("empty", a_job("other"))

    found = with_dormant(a_comparison(a_status("empty", IDLE), other), {IDLE.key: last_sample})

    assert [status.state for status in found.statuses] == [state, JobState.EMPTY]
