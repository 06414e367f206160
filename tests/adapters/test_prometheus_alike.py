"""Targets with the same labels: a fault only where something is stored twice."""

import json
from datetime import UTC, datetime

import pytest

from tests.adapters.prometheus_answers import STATUS, Answers, Reply, a_server, a_target, data
from watcher.adapters.prometheus.observer import Prometheus
from watcher.model.expectations import ExpectedServer
from watcher.model.names import ServerName
from watcher.settings import HttpSettings


def alike(number, pool="web", health="up", **labels):
    return a_target(pool, number, health, **{"instance": "one", "job": "web"} | labels)


def answered(least, series):
    def answer(asked):
        text = asked.query["query"]
        value = least if text.startswith("min(") else series if text.startswith("count(") else None
        found = [] if value is None else [{"metric": {}, "value": [0, str(value)]}]
        return data({"resultType": "vector", "result": found})

    return answer


def looked(targets, least=10, series=10, job=None, query=None):
    replies = a_server(*targets)
    replies["/api/v1/query"] = query or answered(least, series)
    names = {target["scrapePool"] for target in targets}
    config = {"scrape_configs": [{"job_name": name} | (job or {}) for name in sorted(names)]}
    replies[f"{STATUS}config"] = data({"yaml": json.dumps(config)})
    with Answers(replies) as answers:
        server = ExpectedServer(name=ServerName("prometheus-0"), url=answers.url)
        found = Prometheus(HttpSettings()).observe(server, datetime.now(UTC))
    return {name: pool.overwritten for name, pool in found.pools.items()}


TWO = (alike(1), alike(2))
CHOSEN = {"metric_relabel_configs": [{"action": "drop", "source_labels": ["x"], "regex": "y"}]}
RENAMED = {"metric_relabel_configs": [{"action": "replace", "target_label": "instance"}]}


@pytest.mark.parametrize("series", [10, 19])
def test_targets_overwrite_one_another_where_there_are_fewer_series_than_they_store(series):
    assert looked(TWO, series=series) == {"web": 2}


def test_two_jobs_on_one_exporter_overwrite_one_another():
    assert looked((alike(1), alike(1, pool="again"))) == {"again": 1, "web": 1}


def test_metric_relabelling_that_only_chooses_samples_hides_nothing():
    assert looked(TWO, job=CHOSEN) == {"web": 2}


@pytest.mark.parametrize(
    "harmless",
    [
        {"targets": TWO, "series": 20},
        {"targets": TWO, "least": None},
        {"targets": TWO, "series": None},
        {"targets": TWO, "query": Reply(b"", 503)},
        {"targets": TWO, "job": {"honor_labels": True}},
        {"targets": TWO, "job": RENAMED},
        {"targets": (alike(1), alike(2, instance="two"))},
        {"targets": (alike(1), alike(2, health="down"))},
        {"targets": (alike(1), alike(2, health="unknown"))},
    ],
    ids=[
        "nothing in common",
        "not all wrote",
        "no series",
        "cannot be asked",
        "labels of the exporter",
        "labels are changed",
        "labels differ",
        "one down",
        "one not scraped",
    ],
)
def test_what_does_not_show_that_anything_is_stored_twice_is_no_fault(harmless):
    assert looked(**harmless) == {"web": 0}
