"""The real Prometheus the tests run: it starts, reloads, restarts in its root, and ends."""

from pathlib import Path

import pytest
import requests

from tests.prometheus_server import NotInTimeError, RealPrometheus, every_prometheus
from tools.prometheus_binary import PrometheusBinary

pytestmark = pytest.mark.prometheus


def config(*names: str, cert_file: str | None = None) -> str:
    jobs = "".join(
        f"- job_name: {name}\n  scheme: https\n  static_configs: [{{targets: ['127.0.0.1:1']}}]\n"
        + (
            f"  tls_config: {{cert_file: {cert_file}, key_file: {cert_file}}}\n"
            if cert_file
            else ""
        )
        for name in names
    )
    return f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}"


@every_prometheus
def test_each_version_starts_reloads_and_ends(prometheus_binary: PrometheusBinary) -> None:
    with RealPrometheus(config("one"), binary=prometheus_binary) as server:
        server.write_config(config("one", "two"))
        reloaded = server.reload()
        server.wait_for_pools("one", "two")
        url, version = server.url, server.api("status/buildinfo")["version"]

    assert reloaded
    assert version == prometheus_binary.version
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=1)


@every_prometheus
def test_in_a_root_of_its_own_it_sees_only_the_files_of_that_pod(
    prometheus_binary: PrometheusBinary, tmp_path: Path
) -> None:
    pod = tmp_path / "pod"
    outside = tmp_path / "tls.crt"
    outside.write_text("only outside", encoding="utf-8")
    lost = config("kubelet", cert_file="/etc/prometheus/secrets/tls/tls.crt")

    with RealPrometheus(lost, binary=prometheus_binary, root=pod, log_format="json") as server:
        server.wait_until(lambda real: "/etc/prometheus/secrets/tls/tls.crt" in real.log)
        pools = server.pools()

    assert pools == frozenset()
    assert (pod / "etc/prometheus/prometheus.yml").is_file()


def test_a_pod_that_starts_again_keeps_its_address_and_its_volumes(
    prometheus_binary: PrometheusBinary, tmp_path: Path
) -> None:
    pod = tmp_path / "pod"
    with RealPrometheus(config("one"), binary=prometheus_binary, root=pod) as server:
        before = server.url
        server.stop()
        server.write_config(config("two"))
        server.start()
        server.wait_for_pools("two")

        assert server.url == before
        assert any((pod / "prometheus").iterdir())


def test_a_reload_that_is_refused_answers_false(prometheus_binary: PrometheusBinary) -> None:
    with RealPrometheus(config("one"), binary=prometheus_binary) as server:
        server.write_config("scrape_configs: [{job_name: 1, nonsense: true}]")

        assert not server.reload()


def test_a_server_that_cannot_start_shows_its_own_words(
    prometheus_binary: PrometheusBinary,
) -> None:
    broken = "scrape_configs: [{job_name: one, nonsense: true}]"

    with (
        pytest.raises(NotInTimeError, match="nonsense"),
        RealPrometheus(broken, binary=prometheus_binary),
    ):
        pytest.fail("a broken configuration was accepted")
