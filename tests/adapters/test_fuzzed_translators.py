"""No text that a server, a file or a person can write makes a translator crash.

Each either understands what it is given, or says in one clear error what is wrong and what to do.
"""

import copy
import json

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.builders import NOW
from tests.kube_objects import (
    a_namespace,
    a_pod,
    a_prometheus_resource,
    a_service,
    a_service_monitor,
    a_stateful_set,
    an_operator,
)
from watcher.adapters.configuration.written import running_config
from watcher.adapters.manifests.manifests import ManifestSource
from watcher.adapters.prometheus.metrics import self_metrics
from watcher.adapters.wording.log_lines import Log
from watcher.errors import ConfigError, SourceUnavailable
from watcher.model.kube import KubeObject
from watcher.model.names import ServerName
from watcher.settings import load

QUICK = settings(max_examples=200)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False),
    st.text(max_size=10),
    st.sampled_from(["30s", "-1d", "1h1", "http://", "//", "::", "a:b@c", "*", "9" * 50, "\x85"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)

CONFIG = {
    "global": {"scrape_interval": "30s", "external_labels": {"a": "b"}},
    "scrape_config_files": ["/etc/x/*.yaml"],
    "scrape_configs": [
        {
            "job_name": "serviceMonitor/shop/web/0",
            "scheme": "https",
            "metrics_path": "/m",
            "tls_config": {"cert_file": "/a", "key_file": "/b"},
            "relabel_configs": [{"action": "keep", "source_labels": ["a"], "regex": "b"}],
            "kubernetes_sd_configs": [{"role": "endpoints", "namespaces": {"names": ["shop"]}}],
        }
    ],
}
SETTINGS = {
    "kubernetes": {"kubeconfig": "/x", "namespaces": ["a"]},
    "prometheuses": [{"name": "a/b", "servers": [{"name": "c", "url": "http://x"}]}],
    "expect": {"pinned": [{"name": "p", "pool": "*", "labels": {"a": "b"}, "targets": 3}]},
    "watch_interval": "30s",
    "mass_loss": 0.2,
    "web": {"listen": ":9393"},
    "slack": {"channel": "#x"},
    "loki": {"url": "http://loki"},
}
OBJECTS = (
    a_prometheus_resource(secrets=["s"], volumes=[{"name": "v", "configMap": {"name": "c"}}]),
    a_service_monitor("web", "shop", endpoints=[{"port": "http", "relabelings": [{}]}]),
    a_stateful_set(mounts=[("/x", "s")]),
    a_namespace("shop"),
    a_service("web", "shop"),
    a_pod("web-0", "shop"),
    an_operator(),
)


def places(value, path=()):
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for step, inner in items:
        yield (*path, step)
        yield from places(inner, (*path, step))


@st.composite
def altered(draw, seeds):
    """One of *seeds* with up to three of its values replaced by something strange."""
    value = copy.deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(value)) or [()]))
        if not path:
            return draw(JSON)
        holder = value
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = draw(JSON)
    return value


def words_of(error, raised, use):
    """What *use* says when it raises *raised*, else nothing."""
    try:
        use()
    except raised as caught:
        return str(caught)
    return error


@QUICK
@given(st.text())
@example("scrape_configs: [{job_name: a}, {job_name: a}]")
@example("a: &a [*a]")
@example("? {a: b}\n: c")
@example("!!python/object:os.system {}")
@example("x: 1e999999\ny: 0b2\nz: 1_2:3:4")
def test_any_text_is_a_running_configuration_or_none(text):
    assert "\n" not in words_of("", ValueError, lambda: running_config(text))


@QUICK
@given(altered([CONFIG]))
def test_a_strange_running_configuration_is_read_or_refused(config):
    text = yaml.safe_dump(config)

    assert "\n" not in words_of("", ValueError, lambda: running_config(text))


