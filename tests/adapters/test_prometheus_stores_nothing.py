"""A server whose targets are up and that stores nothing of them, as one with a full volume.

The families and their values are those of 2.42.0, 2.53.3, 3.5.3 and 3.16.0 on a volume that was filled.
"""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.adapters.prometheus_answers import STATUS, Answers, Reply, a_server, a_target, data
from watcher.adapters.prometheus.observer import Prometheus
from watcher.model.expectations import ExpectedServer
from watcher.model.names import ServerName
from watcher.settings import HttpSettings


def metrics(newest, failed):
    return Reply(
        "\n".join(
            [
                "prometheus_config_last_reload_successful 1",
                'prometheus_target_scrape_pool_targets{scrape_job="web"} 1',
                f"prometheus_tsdb_head_max_time {newest:.12g}",
                f"prometheus_tsdb_wal_writes_failed_total {failed}",
            ]
        ).encode()
    )


def runtime(started):
    said = {
        "startTime": started.isoformat(),
        "lastConfigTime": started.isoformat(),
        "reloadConfigSuccess": True,
        "storageRetention": "15d",
    }
    return data(said)


def looked(newest, *, age=timedelta(hours=1), interval="30s", health="up", failed=54, looks=1):
    replies = a_server(a_target(health=health))
    replies["/metrics"] = metrics(newest, failed)
    replies[f"{STATUS}runtimeinfo"] = runtime(datetime.now(UTC) - age)
    config = f"scrape_configs: [{{job_name: web, scrape_interval: {interval}}}]"
    replies[f"{STATUS}config"] = data({"yaml": config})
    with Answers(replies) as answers:
        server = ExpectedServer(name=ServerName("prometheus-0"), url=answers.url)
        observer = Prometheus(HttpSettings())
        return [observer.observe(server, datetime.now(UTC)) for _ in range(looks)][-1]


def ago(seconds):
    return (time.time() - seconds) * 1000


def test_where_nothing_was_stored_for_minutes_every_target_that_is_up_yields_nothing():
    found = looked(ago(600))

    assert found.stores_nothing
    assert found.stored_at is not None
    assert datetime.now(UTC) - found.stored_at > timedelta(minutes=9)
    assert (found.pools["web"].up, found.pools["web"].barren) == (1, 1)
    assert found.metrics.wal_writes_failed == 54


def test_where_no_write_failed_it_takes_a_second_look_that_finds_the_same():
    newest = ago(600)

    assert not looked(newest, failed=0).stores_nothing
    assert looked(newest, failed=0, looks=2).stores_nothing


@pytest.mark.parametrize(
    "harmless",
    [
        {"seconds": 30},
        {"interval": "5m"},
        {"age": timedelta(minutes=1)},
        {"health": "down"},
        {"newest": -9.223372036854776e18},
        {"newest": float("inf")},
        {"seconds": -3600},
    ],
    ids=["lately", "long interval", "young", "none is up", "empty head", "no time", "of tomorrow"],
)
def test_what_tells_of_no_silence_is_none(harmless):
    seen = {"newest": ago(harmless.get("seconds", 600))} | harmless
    seen.pop("seconds", None)

    assert not looked(**seen).stores_nothing
