"""What the servers' own configuration adds to what is declared."""

from dataclasses import replace

import pytest

from tests.builders import (
    NOW,
    a_job,
    a_pool,
    a_prometheus,
    a_running_job,
    a_server,
    some_expectations,
)
from watcher.adapters.configuration.running import RunningConfiguration
from watcher.model.expectations import Origin, Pin, Unreadable
from watcher.model.observations import UnreadableServer

ADDITIONAL = {"spec": {"additionalScrapeConfigs": {"name": "more", "key": "more.yaml"}}}
OWN = "serviceMonitor/shop/web/0"


class Servers:
    """Answers one observation for every server, and counts how often it was asked."""

    def __init__(self, seen):
        self.seen, self.asked = seen, 0

    def observe(self, server, now):
        self.asked += 1
        return self.seen if self.seen is not None else UnreadableServer(server=server, error="dead")


def running(*names, **raw):
    return Servers(a_server(jobs=[a_running_job(name, raw=raw) for name in names]))


def beside(servers, declared, **how):
    return RunningConfiguration(servers, **how).beside(declared, NOW)


def found(expectations):
    return {job.pool: job.origin for job in expectations.jobs}


def of_a_resource(*jobs, spec=ADDITIONAL):
    return some_expectations(*jobs, prometheuses=(a_prometheus(resource=spec),))


def test_without_a_resource_and_any_source_all_that_runs_is_expected():
    servers = running("node", "db", static_configs=[{"targets": ["a:1", "b:1"]}])

    jobs = beside(servers, some_expectations())

    assert found(jobs) == {"node": Origin.CONFIG_FILE, "db": Origin.CONFIG_FILE}
    assert {job.targets for job in jobs.jobs} == {2}


def test_a_pool_of_an_included_file_is_expected_too():
    servers = Servers(replace(a_server(), pools={"inc": a_pool("inc")}))

    assert found(beside(servers, some_expectations())) == {"inc": Origin.CONFIG_FILE}


def test_where_a_file_speaks_for_it_nothing_is_asked():
    servers = running("node", "stray")
    job = replace(a_job(), monitor=None, pool="node", origin=Origin.CONFIG_FILE)

    assert found(beside(servers, some_expectations(job))) == {}
    assert servers.asked == 0


def test_additional_scrape_configs_are_known_by_their_names():
    servers = running(OWN, "more", "serviceMonitor/shop/gone/0", "shop/old/0")

    assert found(beside(servers, of_a_resource(a_job()))) == {"more": Origin.CONFIG_FILE}


def test_without_additional_scrape_configs_the_servers_of_an_operator_are_not_asked():
    servers = running("more")

    assert found(beside(servers, of_a_resource(a_job(), spec={"spec": {}}))) == {}
    assert servers.asked == 0


def test_what_runs_and_nobody_explains_is_learned_where_that_is_wished():
    servers = running(OWN, "by-hand", "pinned-one")
    pin = Pin(name="x", pool="pinned-*")

    learned = beside(servers, of_a_resource(a_job(), spec={"spec": {}}), learned=True, pins=[pin])

    assert found(learned) == {"by-hand": Origin.LEARNED}


def test_a_server_that_cannot_be_read_hides_only_what_it_would_have_told():
    told = beside(Servers(None), some_expectations())

    assert told.jobs == ()
    assert [u.hides for u in told.unreadable] == [("config_file monitoring/k8s",)]


@pytest.mark.parametrize("learned", [True, False])
def test_while_the_resources_cannot_be_read_nothing_is_taken_for_a_file(learned):
    blind = Unreadable(source="prometheuses", error="403", hides=("Prometheus",))
    servers = running(OWN)

    assert beside(servers, some_expectations(unreadable=(blind,)), learned=learned).jobs == ()
    assert servers.asked == 0
