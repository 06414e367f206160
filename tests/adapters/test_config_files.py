"""What configuration files on disk ask for."""

from pathlib import Path

import pytest

from tests.builders import NOW
from watcher.adapters.configuration.files import ConfigFiles
from watcher.adapters.configuration.static_targets import static_targets
from watcher.model.expectations import Origin
from watcher.model.names import PrometheusName

NAME = PrometheusName("edge")
MAIN = """\
global: {scrape_interval: 15s}
scrape_configs:
- job_name: node
  scheme: https
  metrics_path: /node
  tls_config: {ca_file: /etc/ssl/ca.crt}
  static_configs:
  - targets: [a:9100, b:9100, a:9100]
"""


def snapshot(*paths):
    return ConfigFiles([(NAME, Path(path)) for path in paths]).snapshot(NOW)


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def pools(found):
    return [job.pool for job in found.jobs]


def test_a_job_is_expected_with_all_that_its_file_says(tmp_path):
    [job] = snapshot(written(tmp_path / "prometheus.yml", MAIN)).jobs

    assert (job.prometheus, job.pool, job.origin) == (NAME, "node", Origin.CONFIG_FILE)
    assert (job.scheme, job.path, job.targets) == ("https", "/node", 2)
    assert [file.path for file in job.files] == ["/etc/ssl/ca.crt"]


def test_included_files_are_found_beside_it_and_by_their_whole_path(tmp_path):
    for name in ("conf.d/b.yml", "conf.d/a.yml", "other/c.yml"):
        job = Path(name).stem
        written(tmp_path / name, f"scrape_configs: [{{job_name: {job}}}]")
    globs = f"scrape_config_files: [conf.d/*.yml, {tmp_path}/other/*.yml, nothing/*.yml]\n"

    found = snapshot(written(tmp_path / "prometheus.yml", globs + MAIN))

    assert pools(found) == ["node", "a", "b", "c"]
    assert found.unreadable == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("scrape_configs: [", "not valid YAML"),
        ("scrape_configs: {job_name: x}", "scrape_configs: expected a list"),
        ("scrape_configs: [{scheme: http}]", "a job without job_name"),
        ("scrape_config_files: x.yml", "scrape_config_files: expected a list of paths"),
        ("- a", "expected a mapping"),
    ],
)
def test_a_file_that_cannot_be_used_hides_the_jobs_of_its_prometheus_alone(tmp_path, text, told):
    good = written(tmp_path / "good.yml", MAIN)

    found = snapshot(good, written(tmp_path / "bad.yml", text))
    [unreadable] = found.unreadable

    assert pools(found) == ["node"]
    assert told in unreadable.error
    assert unreadable.source == f"configuration file {tmp_path}/bad.yml"
    assert unreadable.hides == ("config_file edge",)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path):
    (tmp_path / "latin.yml").write_bytes(b"scrape_configs: # \xff\n")

    found = snapshot(tmp_path / "nothing.yml", tmp_path / "latin.yml")

    assert [u.error.partition(";")[0] for u in found.unreadable] == [
        "cannot be read: No such file or directory",
        "cannot be read: it is no UTF-8 text",
    ]


def test_one_bad_included_file_costs_only_itself(tmp_path):
    written(tmp_path / "a.yml", "scrape_configs: 3")
    written(tmp_path / "b.yml", "scrape_configs: [{job_name: größe}]")

    found = snapshot(written(tmp_path / "main.yml", f"scrape_config_files: ['?.yml']\n{MAIN}"))

    assert pools(found) == ["node", "größe"]
    assert len(found.unreadable) == 1


STATIC = [{"targets": ["a:1", "b:1"]}]


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ({"static_configs": STATIC}, 2),
        ({"static_configs": [*STATIC, {"targets": ["a:1"], "labels": {"x": "y"}}]}, 3),
        ({"static_configs": [*STATIC, *STATIC]}, 2),
        ({}, 0),
        ({"static_configs": STATIC, "relabel_configs": [{"target_label": "x"}]}, 2),
        ({"static_configs": STATIC, "relabel_configs": [{"action": "keep"}]}, None),
        ({"static_configs": STATIC, "relabel_configs": [{"target_label": "__address__"}]}, None),
        ({"static_configs": STATIC, "dns_sd_configs": [{"names": ["x"]}]}, None),
        ({"static_configs": {"targets": "a"}}, None),
        ({"static_configs": [{"targets": [1]}]}, None),
        ({"static_configs": [{"targets": ["a"], "labels": {"x": ["y"]}}]}, None),
        ({None: 1, "static_configs": [{"targets": ["a"]}]}, 1),
    ],
)
def test_targets_are_counted_only_where_nothing_else_decides(raw, count):
    assert static_targets(raw) == count
