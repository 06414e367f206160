"""The whole daemon against a real Prometheus: start, lose, repair, resolve, end."""

import re
import signal
import socket

import pytest
import yaml

from tests.e2e.daemon import Daemon, watcher, watcher_json
from tests.patience import awaited
from tests.prometheus_server import RealPrometheus
from tests.slack_api import CHANNEL, TOKEN, SlackAPI

RELOADED = "watcher_settings_last_reload_successful"

LOST = "shop"
UNSTARTED = f'watcher_job_state{{pool="{LOST}",prometheus="edge",state="unstarted"}} 1.0'
UNREADABLE = 'watcher_prometheus_server_readable{prometheus="edge",server="p-0"} 0.0'
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
- job_name: prometheus
  static_configs: [{{targets: ['127.0.0.1:{port}']}}]
- job_name: shop
  {tls}
  static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


@pytest.fixture
def prometheus(prometheus_binary):
    with RealPrometheus("{}", binary=prometheus_binary) as server:
        configure(server)
        server.wait_for_pools("prometheus", LOST)
        yield server


def configure(server, ca_file=None):
    tls = f"tls_config: {{ca_file: {ca_file}}}" if ca_file else ""
    server.write_config(CONFIG.format(port=server.port, tls=tls))
    assert server.reload()


@pytest.fixture
def slack():
    with SlackAPI() as server:
        yield server


def lose(server, ca_file):
    """A job whose file is missing: its pool cannot be made when Prometheus starts."""
    server.write_config(CONFIG.format(port=server.port, tls=f"tls_config: {{ca_file: {ca_file}}}"))
    server.stop()
    server.start()
    server.wait_for_pools("prometheus")


