"""What was recorded is told again to the letter, with every source gone."""

import json
import tarfile
import time

import pytest
import requests
import yaml

from tests.adapters.prometheus_answers import data
from tests.cli.place import pool
from tests.kube_api import KubeApi
from tests.kube_objects import (
    a_namespace,
    a_prometheus_resource,
    a_service_monitor,
    a_stateful_set,
    an_operator,
)
from tests.patience import PATIENCE, awaited, awaited_as
from tests.pems import a_secret, made
from tests.prometheus_server import RealPrometheus
from watcher.cli import run

KUBELET = pool("kubelet", "monitoring")
WEB = pool("web")


def jobs(port):
    """One job that cannot be made, one that is refused, one that is well."""
    tls = {"cert_file": "/etc/kubelet-tls/tls.crt", "key_file": "/etc/kubelet-tls/tls.key"}
    targets = [{"targets": [f"127.0.0.1:{port}"]}]
    return {
        "global": {"scrape_interval": "5s", "scrape_timeout": "5s"},
        "scrape_configs": [
            {"job_name": KUBELET, "tls_config": tls, "static_configs": targets},
            {
                "job_name": WEB,
                "params": {"token": ["hunter2"]},
                "static_configs": [{"targets": ["127.0.0.1:1"]}],
            },
            {"job_name": pool("well"), "static_configs": targets},
        ],
    }


@pytest.fixture
def settings_file(tmp_path, prometheus_binary):
    """Settings of a cluster and a real Prometheus, both of which end with the fixture's user."""
    with KubeApi() as api, RealPrometheus("{}", binary=prometheus_binary) as server:
        for name in ("monitoring", "shop"):
            api.apply(a_namespace(name))
        api.apply(a_prometheus_resource())
        api.apply(an_operator())
        for name, place in (("kubelet", "monitoring"), ("web", "shop"), ("well", "shop")):
            api.apply(a_service_monitor(name, place))
        server.write_config(yaml.safe_dump(jobs(server.port)))
        server.reload()
        _wait_for_down(server.port)
        settings = {
            "kubernetes": {"kubeconfig": str(api.kubeconfig(tmp_path / "kubeconfig"))},
            "prometheuses": [
                {
                    "name": "monitoring/k8s",
                    "servers": [
                        {
                            "name": "k8s-0",
                            "url": f"http://me:hunter2@127.0.0.1:{server.port}",
                            "log_file": str(server.log_file),
                        }
                    ],
                }
            ],
            "store": f"sqlite:///{tmp_path / 'watcher.db'}",
            "settle": "1s",
            "watch_interval": "1s",
        }
        path = tmp_path / "watcher.yaml"
        path.write_text(yaml.safe_dump(settings), encoding="utf-8")
        yield path


def _wait_for_down(port):
    def health():
        url = f"http://127.0.0.1:{port}/api/v1/targets?state=active"
        targets = requests.get(url, timeout=PATIENCE).json()["data"]["activeTargets"]
        return {target["health"] for target in targets}

    both = {"up", "down"}
    assert awaited_as(both, health, every=0.1) == both


def _wait_for_settled(capsys, settings_file):
    def states():
        _, document = told(capsys, "once", "--config", settings_file)
        return {job["state"] for job in document["jobs"]}

    assert "unknown" not in awaited(states, wanted=lambda s: "unknown" not in s, every=1)


