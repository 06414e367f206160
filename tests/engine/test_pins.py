"""A pin says of a job that it must be there; it is no second job where another one is that already."""

from dataclasses import replace

import pytest

from tests.builders import (
    PROMETHEUS,
    a_job,
    a_pool,
    a_pool_name,
    a_server,
    an_observation,
    before,
    some_expectations,
)
from watcher.engine.compare import compare
from watcher.engine.pins import united, with_pins
from watcher.model.expectations import Origin, Pin, Steering
from watcher.model.names import JobKey, PoolName

WEB = a_job("web")
LABELS = (("job", "web"), ("metrics_path", "/metrics"))
BY_POOL = Pin(name="pinned", pool="*/web/*", least=2)
BY_LABELS = Pin(name="pinned", labels=LABELS[:1], least=2)
PIN = JobKey(f"{PROMETHEUS}|pinned|pinned")


def jobs(*declared, pins=(BY_POOL,)):
    return with_pins(some_expectations(*declared), pins).jobs


def seen(*pools):
    return an_observation(a_server(pools=pools))


def statuses(expected, observed, **known):
    return compare(united(expected, observed, **known), observed).statuses


ORIGINS = [
    WEB,
    replace(WEB, origin=Origin.MANIFESTS),
    replace(WEB, origin=Origin.CONFIG_FILE, monitor=None, endpoint=None),
    replace(WEB, origin=Origin.LEARNED, monitor=None, endpoint=None),
]


@pytest.mark.parametrize("job", ORIGINS, ids=lambda job: job.origin.value)
@pytest.mark.parametrize("pin", [BY_POOL, BY_LABELS], ids=["by-pool", "by-labels"])
def test_a_pool_that_is_declared_and_pinned_is_one_job(job, pin):
    found = statuses(jobs(job, pins=[pin]), seen(a_pool(up=2, labels=LABELS)))

    assert [(s.job.key, s.state.value, s.job.pin) for s in found] == [(job.key, "healthy", pin)]


@pytest.mark.parametrize("pin", [BY_POOL, BY_LABELS], ids=["by-pool", "by-labels"])
def test_it_is_one_lost_job_when_it_is_lost(pin):
    found = statuses(jobs(WEB, pins=[pin]), seen(), remembered={WEB.key: LABELS})

    assert [(s.job.key, s.state.value) for s in found] == [(WEB.key, "missing")]


def test_a_pin_by_labels_finds_a_job_by_those_that_it_declares():
    declared = replace(WEB, labels=LABELS)

    assert [job.key for job in united(jobs(declared, pins=[BY_LABELS]))] == [WEB.key]


def test_labels_that_the_pool_has_count_more_than_those_of_the_past():
    other = seen(a_pool(up=2, labels=(("job", "other"),)))

    found = statuses(jobs(WEB, pins=[BY_LABELS]), other, remembered={WEB.key: LABELS})

    assert [s.job.key for s in found] == [PIN, WEB.key]


@pytest.mark.parametrize(("own", "least", "state"), [(None, 3, "degraded"), (3, 1, "degraded")])
def test_the_greater_number_of_targets_is_asked_for(own, least, state):
    declared = replace(WEB, steering=Steering(min_targets=own))
    pin = replace(BY_POOL, least=least)

    [status] = statuses(jobs(declared, pins=[pin]), seen(a_pool(up=2)))

    assert (status.state, status.job.steering.min_targets) == (state, 3)


def test_a_pin_without_a_number_says_nothing_of_how_many_targets_there_should_be():
    [job] = united(jobs(WEB, pins=[replace(BY_POOL, least=1)]))

    assert job.steering.min_targets is None


def test_every_job_that_a_pin_finds_is_pinned():
    first, second = a_job("web", endpoint=0), a_job("web", endpoint=1)
    pools = [a_pool(first.pool, up=2), a_pool(second.pool, up=1)]

    found = statuses(jobs(first, second), seen(*pools))

    assert [(s.pool, s.state.value) for s in found] == [
        (first.pool, "healthy"),
        (second.pool, "degraded"),
    ]


def test_a_pool_that_nothing_else_asks_for_is_the_pins_own_job():
    stray = a_pool(PoolName("x/web/stray"), up=2)

    found = statuses(jobs(WEB), seen(a_pool(up=2), stray))

    assert [(s.job.key, s.pool) for s in found] == [(WEB.key, WEB.pool), (PIN, stray.name)]


def test_two_pins_of_one_pool_are_one_job():
    pins = [BY_POOL, replace(BY_POOL, name="again")]

    assert [s.job.key for s in statuses(jobs(pins=pins), seen(a_pool(up=2)))] == [PIN]


def test_a_pin_that_finds_nothing_is_a_missing_job():
    found = statuses(jobs(a_job("other")), seen(a_pool(a_pool_name("other"), up=1)))

    assert [(s.job.key, s.state.value) for s in found if s.state.lost] == [(PIN, "missing")]


def test_a_job_that_is_gone_is_pinned_only_where_no_other_is_found():
    gone = replace(WEB, gone_since=before(hours=1))
    renamed = replace(a_job("web", endpoint=7), key=JobKey("renamed"))

    def pinned(*declared):
        return [job.key for job in united(jobs(*declared)) if job.pin is not None]

    assert pinned(gone, renamed) == ["renamed"]
    assert pinned(gone) == [WEB.key]


def test_a_job_of_another_prometheus_is_not_what_the_pin_asks_for():
    other = a_job("web", prometheus="other/one")

    assert {job.key for job in united(jobs(other))} == {other.key, PIN}


def test_a_pin_with_an_incident_stays_until_that_has_ended():
    found = statuses(jobs(WEB), seen(a_pool(up=2)), ongoing={PIN})

    assert {s.job.key: s.state.value for s in found} == {WEB.key: "healthy", PIN: "healthy"}
