"""The local API server under real client-go: Prometheus discovers through it, by list or stream."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.kube_api import KubeApi
from tests.prometheus_server import RealPrometheus, every_prometheus
from tools.prometheus_binary import PrometheusBinary

ROLES = ("endpoints", "endpointslice", "pod", "service", "node")
pytestmark = [pytest.mark.prometheus, every_prometheus]


class _Target(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"x 1\n")

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Target)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def discovering(prometheus_binary: PrometheusBinary) -> PrometheusBinary:
    """Debian built some versions without Kubernetes discovery."""
    if b"__meta_kubernetes_" not in prometheus_binary.prometheus.read_bytes():
        pytest.skip(f"Prometheus {prometheus_binary.version} has no Kubernetes discovery")
    return prometheus_binary


def configured(api: KubeApi, token: str, *roles: str) -> str:
    jobs = [
        f"- job_name: {role}\n"
        "  kubernetes_sd_configs:\n"
        f"  - role: {role}\n"
        f"    api_server: {api.url}\n"
        f"    authorization: {{credentials: {token}}}\n"
        + ("" if role == "node" else "    namespaces: {names: [shop]}\n")
        for role in roles
    ]
    head = "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
    return head + "".join(jobs)


def fill(api: KubeApi, port: int) -> None:
    here = {"name": "web", "namespace": "shop"}
    ports = [{"name": "http", "port": port}]
    container = {"name": "web", "ports": [{"name": "http", "containerPort": port}]}
    slice_of = {**here, "name": "web-1", "labels": {"kubernetes.io/service-name": "web"}}
    subset = {"addresses": [{"ip": "127.0.0.1"}], "ports": ports}
    kubelet = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    api.apply_all(
        [
            service("blue", port),
            {"kind": "Endpoints", "metadata": here, "subsets": [subset]},
            {
                "kind": "EndpointSlice",
                "metadata": slice_of,
                "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True}}],
                "ports": ports,
            },
            {
                "kind": "Pod",
                "metadata": here,
                "spec": {"nodeName": "n1", "containers": [container]},
                "status": {"podIP": "127.0.0.1", "phase": "Running"},
            },
            {"kind": "Node", "metadata": {"name": "n1"}, "status": kubelet},
        ]
    )


def service(colour: str, port: int) -> dict[str, Any]:
    meta = {"name": "web", "namespace": "shop", "labels": {"colour": colour}}
    ports = [{"name": "http", "port": port}]
    return {"kind": "Service", "metadata": meta, "spec": {"ports": ports}}


def health(server: RealPrometheus) -> dict[str, str]:
    return {each["scrapePool"]: each["health"] for each in active(server)}


def active(server: RealPrometheus) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = server.api("targets", state="active")["activeTargets"]
    return targets


def listed(api: KubeApi) -> int:
    """How often a state was asked for as a whole; a watch may begin later than its state is used."""
    return sum("watch" not in r.query or "sendInitialEvents" in r.query for r in api.requests)


def colours(server: RealPrometheus) -> dict[str, str]:
    label = "__meta_kubernetes_service_label_colour"
    return {t["scrapePool"]: t["discoveredLabels"].get(label, "") for t in active(server)}


def test_every_role_discovers_and_follows_changes(discovering, port):
    with KubeApi(check_tokens=True) as api:
        fill(api, port)
        config = configured(api, api.token, *ROLES)

        with RealPrometheus(config, binary=discovering) as server:
            server.wait_until(lambda s: set(health(s)) == set(ROLES))
            loopback = set(ROLES) - {"service"}  # that one asks for web.shop.svc
            server.wait_until(
                lambda s: {r for r, h in health(s).items() if h == "up"} == loopback,
            )
            lists = listed(api)
            api.apply(service("green", port))
            api.delete("Pod", "shop", "web")
            api.delete("Node", None, "n1")
            left = {"endpoints": "green", "endpointslice": "green", "service": "green"}
            server.wait_until(lambda s: colours(s) == left)

            assert listed(api) == lists, "changes come by the open watches"


def test_without_rights_nothing_is_discovered_until_they_are_given(discovering, port):
    user = "system:serviceaccount:monitoring:prometheus-k8s"
    with KubeApi(check_tokens=True) as api:
        fill(api, port)
        token = api.token_for("monitoring", "prometheus-k8s")

        with RealPrometheus(configured(api, token, "endpoints"), binary=discovering) as server:
            server.wait_until(lambda s: f'User \\"{user}\\" cannot list' in s.log)
            assert active(server) == []

            api.allow(user, "*", namespace="shop")
            server.wait_until(lambda s: health(s) == {"endpoints": "up"})


def test_a_server_that_fails_at_first_and_has_no_streaming_lists_is_asked_again(discovering, port):
    with KubeApi(watch_list=False) as api:
        fill(api, port)
        api.fail("/api/v1/namespaces/shop/pods", status=500, times=3)

        with RealPrometheus(configured(api, api.token, "pod"), binary=discovering) as server:
            server.wait_until(lambda s: health(s) == {"pod": "up"})

            lists = [r for r in api.requests if r.path.endswith("/pods") and "watch" not in r.query]
            assert lists
