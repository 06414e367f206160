"""A job that nobody counts is degraded while it has fewer targets than it used to."""

from datetime import timedelta

import pytest

from tests.builders import NOW, a_comparison, a_job, a_memory, a_pinned_job, a_status
from watcher.engine.usual import usual, with_fewer
from watcher.model.comparison import JobState, TargetCounts
from watcher.model.expectations import Steering
from watcher.model.history import UsualTargets

TEN = UsualTargets(count=10, last=10, since=NOW)
UNCOUNTED = a_job(targets=None)


def judged(active, job=UNCOUNTED, *, state="healthy", memory=None):
    status = a_status(state, job, targets=TargetCounts(active=active))
    memory = {job.key: a_memory(usual=TEN)} if memory is None else memory
    [found] = with_fewer(a_comparison(status), memory).statuses
    return found


def test_fewer_targets_than_there_used_to_be_degrade_a_job_that_nobody_counts():
    found = judged(9)

    assert found.state is JobState.DEGRADED
    assert found.targets == TargetCounts(active=9, before=10)


@pytest.mark.parametrize(
    ("active", "job", "more"),
    [
        pytest.param(10, UNCOUNTED, {}, id="as many"),
        pytest.param(11, UNCOUNTED, {}, id="more"),
        pytest.param(None, UNCOUNTED, {}, id="not known"),
        pytest.param(9, UNCOUNTED, {"memory": {}}, id="never seen"),
        pytest.param(9, a_job(targets=9), {}, id="counted"),
        pytest.param(9, a_job(steering=Steering(min_targets=2)), {}, id="asked for by its owner"),
        pytest.param(9, a_pinned_job(targets=None), {}, id="pinned"),
        pytest.param(9, UNCOUNTED, {"state": "down"}, id="worse already"),
    ],
)
def test_any_other_job_stays_as_it_is(active, job, more):
    before = a_status(more.get("state", "healthy"), job, targets=TargetCounts(active=active))

    assert judged(active, job, **more) == before


@pytest.mark.parametrize(
    ("active", "after", "count"),
    [
        (4, timedelta(hours=23), 10),
        (4, timedelta(hours=24), 4),
        (11, timedelta(minutes=59), 10),
        (11, timedelta(minutes=60), 11),
        (10, timedelta(days=3), 10),
    ],
)
def test_more_are_usual_after_an_hour_and_fewer_after_a_day(active, after, count):
    first = usual(TEN, active, NOW)

    assert usual(first, active, NOW + after).count == count


def test_a_number_that_changes_has_not_stood():
    found = usual(usual(TEN, 4, NOW), 5, NOW + timedelta(hours=12))

    assert usual(found, 5, NOW + timedelta(hours=25)).count == 10


@pytest.mark.parametrize("active", [None, 0])
def test_what_is_lost_or_not_known_changes_nothing(active):
    assert usual(TEN, active, NOW + timedelta(days=9)) == TEN


def test_the_first_number_is_usual_at_once():
    assert usual(UsualTargets(), 3, NOW) == UsualTargets(count=3, last=3, since=NOW)
