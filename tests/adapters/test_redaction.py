"""What is kept of an answer holds no secret, and still all that causes are found by."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.kube_objects import a_prometheus_resource, a_service_monitor
from tests.pems import a_secret, made
from watcher.adapters.pems import judged
from watcher.adapters.redaction import body, value
from watcher.model.kube import KubeObject
from watcher.operator.jobs import expected_jobs
from watcher.secrecy import HIDDEN, parameter_without_secret
from watcher.secrecy import without_secrets as text

IN_PLACE = parameter_without_secret("token", "hunter2")


def redacted(raw):
    return json.loads(body(json.dumps(raw).encode()))


def test_of_a_secret_only_its_keys_and_verdicts_are_left():
    applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": "aHVudGVyMg=="}'}
    secret = a_secret(tls__crt="certificate one", tls__key="key one", token="hunter2")
    secret["metadata"]["annotations"] = applied
    secret["stringData"] = {"password": "hunter2"}

    left = redacted(secret)

    assert set(left) == {"kind", "metadata", "data", "stringData"}
    assert left["metadata"] == {"name": "tls", "namespace": "monitoring"}
    assert judged(left) == judged(secret)
    assert redacted(left) == left
    for content in (*secret["data"].values(), "hunter2", made("key one").decode().split("\n")[1]):
        assert content not in json.dumps(left)


def test_of_a_config_map_too():
    config_map = a_secret("ConfigMap", ca__crt="certificate one", script="hunter2")

    left = redacted(config_map)

    assert judged(left) == judged(config_map)
    assert "hunter2" not in json.dumps(left)
    assert "BEGIN" not in json.dumps(left)


@pytest.mark.parametrize("kind", [["Secret"], {"a": 1}, None, 5])
def test_what_is_of_no_kind_is_looked_through_all_the_same(kind):
    assert redacted({"kind": kind, "token": "hunter2"})["token"] == HIDDEN


@pytest.mark.parametrize(
    ("secret", "left"),
    [
        ("http://me:hunter2@host:9090/x", "http://host:9090/x"),
        (
            "http://host/metrics?token=hunter2&module=a",
            f"http://host/metrics?token={HIDDEN}&module=a",
        ),
        ("http://host/?api_key=hunter2", f"http://host/?api_key={HIDDEN}"),
        ("--web.password=hunter2", f"--web.password={HIDDEN}"),
        ('password="hunter2" port=1', f'password="{HIDDEN}" port=1'),
        ("Authorization: Basic bWU6aHVudGVyMg==", f"Authorization: Basic {HIDDEN}"),
        ("Bearer abcdefghijklmnopqrstuvwxyz", f"Bearer {HIDDEN}"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.hunter2", HIDDEN),
    ],
)
def test_a_secret_in_a_text_is_hidden(secret, left):
    assert text(secret) == left


@pytest.mark.parametrize(
    "harmless",
    [
        'msg="Received an OS signal" signal=terminated',
        "open /etc/prometheus/secrets/kubelet-tls/tls.key: no such file or directory",
        "server returned HTTP status 401 Unauthorized: basic authentication needed",
        "component=discovery manager scrape",
        "password: <secret>",
    ],
)
def test_what_is_no_secret_stays(harmless):
    assert text(harmless) == harmless


def test_names_of_secrets_and_files_stay():
    spec = {
        "secrets": ["kubelet-tls"],
        "bearerTokenSecret": {"name": "token", "key": "token"},
        "bearerTokenFile": "/var/run/token",
        "tlsConfig": {"keyFile": "/etc/tls.key", "keySecret": {"name": "tls", "key": "tls.key"}},
        "volumes": [{"name": "a", "secret": {"secretName": "kubelet-tls"}}],
        "automountServiceAccountToken": False,
    }

    assert redacted(spec) == spec


def test_values_under_names_of_secrets_and_of_variables_are_hidden():
    raw = {
        "params": {"token": ["hunter2"], "module": ["http"]},
        "env": [{"name": "X", "value": "hunter2"}, {"name": "Y", "valueFrom": {"a": "b"}}],
        "__param_api_key": "hunter2",
        "clientSecret": "hunter2",
    }

    assert redacted(raw) == {
        "params": {"token": [IN_PLACE], "module": ["http"]},
        "env": [{"name": "X", "value": HIDDEN}, {"name": "Y", "valueFrom": {"a": "b"}}],
        "__param_api_key": HIDDEN,
        "clientSecret": HIDDEN,
    }


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        ({"params": {"pw": ["hunter2"]}}, {"params": {"pw": [IN_PLACE]}}),
        ({"params": {"target": ["http://u:hunter2@h"]}}, {"params": {"target": ["http://h"]}}),
        ({"endpoint_params": {"x": "hunter2"}}, {"endpoint_params": {"x": IN_PLACE}}),
        ({"headers": {"X-Api": "hunter2"}}, {"headers": {"X-Api": HIDDEN}}),
        (
            {"http_headers": {"X": {"values": ["hunter2"], "files": ["/x"]}}},
            {"http_headers": {"X": {"values": [HIDDEN], "files": ["/x"]}}},
        ),
        ({"args": ["--password", "hunter2", "-v"]}, {"args": ["--password", HIDDEN, "-v"]}),
        ({"args": ["--x.token=hunter2"]}, {"args": [f"--x.token={HIDDEN}"]}),
        ({"command": ["x", "-token", "hunter2"]}, {"command": ["x", "-token", HIDDEN]}),
        ({"shop.example/api-token": "hunter2"}, {"shop.example/api-token": HIDDEN}),
        (
            {"__param_pw": "hunter2", "__param_target": "h"},
            {"__param_pw": HIDDEN, "__param_target": "h"},
        ),
        (
            {"targetLabel": "__param_pw", "replacement": "hunter2"},
            {"targetLabel": "__param_pw", "replacement": HIDDEN},
        ),
        (
            {"target_label": "job", "replacement": "web"},
            {"target_label": "job", "replacement": "web"},
        ),
    ],
)
def test_values_are_hidden_by_the_place_that_they_have(raw, left):
    assert redacted(raw) == left
    assert redacted(left) == left


def test_what_stands_for_a_parameter_tells_values_apart():
    one, other = (redacted({"params": {"pw": [held]}}) for held in ("hunter1", "hunter2"))

    assert one != other


@pytest.mark.parametrize(
    "params",
    [{"pw": ["hunter2"]}, {"module": ["a"], "token": ["x", "y"]}, {"target": ["http://u:p@h"]}, {}],
)
def test_a_monitor_without_its_secrets_makes_jobs_of_the_same_keys(params):
    """So that what a recording remembers of a job is found again in a replay."""
    monitor = a_service_monitor(endpoints=[{"port": "http", "params": params}, {"port": "http"}])

    def keys(raw):
        jobs = expected_jobs(KubeObject(raw), KubeObject(a_prometheus_resource()))
        return [job.key for job in jobs]

    assert keys(value(monitor)) == keys(monitor)
    assert "hunter2" not in str(keys(monitor))


def test_the_running_configuration_is_looked_through():
    config = {"scrape_configs": [{"job_name": "a", "params": {"token": ["hunter2"]}}]}
    answer = {"status": "success", "data": {"yaml": yaml.safe_dump(config)}}

    left = yaml.safe_load(redacted(answer)["data"]["yaml"])

    assert left["scrape_configs"][0]["params"] == {"token": [IN_PLACE]}


def test_a_configuration_without_secrets_stays_to_the_letter():
    config = "scrape_configs:\n- job_name: a   # spaced oddly\n"

    assert value({"yaml": config}) == {"yaml": config}


@given(st.text())
def test_hiding_twice_is_hiding_once(content):
    assert text(text(content)) == text(content)


@given(st.binary())
def test_any_answer_can_be_looked_through(content):
    assert isinstance(body(content), bytes)


def test_a_program_without_arguments_stays_one():
    assert value({"args": [], "command": []}) == {"args": [], "command": []}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("prober:9115", "prober:9115"),
        ("http://prober:9115", "http://prober:9115"),
        ("anna:hush@prober:9115", "<secret>@prober:9115"),
        ("http://anna:hu://sh@prober:9115", "http://<secret>@prober:9115"),
    ],
)
def test_of_a_probers_url_it_stays_that_it_has_a_user_and_not_who(url, kept):
    hidden = value({"prober": {"url": url}})

    assert hidden == {"prober": {"url": kept}}
    assert value(hidden) == hidden
