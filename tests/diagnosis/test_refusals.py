"""Whose fault a refused configuration is, by the words of real servers."""

import pytest

from tests.builders import a_server, before
from tests.operator.things import prometheus, service_monitor
from watcher.diagnosis.rules._refusals import Refusal, culprit
from watcher.model.facts import LogKind, LogLine

ADDITIONAL = {"name": "add", "key": "a.yaml"}
WEB = "serviceMonitor/monitoring/app/0"
PREFIX = 'couldn\'t load configuration (--config.file="/p.yml"): parsing YAML file /p.yml: '


def whose(words, *, resource=None, monitors=(), version="3.5.3"):
    server = a_server(version=version)
    line = LogLine(
        server=server.server.name,
        kind=LogKind.CONFIG_NOT_LOADED,
        pool=None,
        text=PREFIX + words,
        at=before(minutes=5),
    )
    found = culprit(Refusal(server=server, line=line), resource, monitors)
    return None if found is None else found.what


@pytest.mark.parametrize(
    "words",
    [
        f'found multiple scrape configs with job name "{WEB}"',
        'found multiple scrape configs with job name "mine"',
        'scrape timeout greater than scrape interval for scrape config with job name "mine"',
        '"http://a/b" is not a valid hostname',
    ],
)
def test_what_no_monitor_makes_is_in_additional_scrape_configs(words):
    resource = prometheus(additionalScrapeConfigs=ADDITIONAL)

    assert "additionalScrapeConfigs of Prometheus" in whose(
        words, resource=resource, monitors=[service_monitor()]
    )
    assert whose(words, resource=prometheus(), monitors=[service_monitor()]) is None
    assert whose(words) is None


@pytest.mark.parametrize(
    "words",
    [
        f'scrape timeout greater than scrape interval for scrape config with job name "{WEB}"',
        f'scrape_protocols: unknown scrape protocol Foo for scrape config with job name "{WEB}"',
        'unknown relabel action "test"',
        "error parsing regexp: missing closing ): `^(?s:(a)$`",
        "error parsing regexp: missing closing ): `^(?:(a)$`",
        "\"a-b\" is invalid 'target_label' for lowercase action",
    ],
)
def test_what_stands_in_one_monitor_is_its_fault(words):
    steps = [{"action": "test", "regex": "(a", "targetLabel": "a-b"}]
    bad = service_monitor({"port": "web", "relabelings": steps})

    found = whose(
        words,
        resource=prometheus(additionalScrapeConfigs=ADDITIONAL),
        monitors=[bad, service_monitor(name="other")],
    )

    assert found == "ServiceMonitor monitoring/app"


@pytest.mark.parametrize(
    "words",
    [
        "yaml: unmarshal errors: line 1: field foo not found in type config.plain",
        'found multiple remote write configs with job name "a"',
        "scrape_protocols: unknown scrape protocol Foo, supported: [] for global config",
        '"" is not a valid label name',
    ],
)
def test_the_global_part_is_the_resources_own(words):
    resource = prometheus(additionalScrapeConfigs=ADDITIONAL, version="v3.5.3")

    assert whose(words, resource=resource).startswith("a field of Prometheus")


def test_a_field_that_the_running_version_does_not_know_is_the_versions_fault():
    words = "yaml: unmarshal errors: line 3: field scrape_protocols not found in type config.plain"

    found = whose(words, resource=prometheus(version="v3.5.0"), version="2.42.0+ds")

    assert found.startswith("spec.version v3.5.0 of Prometheus")


def test_words_that_quote_what_many_monitors_have_name_none():
    many = [
        service_monitor({"port": "web", "relabelings": [{"action": "test"}]}, name=f"m{n}")
        for n in range(4)
    ]

    assert whose('unknown relabel action "test"', resource=prometheus(), monitors=many) is None
