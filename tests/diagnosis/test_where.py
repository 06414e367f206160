"""The commands by which a person asks a server what the watcher asked it."""

from tests.builders import a_server, an_expected_server
from watcher.diagnosis.rules import _where

PROXY = "/api/v1/namespaces/monitoring/pods/prometheus-k8s-0:9090/proxy"


def test_a_server_of_ones_own_is_asked_with_curl():
    server = _at("http://10.0.0.7:9090/prefix/")

    assert _where.asked(server, "scrape_pools") == (
        "curl -s http://10.0.0.7:9090/prefix/api/v1/scrape_pools"
    )
    assert _where.reload(server) == "curl -s -X POST http://10.0.0.7:9090/prefix/-/reload"


def test_a_server_behind_the_api_servers_proxy_is_asked_with_kubectl():
    server = _at(f"https://10.0.0.1:6443{PROXY}")

    assert _where.asked(server, "scrape_pools") == (
        f"kubectl get --raw {PROXY}/api/v1/scrape_pools"
    )
    assert _where.reload(server) == f"kubectl create --raw {PROXY}/-/reload -f /dev/null"


def test_an_api_server_below_a_prefix_keeps_it():
    server = _at(f"https://rancher.example.com/k8s/clusters/c-1{PROXY}/route")

    assert _where.asked(server, "scrape_pools") == (
        f"kubectl get --raw /k8s/clusters/c-1{PROXY}/route/api/v1/scrape_pools"
    )


def test_what_a_shell_would_read_is_quoted():
    server = _at("http://10.0.0.7:9090")

    assert _where.asked(server, "targets", state="active", scrapePool="a b/0") == (
        "curl -s 'http://10.0.0.7:9090/api/v1/targets?state=active&scrapePool=a%20b%2F0'"
    )


def _at(url):
    return a_server(server=an_expected_server(url=url))


def test_an_expression_stays_readable_where_curl_asks():
    own = _at("http://10.0.0.7:9090")
    proxied = _at(f"https://10.0.0.1:6443{PROXY}")

    assert _where.query(own, 'up{job="a"}') == (
        """curl -sG http://10.0.0.7:9090/api/v1/query --data-urlencode 'query=up{job="a"}'"""
    )
    assert _where.query(proxied, "up == 0") == (
        f"kubectl get --raw '{PROXY}/api/v1/query?query=up%20%3D%3D%200'"
    )
