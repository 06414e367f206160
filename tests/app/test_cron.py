"""Cron's times in zones whose clocks change: once each, never left out."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.app.cron import trigger

CHANGES = (
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2018-02-18"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("UTC", "2026-10-25"),
)


def fired(cron, zone, day, days=3):
    """All times of some days around a day, as clocks show them and as what goes by in UTC."""
    since = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)) - timedelta(days=1)
    until = since + timedelta(days=days)
    found, asked, at = [], trigger(cron, zone), None
    for _ in range(100 * days):
        at = asked.get_next_fire_time(at, since if at is None else at)
        if at.timestamp() >= until.timestamp():
            break
        found.append(at)
    return found


def test_a_time_that_clocks_show_twice_is_taken_once():
    found = fired("30 2 * * *", "Europe/Berlin", "2026-10-25")

    assert [f"{at:%d %H:%M%z}" for at in found] == [
        "24 02:30+0200",
        "25 02:30+0200",
        "26 02:30+0100",
    ]


def test_a_time_that_clocks_leave_out_comes_when_they_were_put_forward():
    found = fired("0 0 * * *", "America/Sao_Paulo", "2018-11-04")

    assert [f"{at:%d %H:%M%z}" for at in found] == [
        "03 00:00-0300",
        "04 01:00-0200",
        "05 00:00-0200",
    ]


def test_what_comes_every_hour_goes_on_while_clocks_show_an_hour_twice():
    found = fired("0 * * * *", "Europe/Berlin", "2026-10-25")

    moments = [at.timestamp() for at in found]
    assert {after - before for before, after in pairwise(moments)} == {3600}


@given(st.integers(0, 23), st.integers(0, 59), st.sampled_from(CHANGES))
def test_any_time_comes_once_a_day_whatever_clocks_do(hour, minute, change):
    found = fired(f"{minute} {hour} * * *", *change)

    assert len({at.astimezone(ZoneInfo("UTC")) for at in found}) == len(found)
    assert [at.date().isoformat() for at in found][1:2] == [change[1]]
    assert len({at.date() for at in found}) == len(found)


@given(st.integers(0, 23), st.sampled_from(CHANGES), st.integers(0, 3 * 24 * 12))
def test_it_is_the_same_from_wherever_it_is_asked(hour, change, five_minutes):
    times = fired(f"*/20 {hour} * * *", *change)
    since = datetime.fromisoformat(change[1]).replace(tzinfo=ZoneInfo(change[0]))
    now = (since - timedelta(days=1)).astimezone(ZoneInfo("UTC")) + timedelta(
        minutes=5 * five_minutes
    )

    later = [at for at in times if at >= now]
    found = trigger(f"*/20 {hour} * * *", change[0]).get_next_fire_time(None, now)
    assert not later or found == later[0]


@pytest.mark.parametrize(
    ("cron", "zone"), [("daily", "UTC"), ("0 25 * * *", "UTC"), ("0 0 * * *", "Mars/Olympus")]
)
def test_what_is_no_time_or_no_zone_is_refused(cron, zone):
    with pytest.raises((ValueError, LookupError)):
        trigger(cron, zone)


def test_a_time_that_never_comes_is_none():
    assert (
        trigger("0 0 31 2 *", "UTC").get_next_fire_time(None, datetime.now(ZoneInfo("UTC"))) is None
    )
