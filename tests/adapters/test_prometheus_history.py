"""When a job last gave a sample, over HTTP, and for how long that is believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.adapters.prometheus_answers import Answers, data
from watcher.adapters.prometheus.api import Api
from watcher.adapters.prometheus.history import History, Sought
from watcher.model.facts import Known
from watcher.model.names import PoolName
from watcher.settings import HttpSettings

NOW = datetime(2026, 11, 30, 21, 0, tzinfo=UTC)
POOL = PoolName("a")
SOUGHT = Sought(POOL, labels=(("job", "a"),))


def sample(at):
    moment = str(at.timestamp())
    return data({"resultType": "vector", "result": [{"metric": {}, "value": [0, moment]}]})


def test_a_job_that_was_well_meanwhile_is_asked_about_again_when_it_is_lost_again():
    first, second = NOW - timedelta(seconds=30), NOW + timedelta(seconds=60)
    with Answers({"/api/v1/query": sample(first)}) as server:
        history = History(Api(server.url, HttpSettings(), None))
        lost = history.last_sample(SOUGHT, "15d", NOW)
        server.replies["/api/v1/query"] = sample(second)
        still_lost = history.last_sample(SOUGHT, "15d", NOW + timedelta(seconds=30))
        history.forget([POOL])
        lost_again = history.last_sample(SOUGHT, "15d", NOW + timedelta(seconds=90))

    assert lost == still_lost == Known(first)
    assert lost_again == Known(second)


def test_a_scrape_of_more_samples_than_a_target_may_give_is_no_last_sample():
    well = NOW - timedelta(minutes=5)

    def result(asked):
        at = well if " <= 10" in asked.query["query"] else NOW
        return sample(at)

    with Answers({"/api/v1/query": result}) as server:
        history = History(Api(server.url, HttpSettings(), None))
        found = history.last_sample(replace(SOUGHT, most=10), "15d", NOW)

    assert found == Known(well)
