"""What is remembered when the API server shows less than there was, through the command line."""

import json
from datetime import UTC, datetime

import pytest
import yaml

from tests.cli.place import pool
from tests.kube_objects import a_service_monitor

NAMES = [f"job-{number}" for number in range(6)]
POOLS = [pool(name) for name in NAMES]
LIST = "/apis/monitoring.coreos.com/v1/servicemonitors"


@pytest.fixture
def full(place):
    """Six healthy jobs, remembered."""
    for name in NAMES:
        place.api.apply(a_service_monitor(name, "shop"))
    place.scrapes(*POOLS)
    assert place.run("run", "--cycles", "1").code == 0
    return place


def states(place):
    ran = place.run("once", "--format", "json")
    return {job["pool"]: (job["state"], job["cause"]) for job in ran.json["jobs"]}


def expected(place):
    return place.run("expect", "--format", "json").json["expected"]


def test_an_empty_list_by_mistake_loses_nothing_that_still_runs(full):
    body = {"kind": "ServiceMonitorList", "apiVersion": "monitoring.coreos.com/v1", "items": []}
    full.api.fail(LIST, body=json.dumps(body).encode())

    assert states(full) == dict.fromkeys(POOLS, ("healthy", None))
    assert all(job["gone_since"] for job in expected(full))

    full.api.heal()
    assert not any(job["gone_since"] for job in expected(full))


def test_a_definition_that_disappears_takes_no_job_along(full):
    full.api.delete("CustomResourceDefinition", None, "servicemonitors.monitoring.coreos.com")
    still = states(full)
    full.scrapes()

    assert still == dict.fromkeys(POOLS, ("healthy", None))
    assert states(full) == dict.fromkeys(POOLS, ("missing", "crd-missing"))


def test_a_mass_loss_is_printed_as_one_message(full):
    for name in NAMES[:5]:
        full.api.delete("ServiceMonitor", "shop", name)
    full.settings(pending_for="1s")
    full.scrapes(POOLS[5])

    full.run("run", "--cycles", "1")
    ran = full.run("run", "--cycles", "3", "--dry-run")

    assert (
        ran.out.count("Mass loss in monitoring/k8s: 5 of 6 expected jobs no longer declared") == 1
    )
    assert "monitor-deleted" not in ran.out


def test_a_removal_is_forgotten_when_its_time_is_over(full):
    full.api.delete("ServiceMonitor", "shop", NAMES[0])
    full.settings(retire_after="1s")

    full.run("run", "--cycles", "2")

    assert {job["pool"] for job in expected(full)} == set(POOLS[1:])


def test_a_list_that_may_not_be_read_is_no_removal(full):
    full.api.fail(LIST, status=500)

    assert states(full) == dict.fromkeys(POOLS, ("healthy", None))
    assert not any(job["gone_since"] for job in expected(full))


def test_the_last_seen_objects_of_a_lost_definition_can_be_applied_again(full):
    full.api.delete("CustomResourceDefinition", None, "servicemonitors.monitoring.coreos.com")

    ran = full.run("expect", "shop/*", "--manifest")

    documents = list(yaml.safe_load_all(ran.out))
    assert sorted(each["metadata"]["name"] for each in documents) == NAMES


def test_what_is_ignored_until_a_day_is_told_so_on_both_sides_of_it(place):
    raw = a_service_monitor("web", "shop")
    today = datetime.now(UTC).date().isoformat()
    raw["metadata"]["annotations"] = {"watcher/ignore": "true", "watcher/until": today}
    place.api.apply(raw)

    assert expected(place)[0]["ignored"] is None
