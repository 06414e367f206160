"""A job stays the one that it was, whatever its owner does to the endpoints of its monitor."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, some_expectations
from tests.operator.things import pod_monitor, probe, prometheus, scrape_config, service_monitor
from watcher.engine.merge import Keeping, combined, remember
from watcher.model.expectations import Origin
from watcher.operator.jobs import expected_jobs

FIELDS = {
    "port": ("web", "admin"),
    "scheme": ("http", "https"),
    "path": ("/metrics", "/slis"),
    "interval": ("30s", "1m"),
    "params": ({"m": ["x"]}, {"m": ["y"]}),
    "targetPort": (8080, "named"),
}
ENDPOINTS = st.lists(
    st.fixed_dictionaries(
        {"port": st.sampled_from("abc")}, optional={"path": st.sampled_from("xy")}
    ),
    min_size=1,
    max_size=5,
)
APART = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True).map(
    lambda ports: [{"port": port} for port in ports]
)


def seen(monitor, before=None):
    """What is expected after *monitor* was read."""
    fresh = some_expectations(*expected_jobs(monitor, prometheus()))
    return remember(before, fresh, keeping=Keeping(), now=NOW)


def read(endpoints, before=None):
    return seen(service_monitor(*endpoints), before)


def keys(expectations):
    return [job.key for job in sorted(expectations.jobs, key=lambda job: job.endpoint)]


@given(ENDPOINTS, st.data())
def test_a_field_of_an_endpoint_is_changed_and_every_job_is_the_one_that_it_was(endpoints, data):
    before = read(endpoints)
    at = data.draw(st.integers(0, len(endpoints) - 1))
    field = data.draw(st.sampled_from(sorted(FIELDS)))
    changed = [dict(each) for each in endpoints]
    changed[at][field] = data.draw(st.sampled_from(FIELDS[field]))

    after = read(changed, before)

    assert keys(after) == keys(before)
    assert [job.asks for job in after.jobs] == [job.asks for job in read(changed).jobs]
    assert keys(read(endpoints, after)) == keys(before)


@given(APART, st.data())
def test_endpoints_are_removed_and_every_other_job_is_the_one_that_it_was(endpoints, data):
    before = read(endpoints)
    left = data.draw(st.lists(st.sampled_from(range(len(endpoints))), min_size=1, unique=True))

    after = read([endpoints[n] for n in left], before)

    assert keys(after) == [keys(before)[n] for n in left]


@given(APART, st.data())
def test_endpoints_are_added_anywhere_and_every_job_of_before_is_the_one_that_it_was(more, data):
    some = data.draw(st.lists(st.sampled_from(more), min_size=1, unique_by=lambda e: e["port"]))
    before = read(some)

    after = read(more, before)

    for endpoint, key in zip(some, keys(before), strict=True):
        assert keys(after)[more.index(endpoint)] == key


@given(st.lists(ENDPOINTS, min_size=1, max_size=6))
def test_whatever_becomes_of_a_monitor_no_two_jobs_are_one_and_the_same_again_changes_nothing(
    lives,
):
    expected = None
    for endpoints in lives:
        expected = read(endpoints, expected)

        assert len(set(keys(expected))) == len(endpoints)
        assert read(endpoints, expected) == expected


def test_a_job_that_takes_the_fields_that_another_was_known_by_is_a_job_of_its_own():
    was = read([{"port": "a"}])
    edited = read([{"port": "b"}], was)

    [first, second] = keys(read([{"port": "b"}, {"port": "a"}], edited))

    assert [first] == keys(was)
    assert second not in {first, *keys(edited)}


def test_of_endpoints_that_were_changed_and_moved_at_once_the_place_decides():
    was = keys(read([{"port": "a"}, {"port": "b"}, {"port": "c"}]))

    after = read([{"port": "new"}, {"port": "c"}], read([{"port": p} for p in "abc"]))

    assert keys(after) == [was[0], was[2]]


def test_a_monitor_that_is_made_again_otherwise_has_the_job_that_it_had():
    was = read([{"port": "a"}])
    gone = remember(was, some_expectations(), keeping=Keeping(), now=NOW)

    again = read([{"port": "b"}], gone)

    assert keys(again) == keys(was)
    assert [job.gone_since for job in again.jobs] == [None]


def test_of_every_kind_that_has_no_endpoints_the_object_is_the_job():
    for before, after in (
        (probe(), probe(prober={"url": "b", "path": "/p", "scheme": "https"})),
        (scrape_config(), scrape_config(metricsPath="/m", scheme="HTTPS")),
    ):
        [was], [now] = seen(before).jobs, seen(after, seen(before)).jobs
        assert (now.key, now.asks) == (was.key, "")


def test_a_pod_monitor_keeps_its_jobs_too():
    was = seen(pod_monitor({"port": "a"}))

    assert keys(seen(pod_monitor({"port": "b"}), was)) == keys(was)


def test_an_endpoint_that_a_manifest_says_otherwise_than_the_cluster_is_one_job():
    def of(*ports, **fields):
        monitor = service_monitor(*({"port": port} for port in ports))
        return some_expectations(
            *(replace(job, **fields) for job in expected_jobs(monitor, prometheus()))
        )

    both = combined([of("a"), of("b", "c", origin=Origin.MANIFESTS)])

    assert [(job.port, job.origin) for job in both.jobs] == [
        ("a", Origin.MONITOR),
        ("c", Origin.MANIFESTS),
    ]