def told(capsys, *words):
    code = run([*map(str, words), "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    return code, {key: part for key, part in document.items() if key != "at"}


@pytest.mark.prometheus
def test_a_replay_tells_what_the_live_look_told(tmp_path, capsys, settings_file):
    archive = tmp_path / "recording.tar.gz"
    _wait_for_settled(capsys, settings_file)
    assert run(["run", "--cycles", "2", "--config", str(settings_file)]) == 0
    assert run(["record", str(archive), "--config", str(settings_file)]) == 0
    capsys.readouterr()
    live = told(capsys, "once", "--config", settings_file)
    live_audit = told(capsys, "audit", "--config", settings_file)
    settings_file.unlink()

    assert told(capsys, "once", "--replay", archive) == live
    assert told(capsys, "audit", "--replay", archive) == live_audit
    assert {j["pool"]: j["state"] for j in live[1]["jobs"]} == {
        KUBELET: "unstarted",
        WEB: "down",
        pool("well"): "healthy",
    }
    with tarfile.open(archive) as packed:
        contents = [packed.extractfile(member).read() for member in packed]
    assert not any(b"hunter2" in content for content in contents)


def test_a_replay_is_explained_too(tmp_path, capsys, place):
    place.api.apply(a_service_monitor("web", "shop"))
    place.scrapes(pool("web"), down=[pool("web")])
    archive = tmp_path / "r.tar.gz"
    assert place.run("record", archive).code == 0
    place.server.replies = {}

    code = run(["explain", pool("web"), "--replay", str(archive)])

    assert code == 1
    assert "DOWN" in capsys.readouterr().out


def test_a_server_that_cannot_be_read_is_recorded_as_such(tmp_path, capsys, place):
    place.api.apply(a_service_monitor("web", "shop"))
    place.server.replies = {}
    archive = tmp_path / "r.tar.gz"
    assert place.run("record", archive).code == 0
    live = told(capsys, "once", "--config", place.settings())

    assert told(capsys, "once", "--replay", archive) == live
    assert live[0] == 2


def test_manifests_are_recorded_too(tmp_path, capsys, place):
    folder = tmp_path / "manifests"
    folder.mkdir()
    monitor = folder / "web.yaml"
    monitor.write_text(
        yaml.safe_dump_all([a_service_monitor("web", "shop"), a_prometheus_resource()])
    )
    place.scrapes()
    settings = place.settings(expect={"manifests": [str(folder)]})
    archive = tmp_path / "r.tar.gz"
    assert run(["record", str(archive), "--config", str(settings)]) == 0
    capsys.readouterr()
    live = told(capsys, "once", "--config", settings)
    monitor.unlink()

    assert told(capsys, "once", "--replay", archive) == live
    assert [job["source"] for job in live[1]["jobs"]] == ["manifests"]


def test_what_stands_in_secrets_is_judged_the_same_in_a_replay_and_is_in_no_file(
    tmp_path, capsys, place
):
    """A pair that does not match, a certificate that ends, and a monitor that is refused."""
    held = {"tls__crt": "certificate one until 2026-01-01", "tls__key": "key two"}
    secrets = [a_secret(name="web", **held), a_secret(namespace="shop", **held)]
    refers = {"cert": {"secret": {"name": "tls", "key": "tls.crt"}}}
    refers |= {"keySecret": {"name": "tls", "key": "tls.key"}}
    folder = "/etc/prometheus/secrets/web"
    named = {"cert_file": f"{folder}/tls.crt", "key_file": f"{folder}/tls.key"}
    place.api.apply_all(secrets)
    place.api.apply(a_stateful_set(mounts=[(folder, "web")]))
    place.api.apply(
        a_service_monitor("web", "shop", endpoints=[{"port": "http", "scheme": "https"}])
    )
    place.api.apply(
        a_service_monitor("new", "shop", endpoints=[{"port": "http", "tlsConfig": refers}])
    )
    place.scrapes(pool("well"))
    job = {"job_name": pool("web"), "scheme": "https", "tls_config": named}
    running = json.dumps({"scrape_configs": [job, {"job_name": pool("well")}]})
    place.server.replies["/api/v1/status/config"] = data({"yaml": running})
    archive = tmp_path / "r.tar.gz"
    time.sleep(1.1)  # then no change is on its way any more
    assert place.run("record", archive).code == 0
    settings = place.settings()
    live = [told(capsys, words, "--config", settings) for words in ("once", "audit")]
    for secret in secrets:
        place.api.delete("Secret", secret["metadata"]["namespace"], secret["metadata"]["name"])

    again = [told(capsys, words, "--replay", archive) for words in ("once", "audit")]

    assert again == live
    assert {job["pool"]: job["cause"] for job in live[0][1]["jobs"]} == {
        pool("web"): "tls-file-invalid",
        pool("new"): "rejected-by-operator",
    }
    assert "ended" in next(
        risk["summary"] for risk in live[1][1]["risks"] if risk["code"] == "certificate-expiring"
    )
    with tarfile.open(archive) as packed:
        contents = [packed.extractfile(member).read() for member in packed]
    lines = {line for value in held.values() for line in made(value).split(b"\n")[1:-2]}
    lines |= {value[:60].encode() for secret in secrets for value in secret["data"].values()}
    assert not any(line in content for line in lines for content in contents)


def test_one_server_by_its_url_is_recorded_without_its_credentials(tmp_path, capsys, place):
    place.scrapes(pool("web"))
    archive = tmp_path / "r.tar.gz"
    url = place.server.url.replace("http://", "http://me:hunter2@")

    assert run(["record", str(archive), "--prometheus-url", url]) == 0
    capsys.readouterr()
    live = told(capsys, "once", "--prometheus-url", url)

    assert told(capsys, "once", "--replay", archive) == live
    assert "hunter2" not in json.dumps(live)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["once", "--watch"], "--watch and --replay"),
        (["once", "--config", "x.yaml"], "--replay: it works from the recording alone"),
        (["audit", "--prometheus-url", "http://x"], "--replay: it works from the recording alone"),
        (["explain", "web"], "cannot be read"),
    ],
)
def test_what_does_not_go_with_a_recording_is_wrong_usage(tmp_path, capsys, words, said):
    code = run([*words, "--replay", str(tmp_path / "none.tar.gz")])

    assert code == 3
    assert said in capsys.readouterr().err
