"""A small HTTP server that answers as a Prometheus once did, or as a test wants it to."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"
VERSIONS = ("2.42.0", "2.53.3", "3.5.3")
STATUS = "/api/v1/status/"


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """One answer."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def data(value):
    """A successful answer of the API."""
    return Reply(json.dumps({"status": "success", "data": value}).encode())


class Answers:
    """Serves replies by path; a reply can be a function of what was asked. A context manager."""

    def __init__(self, replies: dict[str, Reply | Callable[[Asked], Reply]]) -> None:
        self.replies = dict(replies)
        self.asked: list[Asked] = []

    def __enter__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._answerer())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def paths(self):
        return [asked.path for asked in self.asked]

    def _answerer(self):
        answers = self

        class Answerer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def do_GET(self):
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                asked = Asked(parts.path, query, dict(self.headers.items()))
                answers.asked.append(asked)
                reply = answers.replies.get(parts.path, Reply(b"404 page not found\n", 404))
                reply = reply(asked) if callable(reply) else reply
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in reply.headers:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *args):
                pass

        return Answerer


def runtime(start="2026-11-23T04:00:00Z", loaded="2026-11-23T04:00:00Z", *, ok=True, **more):
    return data(
        {
            "startTime": start,
            "lastConfigTime": loaded,
            "reloadConfigSuccess": ok,
            "storageRetention": "15d",
            "serverTime": "2026-11-23T05:00:00Z",
        }
        | more
    )


def a_target(pool="web", number=0, health="up", error="", **labels):
    """One active target, as /api/v1/targets gives it."""
    instance = f"10.0.0.{number}:8080"
    return {
        "discoveredLabels": {"__address__": instance},
        "labels": {"instance": instance, "job": pool} | labels,
        "scrapePool": pool,
        "scrapeUrl": f"http://{instance}/metrics",
        "lastError": error,
        "lastScrape": "2026-11-23T04:59:58Z",
        "health": health,
    }


def a_server(*targets, jobs=None, counts=None, dropped=None):
    """The replies of a healthy 3.5 server with these targets."""
    pools = dict.fromkeys(target["scrapePool"] for target in targets)
    names = sorted(set(pools) | set(counts or {}))
    held = {name: sum(t["scrapePool"] == name for t in targets) for name in names}
    gauges = held | (counts or {})
    config = {"scrape_configs": [{"job_name": name} for name in jobs or names]}

    def answer(asked):
        pool = asked.query.get("scrapePool")
        active = [t for t in targets if pool in (None, t["scrapePool"])]
        if asked.query.get("state") != "active":
            tally = dict.fromkeys(names, 0) | (dropped or {})
            return data({"activeTargets": [], "droppedTargets": [], "droppedTargetCounts": tally})
        body = {"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": None}
        return data(body)

    return {
        STATUS + "runtimeinfo": runtime(),
        STATUS + "buildinfo": data({"version": "3.5.3"}),
        STATUS + "config": data({"yaml": json.dumps(config)}),
        "/api/v1/scrape_pools": data({"scrapePools": names}),
        "/api/v1/targets": answer,
        "/api/v1/query": data({"resultType": "vector", "result": []}),
        "/metrics": metrics(gauges),
    }


def metrics(gauges):
    lines = ["prometheus_config_last_reload_successful 1"]
    for name, count in gauges.items():
        lines.append(f'prometheus_target_scrape_pool_targets{{scrape_job="{name}"}} {count}')
    return Reply("\n".join([*lines, ""]).encode())


def recorded(version, case):
    """The replies of a real server of *version* in a certain state."""
    folder = RECORDINGS / version / case

    def of(name):
        return Reply((folder / name).read_bytes())

    def targets(asked):
        return of(f"targets-{asked.query['state']}.json")

    return {
        STATUS + "runtimeinfo": of("runtimeinfo.json"),
        STATUS + "buildinfo": of("buildinfo.json"),
        STATUS + "config": of("status-config.json"),
        "/api/v1/scrape_pools": of("scrape_pools.json"),
        "/api/v1/targets": targets,
        "/api/v1/query": data({"resultType": "vector", "result": []}),
        "/metrics": of("metrics.txt"),
    }