@QUICK
@given(st.text())
@example('prometheus_config_last_reload_successful{a="} 1')
@example("prometheus_config_last_reload_successful NaN")
@example("prometheus_sd_discovered_targets{config=}x 1e999")
@example('prometheus_target_scrape_pool_targets{scrape_job="a"} +Inf')
def test_any_text_is_an_exposition_of_metrics_or_none(text):
    found = self_metrics(text)

    assert found is None or found.told() is not None


METRICS = """prometheus_config_last_reload_successful 1
prometheus_config_last_reload_success_timestamp_seconds 1.7e+09
prometheus_sd_discovered_targets{config="web",name="scrape"} 3
prometheus_target_scrape_pool_targets{scrape_job="web"} 3
"""


@QUICK
@given(st.integers(0, len(METRICS)), st.text(max_size=12))
def test_an_exposition_with_something_strange_in_it_is_read_all_the_same(place, strange):
    found = self_metrics(METRICS[:place] + strange + METRICS[place:])

    assert found is None or found.told() is not None


@QUICK
@given(st.lists(st.text(), max_size=5))
@example(['{"msg":"error creating new scrape pool","scrape_pool":1,"err":[]}'])
@example(["E0230 99:99:99.0 1 x.go:1] failed to list *v1.Pod: x", "2026-11-23T05:00:00Z x"])
@example(["9999-12-31T23:59:59+99:99 level=error discovery"])
@example(['level=error msg="error creating new scrape pool" scrape_pool="\\x" err="\\ud800"'])
def test_any_lines_are_a_log(lines):
    log = Log(ServerName("k8s-0"))

    log.take("\n".join(lines))

    assert isinstance(log.lines(), tuple)


@QUICK
@given(altered([SETTINGS]))
def test_strange_settings_are_read_or_refused_with_their_place(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")

    said = words_of(str(path), ConfigError, lambda: load(path))

    assert str(path) in said or "slack" in said


@QUICK
@given(st.binary())
@example(b"a: &a [*a]")
@example(b"\xff\xfe")
@example(b"--- !!set {a, b}")
@example(b"watch_interval: 9999999999999999999w")
def test_any_file_is_settings_or_refused_with_its_name(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_bytes(content)

    assert str(path) in words_of(str(path), ConfigError, lambda: load(path))


@QUICK
@given(altered(OBJECTS))
def test_strange_objects_are_expectations_or_named_as_unreadable(tmp_path_factory, strange):
    path = tmp_path_factory.getbasetemp() / "fuzzed-manifests.yaml"
    path.write_text(yaml.safe_dump_all([strange, *OBJECTS]), encoding="utf-8")

    found = None
    said = ""
    try:
        found = ManifestSource([path]).snapshot(NOW)
    except SourceUnavailable as error:
        said = str(error)

    assert found is not None or str(path) in said


@QUICK
@given(st.binary())
def test_any_file_is_manifests_or_named_as_unreadable(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzzed-manifests.yaml"
    path.write_bytes(content)

    said = words_of(str(path), SourceUnavailable, lambda: ManifestSource([path]).snapshot(NOW))

    assert str(path) in said


@QUICK
@given(altered(OBJECTS))
def test_the_fields_that_every_object_has_are_read_or_named(strange):
    if not isinstance(strange, dict):
        pytest.skip("no object")
    for read in ("kind", "name", "namespace", "labels", "generation", "created_at", "spec"):
        said = words_of("field", ValueError, lambda r=read: getattr(KubeObject(strange), r))

        assert said.startswith("field")


@QUICK
@given(st.text(max_size=40))
def test_json_that_holds_any_text_comes_back_as_it_was(text):
    log = Log(ServerName("k8s-0"))
    line = json.dumps(
        {
            "level": "error",
            "msg": "error creating new scrape pool",
            "err": text,
            "scrape_pool": "web",
        }
    )

    log.take(line)

    assert [each.pool for each in log.lines()] == ["web"]
