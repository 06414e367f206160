"""What a large server is asked, and what is not asked of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.prometheus_answers import Answers, Reply, a_server, a_target, data, metrics
from watcher.adapters.prometheus.metrics import labels_of, self_metrics
from watcher.adapters.prometheus.observer import Prometheus
from watcher.adapters.wording.last_error import LONGEST, steady
from watcher.model.expectations import ExpectedServer
from watcher.model.names import ServerName
from watcher.settings import HttpSettings

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
POOLS = 40


def large(**health):
    """A server of many pools with two targets each; those named have the health that is given."""
    return a_server(
        *(
            a_target(f"pool-{n}", target, health.get(f"pool_{n}", "up"), job=f"job-{n}")
            for n in range(POOLS)
            for target in (1, 2)
        )
    )


def observe(observer, answers, after=0):
    answers.asked.clear()
    place = ExpectedServer(name=ServerName("prometheus-0"), url=answers.url)
    return observer.observe(place, NOW + timedelta(seconds=after))


def pools_read(answers):
    asked = [one.query for one in answers.asked if one.path == "/api/v1/targets"]
    return [query.get("scrapePool") for query in asked if query["state"] == "active"]


def a_result(*labels):
    result = [{"metric": one, "value": [1, "1"]} for one in labels]
    return data({"resultType": "vector", "result": result})


def sparing():
    return Prometheus(HttpSettings(), full_targets_up_to=50)


def test_up_to_the_limit_all_targets_are_read_in_one_request():
    with Answers(large()) as answers:
        observe(Prometheus(HttpSettings(), full_targets_up_to=80), answers)

    assert pools_read(answers) == [None]


def test_above_the_limit_each_pool_is_read_once_and_then_left_alone():
    with Answers(large()) as answers:
        observer = sparing()
        observe(observer, answers)
        first = pools_read(answers)
        later = observe(observer, answers, after=1)
        second = pools_read(answers)

    assert sorted(first) == sorted(f"pool-{n}" for n in range(POOLS))
    assert len(second) <= 1
    assert all(pool.targets_read and pool.up == 2 for pool in later.pools.values())


def test_a_hint_leads_to_the_pools_whose_targets_carry_its_job_label():
    with Answers(large()) as answers:
        observer = sparing()
        observe(observer, answers)
        answers.replies |= large(pool_7="down")
        answers.replies["/api/v1/query"] = a_result({"job": "job-7"})
        found = observe(observer, answers, after=1)
        read = pools_read(answers)

    assert "pool-7" in read
    assert len(read) <= 2
    assert found.pools["pool-7"].down == 2


def test_a_pool_that_is_ill_is_read_at_each_watch_until_it_is_well():
    with Answers(large(pool_3="down")) as answers:
        observer = sparing()
        observe(observer, answers)
        observe(observer, answers, after=1)
        ill = pools_read(answers)
        answers.replies |= large()
        well = observe(observer, answers, after=2)
        observe(observer, answers, after=3)

    assert "pool-3" in ill
    assert well.pools["pool-3"].up == 2
    assert "pool-3" not in pools_read(answers)


def test_a_pool_whose_number_of_targets_changed_is_read():
    with Answers(large()) as answers:
        observer = sparing()
        observe(observer, answers)
        counts = {f"pool-{n}": 2 for n in range(POOLS)} | {"pool-5": 3}
        answers.replies["/metrics"] = metrics(counts)
        observe(observer, answers, after=1)

    assert "pool-5" in pools_read(answers)


def test_within_half_an_hour_every_pool_is_read_whatever_the_hints_say():
    with Answers(large()) as answers:
        observer = sparing()
        observe(observer, answers)
        read = []
        for watch in range(1, 61):
            observe(observer, answers, after=30 * watch)
            read += pools_read(answers)

    assert set(read) == {f"pool-{n}" for n in range(POOLS)}
    assert len(read) <= POOLS + 2


def test_a_pool_of_no_targets_by_the_gauge_is_empty_without_being_read():
    replies = large()
    replies |= {"/metrics": metrics({f"pool-{n}": 2 for n in range(POOLS)} | {"pool-9": 0})}
    with Answers(replies) as answers:
        found = observe(sparing(), answers)

    assert "pool-9" not in pools_read(answers)
    assert (found.pools["pool-9"].active, found.pools["pool-9"].targets_read) == (0, True)


def test_a_restarted_server_is_read_anew():
    with Answers(large()) as answers:
        observer = sparing()
        observe(observer, answers)
        runtime = answers.replies["/api/v1/status/runtimeinfo"].body
        other = runtime.replace(b"04:00:00Z", b"04:55:00Z")
        reply = type(answers.replies["/metrics"])(other)
        answers.replies["/api/v1/status/runtimeinfo"] = reply
        observe(observer, answers, after=1)

    assert len(pools_read(answers)) == POOLS


def test_dropped_targets_are_counted_only_for_pools_without_active_ones():
    replies = a_server(a_target("a"), counts={"b": 0}, dropped={"a": 4, "b": 7})
    with Answers(replies) as answers:
        found = observe(Prometheus(HttpSettings()), answers)

    assert (found.pools["a"].dropped, found.pools["b"].dropped) == (None, 7)
    asked = [one.query for one in answers.asked if one.query.get("state") == "dropped"]
    assert len(asked) == 1


def test_no_more_than_a_few_dozen_failing_targets_are_held():
    targets = [a_target("a", n, "down", "server returned HTTP status 500") for n in range(60)]
    with Answers(a_server(*targets)) as answers:
        pool = observe(Prometheus(HttpSettings()), answers).pools["a"]

    assert (pool.down, len(pool.failing)) == (60, 24)


def test_labels_with_escapes_are_read_as_they_were():
    text = (
        "prometheus_config_last_reload_successful 1\n"
        'prometheus_target_scrape_pool_targets{scrape_job="a\\"} 7 {\\\\b\\n"} 3\n'
    )
    found = self_metrics(text)

    assert found is not None
    assert found.targets == {'a"} 7 {\\b\n': 3}


def test_what_is_no_exposition_of_prometheus_is_nothing():
    assert self_metrics("<html>\nprometheus_sd_discovered_targets 3\n") is None


@given(st.text())
def test_no_exposition_is_too_strange(text):
    found = self_metrics(
        f"prometheus_config_last_reload_successful 1\nprometheus_sd_discovered_targets{{{text}}} 1"
    )

    assert found is not None
    assert isinstance(labels_of(text), dict)


def test_a_steady_error_has_no_ephemeral_port_nor_the_time():
    one = steady('Get "http://h/m": read tcp 10.0.0.1:42250->10.0.0.2:80: read: reset')
    other = steady('Get "http://h/m": read tcp 10.0.0.1:51111->10.0.0.2:80: read: reset')
    expired = steady("x509: certificate has expired: current time 2026-11-23T05:00:00Z is after 2")

    assert one == other
    assert "2026-11-23" not in expired


def test_a_steady_error_is_one_short_line_without_secrets():
    found = steady(
        'Get "http://me:hush@h/m?module=http&access_token=hush": oauth2: 501\n<html>\x1b[31m'
        + "x" * 999
    )

    assert len(found) == LONGEST
    assert "hush" not in found
    assert "module=http" in found
    assert found.isprintable()


@given(st.text())
def test_no_error_is_too_strange(text):
    found = steady(text)

    assert len(found) <= LONGEST
    assert steady(found) == found


@pytest.mark.parametrize(("series", "asked"), [(200_000, True), (200_001, False), (None, False)])
def test_whose_samples_are_refused_is_asked_of_servers_of_few_series_alone(series, asked):
    text = metrics({"web": 1}).body + b"prometheus_target_scrapes_sample_out_of_bounds_total 3\n"
    if series is not None:
        text += f"prometheus_tsdb_head_series {series}\n".encode()
    with Answers(a_server(a_target()) | {"/metrics": Reply(text)}) as answers:
        observe(Prometheus(HttpSettings()), answers)
        queries = [one.query["query"] for one in answers.asked if one.path == "/api/v1/query"]

    assert any("unless" in query for query in queries) == asked


def test_where_no_sample_was_refused_nobody_is_asked_whose_they_are():
    text = metrics({"web": 1}).body + b"prometheus_tsdb_head_series 9\n"
    with Answers(a_server(a_target()) | {"/metrics": Reply(text)}) as answers:
        observe(Prometheus(HttpSettings()), answers)
        queries = [one.query["query"] for one in answers.asked if one.path == "/api/v1/query"]

    assert not any("unless" in query for query in queries)


OVER = b"prometheus_target_scrapes_exceeded_sample_limit_total 3\n"
DUPLICATES = b"prometheus_target_scrapes_sample_duplicate_timestamp_total 9\n"


def limited(*, limit, samples, stored=(), metrics_of=OVER + DUPLICATES, **job):
    """A server of one target that is up, by how many samples it gave and what of them is stored."""
    target = a_target()
    count = {"metric": target["labels"], "value": [1, str(samples)]}

    def result(asked):
        query = asked.query["query"]
        counts = (
            [count] if query.startswith(f"scrape_samples_post_metric_relabeling > {limit} ") else []
        )
        found = counts or (stored if query.startswith("count({") else [])
        return data({"resultType": "vector", "result": list(found)})

    config = {"scrape_configs": [{"job_name": "web", "sample_limit": limit} | job]}
    return a_server(target) | {
        "/metrics": Reply(metrics({"web": 1}).body + metrics_of),
        "/api/v1/status/config": data({"yaml": json.dumps(config)}),
        "/api/v1/query": result,
    }


@pytest.mark.parametrize("full_targets_up_to", [0, 50])
def test_a_target_that_is_up_over_its_limit_with_nothing_stored_is_down(full_targets_up_to):
    with Answers(limited(limit=10, samples=50)) as answers:
        found = observe(Prometheus(HttpSettings(), full_targets_up_to=full_targets_up_to), answers)

    pool = found.pools["web"]
    assert (pool.up, pool.down, pool.failing[0].last_error) == (0, 1, "sample limit exceeded")


@pytest.mark.parametrize(
    "server",
    [
        {"samples": 10},
        {"samples": 50, "stored": [{"metric": {}, "value": [1, "9"]}]},
        {"samples": 50, "metrics_of": OVER},
        {"samples": 50, "metrics_of": DUPLICATES},
        {"samples": 50, "honor_labels": True},
        {"samples": 50, "metric_relabel_configs": [{"action": "labeldrop", "regex": "job"}]},
    ],
    ids=str,
)
def test_a_target_is_up_where_it_is_not_known_that_its_samples_were_passed_over(server):
    with Answers(limited(limit=10, **server)) as answers:
        found = observe(Prometheus(HttpSettings()), answers)

    assert (found.pools["web"].up, found.pools["web"].down) == (1, 0)


def test_where_no_target_has_a_limit_nobody_is_asked_who_is_over_it():
    with Answers(limited(limit=0, samples=50)) as answers:
        observe(Prometheus(HttpSettings()), answers)
        queries = [one.query["query"] for one in answers.asked if one.path == "/api/v1/query"]

    assert not any("min_over_time" in query for query in queries)
