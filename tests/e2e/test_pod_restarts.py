"""The daemon beside a pod of Prometheus that comes back at another address, as pods do."""

import pytest

from tests.e2e.daemon import Daemon
from tests.kube_api import KubeApi
from tests.kube_objects import (
    a_namespace,
    a_prometheus_pod,
    a_prometheus_resource,
    a_service_monitor,
    an_operator,
)
from tests.prometheus_server import RealPrometheus, free_port
from tests.slack_api import CHANNEL, TOKEN, SlackAPI

POOL = "serviceMonitor/shop/web/0"
JOB = """
- job_name: {pool}
  {tls}
  static_configs: [{{targets: ['{address}:{port}']}}]
"""


class Pod:
    """A pod of which each life has an address of its own; the cluster knows it at once."""

    def __init__(self, api, binary):
        self._api, self._binary = api, binary
        self._port, self._lives, self._server = free_port(), 0, None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self._server is not None:
            self._server.__exit__(None, None, None)

    def start(self, *pools, tls=""):
        self.end()
        self._lives += 1
        address = f"127.0.2.{self._lives}"
        jobs = [
            JOB.format(pool=pool, tls=tls if pool == POOL else "", address=address, port=self._port)
            for pool in pools
        ]
        config = "global: {scrape_interval: 1s}\nscrape_configs:" + "".join(jobs)
        self._server = RealPrometheus(config, binary=self._binary, at=(address, self._port))
        self._server.__enter__()
        ports = [{"name": "web", "containerPort": self._port}]
        self._api.apply(a_prometheus_pod(ip=address, ports=ports))


@pytest.fixture
def cluster():
    with KubeApi() as api:
        for name in ("monitoring", "shop"):
            api.apply(a_namespace(name))
        api.apply(an_operator())
        api.apply(a_prometheus_resource())
        api.apply(a_service_monitor("web", "shop"))
        yield api


@pytest.fixture
def settings(cluster, tmp_path):
    return {
        "kubernetes": {"kubeconfig": str(cluster.kubeconfig(tmp_path / "kubeconfig"))},
        "snapshot_interval": "1h",
    }


@pytest.mark.prometheus
def test_a_loss_by_a_restart_is_told_from_the_new_address(
    cluster, settings, prometheus_binary, tmp_path
):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    ca_file = tmp_path / "ca.pem"
    with SlackAPI() as slack, Pod(cluster, prometheus_binary) as pod:
        pod.start(POOL)
        slacks = {"api_url": slack.url, "token_file": str(token), "channel": CHANNEL}
        with Daemon(tmp_path, slack=slacks, **settings) as daemon:
            daemon.wait_for_job(POOL, state="healthy")
            pod.start(POOL, tls=f"tls_config: {{ca_file: {ca_file}}}")
            daemon.wait_for_job(POOL, state="unstarted")
            daemon.wait_for(lambda: [m for m in slack.channel if POOL in str(m)])


@pytest.mark.prometheus
def test_a_new_monitor_is_expected_long_before_the_next_snapshot(
    cluster, settings, prometheus_binary, tmp_path
):
    other = "serviceMonitor/shop/api/0"
    with Pod(cluster, prometheus_binary) as pod:
        pod.start(POOL, other)
        with Daemon(tmp_path, **settings) as daemon:
            daemon.wait_for_job(POOL, state="healthy")
            cluster.apply(a_service_monitor("api", "shop"))
            daemon.wait_for_job(other, state="healthy", source="monitor")