def test_a_job_is_lost_told_repaired_and_resolved(prometheus, slack, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    ca_file = tmp_path / "ca.pem"
    server = {"name": "p-0", "url": prometheus.url, "log_file": str(prometheus.log_file)}
    settings = {
        "prometheuses": [{"name": "edge", "servers": [server]}],
        "slack": {"api_url": slack.url, "token_file": str(token), "channel": CHANNEL},
    }
    with Daemon(tmp_path, **settings) as daemon:
        daemon.wait_for_job(LOST, state="healthy")
        lose(prometheus, ca_file)
        daemon.wait_for_job(
            LOST,
            state="unstarted",
            cause="tls-file-missing",
            confidence="certain",
            source="config_file",
        )
        daemon.wait_for(lambda: [m for m in slack.channel if str(ca_file) in str(m)])
        daemon.wait_for_text("/metrics", UNSTARTED)
        daemon.wait_for_text("/", "tls-file-missing")
        configure(prometheus)
        daemon.wait_for_job(LOST, state="healthy")
        daemon.wait_for(lambda: [m for m in slack.channel if "recovered" in str(m)])
        daemon.wait_for(lambda: [m for m in slack.channel if slack.thread(m.ts)])
        code = daemon.end()

    [over] = slack.channel
    assert len(slack.thread(over.ts)) == 1
    assert code == 0
    assert TOKEN not in daemon.log
    inspected = watcher("inspect", "--config", str(daemon.settings_file), "--format", "markdown")
    assert inspected[0] == 0
    assert "tls-file-missing" in inspected[1]
    code, listed = watcher_json("incidents", "--config", str(daemon.settings_file))
    assert code == 0
    assert [i["cause"] for i in listed["incidents"]] == ["tls-file-missing"]


def test_what_was_lost_and_came_back_while_it_stood_still_is_told_to_nobody(
    prometheus, slack, tmp_path
):
    """As a machine that sleeps: SIGSTOP, a loss and its end, SIGCONT."""
    token, ca_file = tmp_path / "token", tmp_path / "ca.pem"
    token.write_text(TOKEN)
    server = {"name": "p-0", "url": prometheus.url, "log_file": str(prometheus.log_file)}
    settings = {
        "prometheuses": [{"name": "edge", "servers": [server]}],
        "slack": {"api_url": slack.url, "token_file": str(token), "channel": CHANNEL},
    }
    with Daemon(tmp_path, **settings) as daemon:
        daemon.wait_for_job(LOST, state="healthy")
        daemon.process.send_signal(signal.SIGSTOP)
        lose(prometheus, ca_file)
        configure(prometheus)
        prometheus.wait_for_pools("prometheus", LOST)
        before = daemon.log.count("watch: 0 of 2 jobs lost")
        daemon.process.send_signal(signal.SIGCONT)
        daemon.wait_for(lambda: daemon.log.count("watch: 0 of 2 jobs lost") > before + 3)
        code = daemon.end()

    assert code == 0
    assert not [m for m in slack.channel if "lost" in str(m)]
    assert "Traceback" not in daemon.log


def test_the_daemon_is_healthy_while_blind_and_says_so(prometheus, tmp_path):
    settings = {
        "prometheuses": [{"name": "edge", "servers": [{"name": "p-0", "url": prometheus.url}]}]
    }
    with Daemon(tmp_path, **settings) as daemon:
        daemon.wait_for_job(LOST, state="healthy")
        prometheus.stop()
        job = daemon.wait_for_job(LOST, state="unknown")
        healthy = daemon.get("/-/healthy").status_code
        ready = daemon.get("/-/ready").status_code
        daemon.wait_for_text("/metrics", UNREADABLE)
        code, told = watcher_json("once", "--config", str(daemon.settings_file))
        prometheus.start()
        daemon.wait_for_job(LOST, state="healthy")

    assert job["incident"] is None
    assert (healthy, ready) == (200, 200)
    assert code == 2
    assert told["unreadable"]
    assert not told["prometheuses"][0]["servers"][0]["readable"]


def test_run_for_some_cycles_looks_tells_and_ends(prometheus, slack, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    lose(prometheus, tmp_path / "nothing.pem")
    daemon = Daemon(
        tmp_path,
        prometheuses=[{"name": "edge", "servers": [{"name": "p-0", "url": prometheus.url}]}],
        slack={"api_url": slack.url, "token_file": str(token), "channel": CHANNEL},
        pending_watches=1,
        pending_for="1ms",
    )

    def states():
        _, told = watcher_json("once", "--config", str(daemon.settings_file))
        return {job["pool"]: job["state"] for job in told["jobs"]}

    awaited(states, wanted=lambda found: found[LOST] == "unstarted", every=1)

    code, out, err = watcher("run", "--cycles", "4", "--config", str(daemon.settings_file))

    assert (code, out) == (0, "")
    assert len(slack.channel) == 1
    assert len(re.findall(r"info +watch: ", err)) == 4
    assert "1 of 2 jobs lost" in err


def test_it_ends_while_a_server_hangs_without_waiting_for_it(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        edge = {"name": "edge", "servers": [{"name": "p-0", "url": url}]}
        with (
            Daemon(tmp_path, prometheuses=[edge], http={"timeout": "1h"}) as daemon,
            silent.accept()[0],
        ):
            code = daemon.end()

    assert code == 0


def test_a_receiver_that_hangs_holds_up_neither_slack_nor_the_end(prometheus, slack, tmp_path):
    token, secret = tmp_path / "token", tmp_path / "secret"
    token.write_text(TOKEN)
    secret.write_text("a-secret-that-signs")
    server = {"name": "p-0", "url": prometheus.url, "log_file": str(prometheus.log_file)}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = {
            "prometheuses": [{"name": "edge", "servers": [server]}],
            "slack": {"api_url": slack.url, "token_file": str(token), "channel": CHANNEL},
            "webhook": {"url": url, "secret_file": str(secret), "http": {"timeout": "10m"}},
        }
        with Daemon(tmp_path, **settings) as daemon:
            daemon.wait_for_job(LOST, state="healthy")
            lose(prometheus, tmp_path / "ca.pem")
            told = daemon.wait_for(lambda: slack.channel)
            daemon.wait_for(lambda: "webhook has not ended what it was sending" in daemon.log)
            code = daemon.end()

    assert len(told) == 1
    assert code == 0


def test_a_watch_that_takes_too_long_leaves_others_out_in_our_own_words(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        servers = [{"name": "prometheus-0", "url": url}]
        settings = {"prometheuses": [{"name": "a/b", "servers": servers}]}
        with Daemon(tmp_path, **settings) as daemon:
            words = "watch: the one before is not done yet, so this one is left out"
            daemon.wait_for(lambda: words in daemon.log)

    assert "maximum number of running instances" not in daemon.log


def test_sighup_rereads_the_settings_and_keeps_the_old_ones_where_they_cannot_be_used(tmp_path):
    with Daemon(tmp_path) as daemon:
        good = daemon.settings_file.read_text()
        daemon.settings_file.write_text("watch_intervall: 1s")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for(lambda: "watch_intervall: no such setting" in daemon.log)
        still = daemon.get("/-/healthy").status_code
        daemon.wait_for(lambda: "New settings are refused" in daemon.get("/").text)
        refused = daemon.get("/metrics").text
        daemon.settings_file.write_text(good)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for(lambda: daemon.log.count(" on http") == 2)
        daemon.url = "http" + daemon.log.split(" on http")[-1].split()[0]
        daemon.wait_for(lambda: f"{RELOADED} 1.0" in daemon.get("/metrics").text)
        code = daemon.end()

    assert (still, code) == (200, 0)
    assert f"{RELOADED} 0.0" in refused


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (None, "nothing is set"),
        ({"slack": {"channel": CHANNEL}}, "neither a bot token nor a webhook"),
        ({"store": "sqlite:////no/such/place/watcher.db"}, "store: /no/such/place is no directory"),
        ({"web": {"listen": "TAKEN"}}, "cannot listen on"),
        ({"web": {"config_file": "TLS"}}, "missing.key cannot be used"),
    ],
)
def test_sighup_with_settings_that_do_not_start_keeps_the_old_ones(tmp_path, change, words):
    tls = tmp_path / "web.yaml"
    tls.write_text("tls_server_config: {cert_file: missing.pem, key_file: missing.key}")
    with socket.create_server(("127.0.0.1", 0)) as taken, Daemon(tmp_path) as daemon:
        places = {"TAKEN": f"127.0.0.1:{taken.getsockname()[1]}", "TLS": str(tls)}
        text = "" if change is None else yaml.safe_dump({"watch_interval": "2s"} | change)
        for name, place in places.items():
            text = text.replace(name, place)
        daemon.settings_file.write_text(text)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for(lambda: "the old settings stay" in daemon.log)
        if "TAKEN" in str(change):
            daemon.wait_for(lambda: daemon.log.count(" on http") == 2)
            daemon.url = "http" + daemon.log.split(" on http")[-1].split()[0]
        healthy = daemon.get("/-/healthy")
        code = daemon.end()

    assert healthy.status_code == 200
    assert "new settings are refused and the old ones stay" in healthy.text
    assert words in daemon.log
    assert code == 0


def test_sighup_while_a_read_hangs_does_not_end_the_daemon(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        servers = [{"name": "p-0", "url": url}]
        prometheuses = [{"name": "edge", "servers": servers}]
        http = {"timeout": "4s"}
        with (
            Daemon(tmp_path, prometheuses=prometheuses, http=http) as daemon,
            silent.accept()[0],
        ):
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda: daemon.log.count(" on http") == 2)
            code = daemon.end()

    assert code == 0
