"""The weekly summing-up: each incident once, shares between 0 and 1, and no time counted twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, a_blindness, a_job, a_risk, a_watch, an_incident, before
from watcher.engine.inspection import inspect
from watcher.model.findings import CAUSE_UNKNOWN
from watcher.model.incidents import Ending, Status

SINCE = before(days=7)
WEEK = timedelta(days=7)
INTERVAL = timedelta(seconds=30)


def inspected(**given):
    """The inspection of the week before NOW in which there was what is given."""
    arguments = {
        "incidents": (),
        "watches": (),
        "spells": (),
        "risks": (),
        "watch_interval": INTERVAL,
        "first_watch": before(days=100),
    }
    return inspect(SINCE, NOW, **arguments | given)


def fired(name="web", **fields):
    return an_incident(a_job(name), group=f"problem of {name}", **fields)


def ended(name="web", at=NOW - timedelta(minutes=5), ending=Ending.RECOVERED, **fields):
    return fired(name, status=Status.RESOLVED, ends_at=at, ending=ending, **fields)


def watches_every(interval, since=SINCE, until=NOW):
    return [a_watch(at=since + n * interval) for n in range((until - since) // interval)]


def test_incidents_are_lost_recovered_or_retired():
    lost = fired("lost")
    recovered = ended("recovered")
    retired = ended("retired", ending=Ending.RETIRED)

    found = inspected(incidents=[retired, recovered, lost])

    assert found.lost == (lost,)
    assert found.recovered == (recovered,)
    assert found.retired == (retired,)


def test_an_incident_that_never_fired_does_not_count():
    pending = replace(fired("pending"), status=Status.PENDING, group=None)
    passing = replace(ended("passing"), group=None)

    found = inspected(incidents=[pending, passing])

    assert (found.lost, found.recovered, found.by_cause) == ((), (), ())


def test_an_incident_that_ended_after_the_stretch_was_lost_in_it():
    later = ended(at=NOW, starts_at=before(hours=1))

    assert inspected(incidents=[later]).lost == (later,)


@pytest.mark.parametrize(
    "outside",
    [
        ended(starts_at=before(days=9), at=before(days=8)),
        fired(starts_at=NOW),
        fired(starts_at=NOW + timedelta(days=1)),
    ],
    ids=["over before", "begins with the next", "begins later"],
)
def test_an_incident_outside_the_stretch_does_not_count(outside):
    found = inspected(incidents=[outside])

    assert (found.lost, found.recovered, found.retired) == ((), (), ())


def test_incidents_come_oldest_first():
    old, new = fired("a", starts_at=before(days=2)), fired("b", starts_at=before(days=1))

    assert inspected(incidents=[new, old]).lost == (old, new)


def test_causes_are_counted_the_most_frequent_first_and_the_unknown_has_its_code():
    incidents = [
        fired("a", cause="tls-file-missing"),
        ended("b", cause="tls-file-missing"),
        ended("c", cause="monitor-deleted", ending=Ending.RETIRED),
        fired("d"),
    ]

    found = inspected(incidents=incidents)

    assert found.by_cause == (("tls-file-missing", 2), (CAUSE_UNKNOWN, 1), ("monitor-deleted", 1))


def test_coverage_leaves_out_the_ignored_and_the_dormant_and_not_the_unknown():
    watches = [
        a_watch(at=before(minutes=2), healthy=6, ignored=5, dormant=3, unknown=2),
        a_watch(at=before(minutes=1), healthy=0, lost=2),
    ]

    assert inspected(watches=watches).coverage == pytest.approx(6 / 10)


def test_there_is_no_coverage_without_a_watch_or_without_anything_expected():
    assert inspected().coverage is None
    assert inspected(watches=[a_watch(at=before(days=1), healthy=0, dormant=3)]).coverage is None


def test_only_watches_of_the_stretch_count_and_the_last_one_is_the_latest():
    inside = [a_watch(at=SINCE), a_watch(at=before(days=3))]
    outside = [a_watch(at=SINCE - INTERVAL, lost=9), a_watch(at=NOW, lost=9)]

    found = inspected(watches=[*outside, *reversed(inside)])

    assert found.watches == 2
    assert found.latest == inside[-1]
    assert found.coverage == 1


def test_overlapping_blindness_counts_once_and_is_cut_to_the_stretch():
    spells = [
        a_blindness("a", since=before(days=8), until=before(days=6)),
        a_blindness("b", since=before(days=7), until=before(days=5)),
        a_blindness("c", since=before(hours=1)),
        a_blindness("over", since=before(days=9), until=before(days=8)),
    ]

    found = inspected(spells=spells)

    assert found.blind_for == timedelta(days=2, hours=1)
    assert [spell.source for spell in found.blind] == ["a", "b", "c"]


def test_watches_in_their_rhythm_leave_no_gap_and_neither_does_a_restart():
    watches = watches_every(INTERVAL)
    restart = watches[:100] + watches[102:]

    assert inspected(watches=watches).unwatched_for == timedelta(0)
    assert inspected(watches=restart).unwatched_for == timedelta(0)


def test_the_time_without_a_watch_counts_at_both_ends_and_in_the_middle():
    day = timedelta(days=1)
    watches = [
        *watches_every(INTERVAL, SINCE + day, SINCE + 2 * day),
        *watches_every(INTERVAL, SINCE + 4 * day, SINCE + 6 * day),
    ]

    found = inspected(watches=watches)

    assert found.unwatched_for == 4 * day + 2 * INTERVAL


def test_the_time_before_the_first_watch_ever_is_not_held_against_the_watcher():
    watches = watches_every(INTERVAL, before(days=2))

    assert inspected(watches=watches, first_watch=watches[0].at).unwatched_for == timedelta(0)
    assert inspected(first_watch=None).unwatched_for == timedelta(0)
    assert inspected(first_watch=NOW).unwatched_for == timedelta(0)


def test_a_week_without_any_watch_was_unwatched_in_whole():
    assert inspected().unwatched_for == WEEK


def test_what_is_at_risk_is_told_as_given():
    assert inspected(risks=[a_risk()]).at_risk == (a_risk(),)


MOMENTS = st.integers(-2 * 7 * 24, 7 * 24).map(lambda hours: NOW + timedelta(hours=hours))


@st.composite
def incident(draw):
    starts_at = draw(MOMENTS)
    name = str(draw(st.uuids()))
    group = draw(st.sampled_from((None, "problem")))
    if draw(st.booleans()):
        return fired(name, starts_at=starts_at) if group else an_incident(starts_at=starts_at)
    ends_at = max(starts_at, draw(MOMENTS))
    over = ended(name, ends_at, draw(st.sampled_from(Ending)), starts_at=starts_at)
    return replace(over, group=group, cause=draw(st.sampled_from((None, "x", "y"))))


@st.composite
def spell(draw):
    since = draw(MOMENTS)
    until = draw(st.none() | MOMENTS)
    source = str(draw(st.integers(0, 2)))
    return a_blindness(source, since=since, until=until and max(since, until))


@given(st.lists(incident(), max_size=8), st.randoms())
def test_each_incident_counts_at_most_once_in_any_order(incidents, random):
    found = inspected(incidents=incidents)

    counted = [*found.lost, *found.recovered, *found.retired]
    assert len(counted) == len(set(counted)) == sum(n for _, n in found.by_cause)
    assert all(i.group and i.starts_at < NOW for i in counted)
    shuffled = random.sample(incidents, len(incidents))
    assert inspected(incidents=shuffled) == found


@given(st.lists(spell(), max_size=6))
def test_blindness_is_the_number_of_hours_in_which_some_source_was_not_seen(spells):
    found = inspected(spells=spells)

    hours = [SINCE + timedelta(hours=n) for n in range(7 * 24)]
    dark = [h for h in hours if any(s.since <= h < (s.until or NOW) for s in spells)]
    assert found.blind_for == timedelta(hours=len(dark))


@given(st.lists(MOMENTS, unique=True, max_size=30), st.none() | MOMENTS)
def test_no_watch_more_makes_the_unwatched_time_longer(moments, first):
    watches = [a_watch(at=at) for at in moments]
    hourly = {"watch_interval": timedelta(hours=1), "first_watch": first}

    without = inspected(watches=watches[1:], **hourly)
    found = inspected(watches=watches, **hourly)

    if first is None or all(at >= first for at in moments):
        assert timedelta(0) <= found.unwatched_for <= without.unwatched_for <= WEEK


COUNTS = st.fixed_dictionaries(
    {name: st.integers(0, 5) for name in ("healthy", "degraded", "lost", "dormant", "ignored")}
)


@given(st.lists(COUNTS, max_size=6))
def test_coverage_is_a_share_and_whole_only_if_all_was_healthy(all_counts):
    watches = [a_watch(at=before(minutes=n + 1), **each) for n, each in enumerate(all_counts)]

    coverage = inspected(watches=watches).coverage

    due = sum(c["healthy"] + c["degraded"] + c["lost"] for c in all_counts)
    assert (coverage is None) == (due == 0)
    if coverage is not None:
        assert 0 <= coverage <= 1
        assert (coverage == 1) == all(c["degraded"] == c["lost"] == 0 for c in all_counts)
