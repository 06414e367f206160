"""The rules that a real server has loaded."""

import json

import pytest

from tests.builders import an_expected_server
from tests.prometheus_server import RealPrometheus, every_prometheus
from watcher.adapters.prometheus.observer import Prometheus
from watcher.model.facts import Known, Unavailable
from watcher.model.rules import LoadedRule
from watcher.settings import HttpSettings

WAKES = {"alert": "WebDown", "expr": 'up{job="web"} == 0', "labels": {"severity": "critical"}}
RECORDS = {"record": "job:up:sum", "expr": "sum by (job) (up)"}


@pytest.mark.prometheus
@every_prometheus
def test_alerts_and_records_are_told_with_their_expressions(prometheus_binary, tmp_path):
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "web", "rules": [WAKES, RECORDS]}]}))
    config = json.dumps({"rule_files": [str(file)]})

    with RealPrometheus(config, binary=prometheus_binary) as server:
        place = an_expected_server(url=server.url)
        found = Prometheus(HttpSettings()).rules(place)

    assert found == Known(
        (
            LoadedRule(
                name="WebDown",
                expr='up{job="web"} == 0',
                alerting=True,
                group="web",
                severity="critical",
            ),
            LoadedRule(name="job:up:sum", expr="sum by (job) (up)", alerting=False, group="web"),
        )
    )


def test_a_server_that_is_not_there_has_no_rules_to_tell():
    found = Prometheus(HttpSettings()).rules(an_expected_server(url="http://127.0.0.1:1"))

    assert isinstance(found, Unavailable)
