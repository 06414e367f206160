"""Dashboard and rules speak only of metrics and labels that there are."""

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from tests.prometheus_server import RealPrometheus, free_port
from tools.prometheus_binary import PrometheusBinary
from watcher.web import families

CONFIG = Path(__file__).resolve().parents[2] / "config"
RULES: dict[str, Any] = yaml.safe_load(
    (CONFIG / "prometheus/watcher.rules.yaml").read_text(encoding="utf-8")
)
STANDALONE: dict[str, Any] = yaml.safe_load(
    (CONFIG / "prometheus/standalone.rules.yaml").read_text(encoding="utf-8")
)
DASHBOARD: dict[str, Any] = json.loads(
    (CONFIG / "grafana/watcher.json").read_text(encoding="utf-8")
)
LABELS = {family.name: {*family.labels, "instance", "job"} for family in families.ALL}


def expressions() -> Iterator[str]:
    for group in RULES["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_an_expression_is_promql_over_metrics_and_labels_that_there_are(expression: str) -> None:
    promql_parser.parse(expression)
    named = re.findall(r"\b(watcher_\w+)(?:\{([^}]*)\})?", expression)

    for name, matchers in named:
        assert name in LABELS
        assert set(re.findall(r"(\w+)\s*[=!]~?", matchers)) <= LABELS[name]


def test_every_metric_is_shown_or_watched() -> None:
    described = (
        text
        for group in RULES["groups"]
        for rule in group["rules"]
        for text in rule.get("annotations", {}).values()
    )
    texts = (*expressions(), *described)
    shown = {name for text in texts for name in re.findall(r"\bwatcher_\w+", text)}

    assert set(LABELS) - shown == {"watcher_build_info"}


@pytest.mark.parametrize("alert", [r["alert"] for g in STANDALONE["groups"] for r in g["rules"]])
def test_a_rule_that_needs_no_watcher_speaks_of_none(alert: str) -> None:
    expression = standalone(alert)
    promql_parser.parse(expression)

    assert "watcher" not in expression


@pytest.mark.prometheus
def test_a_real_prometheus_names_the_pool_that_failed_without_a_watcher(
    prometheus_binary: PrometheusBinary,
) -> None:
    port = free_port()
    jobs = [
        {"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]},
        {"job_name": "kubelet", "static_configs": [{"targets": ["127.0.0.1:1"]}], "scheme": "https",
         "tls_config": {"cert_file": "/nowhere/tls.crt", "key_file": "/nowhere/tls.key"}},
    ]  # fmt: skip
    config = yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs})

    def failed(server: RealPrometheus) -> list[str]:
        answer = server.api("query", query=standalone("PrometheusScrapePoolFailed"))
        return [each["metric"]["scrape_job"] for each in answer["result"]]

    with RealPrometheus(config, binary=prometheus_binary, at=("127.0.0.1", port)) as server:
        server.wait_until(lambda server: failed(server) == ["kubelet"])


def standalone(alert: str) -> str:
    """The expression of an alert that needs no watcher."""
    rules = (rule for group in STANDALONE["groups"] for rule in group["rules"])
    return next(rule["expr"] for rule in rules if rule["alert"] == alert)


def test_no_panel_lies_over_another_and_each_has_its_own_number() -> None:
    panels = DASHBOARD["panels"]
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x, y in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        )
    ]

    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert max(x for x, _ in cells) < 24


def test_the_data_source_of_the_compose_file_serves_the_dashboard() -> None:
    folder = CONFIG / "grafana/provisioning"
    source = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text(encoding="utf-8"))

    assert [one["type"] for one in source["datasources"]] == ["prometheus"]
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {"${datasource}"}


@pytest.mark.prometheus
@pytest.mark.parametrize(
    "words",
    [
        (verb, "rules", f"{file}.rules{ending}.yaml")
        for file in ("watcher", "standalone")
        for verb, ending in (("check", ""), ("test", ".test"))
    ],
    ids=" ".join,
)
def test_promtool_accepts_the_rules_and_their_tests(
    prometheus_binary: PrometheusBinary, words: tuple[str, ...]
) -> None:
    if prometheus_binary.promtool is None:
        pytest.skip("this Prometheus comes without promtool: put promtool on PATH")

    done = subprocess.run(
        [prometheus_binary.promtool, *words],
        cwd=CONFIG / "prometheus",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.prometheus
def test_the_prometheus_of_the_compose_file_has_lost_just_the_job_it_is_to_lose(
    prometheus_binary: PrometheusBinary, tmp_path: Path
) -> None:
    config = (CONFIG / "compose/prometheus.yml").read_text(encoding="utf-8")
    rules = tmp_path / "etc/prometheus/watcher.rules.yaml"
    rules.parent.mkdir(parents=True)
    shutil.copy(CONFIG / "prometheus/watcher.rules.yaml", rules)

    with RealPrometheus(config, binary=prometheus_binary, root=tmp_path) as server:
        made = frozenset({"prometheus", "watcher"})
        server.wait_until(lambda server: server.pools() == made and "kubelet" in server.log)


def test_whoever_scrapes_the_watcher_keeps_its_labels() -> None:
    monitor = yaml.safe_load(
        (CONFIG / "kubernetes/servicemonitor.yaml").read_text(encoding="utf-8")
    )
    compose = yaml.safe_load((CONFIG / "compose/prometheus.yml").read_text(encoding="utf-8"))

    assert [each["honorLabels"] for each in monitor["spec"]["endpoints"]] == [True]
    assert [
        each["honor_labels"] for each in compose["scrape_configs"] if each["job_name"] == "watcher"
    ] == [True]
