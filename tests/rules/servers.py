"""What is scraped, of a case: API answers, metrics and logs through the translators of a watch."""

from dataclasses import replace

import msgspec
import yaml

from tests.rules.raws import NOW, moment
from watcher.adapters.configuration.written import running_config
from watcher.adapters.prometheus.answers import ActiveTarget, as_labels
from watcher.adapters.prometheus.metrics import self_metrics
from watcher.adapters.prometheus.pools import Barren, by_pool, pool_of
from watcher.adapters.wording.log_lines import Log
from watcher.model.expectations import ExpectedServer
from watcher.model.facts import LogKind
from watcher.model.names import PrometheusName, ServerName
from watcher.model.observations import Observation, ServerObservation, UnreadableServer

JOB = {"job_name": "serviceMonitor/shop/web/0"}
SERVER_KEYS = {"reloader_log",
    "name", "version", "started", "loaded", "reload_ok", "jobs", "targets", "pools", "dropped",
    "metrics", "log", "unreadable", "config", "shard", "replica", "retained", "barren", "log_file",
    "agent", "stored", "overwritten",
}  # fmt: skip


def server_entries(entry):
    return entry.get("servers") or [entry.get("server", {})]


def observed(entry):
    outside = entry.get("cluster") == "none"
    servers = []
    for number, given in enumerate(server_entries(entry)):
        assert set(given) <= SERVER_KEYS, f"unknown: {set(given) - SERVER_KEYS}"
        name = given.get("name", f"prometheus-k8s-{number}")
        server = ExpectedServer(
            name=ServerName(name),
            url=f"http://{name}:9090",
            shard=given.get("shard", 0),
            replica=given.get("replica", 0 if "shard" in given else number),
            retained=given.get("retained", False),
            log_file=given.get("log_file"),
        )
        if "unreadable" in given:
            servers.append(UnreadableServer(server=server, error=given["unreadable"]))
        else:
            servers.append(one_server(server, given))
    name = "outside" if outside else entry.get("prometheus", "monitoring/k8s")
    return Observation(prometheus=PrometheusName(name), taken_at=NOW, servers=tuple(servers))


def one_server(server, given):
    """One server's answers as a watch reads them."""
    jobs = given.get("jobs", [JOB])
    text = given.get("config", yaml.safe_dump({"scrape_configs": jobs}))
    targets = [a_target(**target) for target in given.get("targets", ())]
    dropped = given.get("dropped", [])
    pools = {}
    for name, found in by_pool(targets).items():
        pools[name] = pool_of(name, found, barren(given.get("barren"), name, found))
    for name in given.get("pools", ()):
        pools.setdefault(name, replace(pool_of(name, (), None), dropped=len(dropped)))
    if given.get("overwritten"):
        pools = {
            name: replace(
                pool,
                overwritten=pool.up,
                alike=tuple(sorted({t.scrape_url for t in targets if t.scrape_pool == name})),
            )
            for name, pool in pools.items()
        }
    metrics = self_metrics(metrics_text(given))
    config = running_config(text)
    started = moment(given.get("started", "2026-11-14T01:10:30Z"))
    stored_at = moment(given["stored"]) if "stored" in given else None
    if stored_at is not None:
        pools = {name: replace(pool, barren=pool.up) for name, pool in pools.items()}
    return ServerObservation(
        server=server,
        taken_at=NOW,
        version=given.get("version", "3.5.3"),
        started_at=started,
        loaded_at=moment(given["loaded"]) if "loaded" in given else started,
        reload_ok=given.get("reload_ok", True),
        agent=given.get("agent", False),
        includes=config.includes,
        stored_at=stored_at,
        stores_nothing=stored_at is not None,
        jobs=config.jobs,
        pools=pools,
        metrics=metrics.told() if metrics else None,
    )


def barren(given, name, targets):
    """All of the pool's targets: nobody knows, they yield nothing, or what they yield is refused."""
    of_all = {as_labels(t.labels.items()) for t in targets}
    if not given:
        return None
    if given == "refused":
        return Barren(refused=of_all, honest={name})
    return Barren(empty=of_all)


def metrics_text(given):
    ok = int(given.get("reload_ok", True))
    return f"prometheus_config_last_reload_successful {ok}\n{given.get('metrics', '')}"


def a_target(pool="serviceMonitor/shop/web/0", health="up", error="", url=None, labels=None):
    url = url or "http://10.0.1.1:8080/metrics"
    raw = {
        "scrapePool": pool,
        "scrapeUrl": url,
        "health": health,
        "lastError": error,
        "labels": labels or {"instance": url.split("/")[2], "job": "web"},
    }
    return msgspec.convert(raw, ActiveTarget)


def log_of(given, server):
    log = Log(server)
    log.take(given.get("log", ""))
    return log.lines()


def log_lines(entry):
    names = [s.get("name", f"prometheus-k8s-{n}") for n, s in enumerate(server_entries(entry))]
    pairs = zip(server_entries(entry), names, strict=True)
    return tuple(line for given, name in pairs for line in log_of(given, ServerName(name)))


def in_log(entry, server):
    """The pools that the log says could not be made, unless it cannot be read."""
    if "logs" in entry.get("hide", ()):
        return frozenset()
    return frozenset(
        line.pool
        for line in log_lines(entry)
        if line.server == server.server.name
        and line.kind is LogKind.POOL_NOT_CREATED
        and (line.at is None or line.at >= server.started_at)
    )
