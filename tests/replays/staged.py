"""A case of the rules as a whole world that is asked: the API server, the servers, files, a store.

No socket is opened: what is asked through a tape is answered by the cluster of ``tests.kube_api``
and by what the case says of each server.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import yaml

from tests.kube_api.access import service_account
from tests.kube_api.apiserver import ApiServer
from tests.kube_api.cluster import Cluster
from tests.kube_api.resources import DEFINITIONS, by_kind
from tests.kube_api.routes import Asked as KubeAsked
from tests.pems import filled, made
from tests.rules.known import mount_history
from tests.rules.raws import BASE, NOW, called, changed
from tests.rules.servers import JOB, metrics_text, server_entries
from tests.rules.should import snapshot
from watcher.adapters.kubernetes.transport import SOURCE
from watcher.adapters.tape import Answered, Asked
from watcher.errors import SourceUnavailable
from watcher.model.names import MonitorKind

API_SERVER = "https://10.96.0.1:443"
PLURALS = {kind: by_kind(kind.value).plural for kind in MonitorKind}


class Staged:
    """A Tape that answers for all that a case has; ``live`` is asked for files alone."""

    def __init__(self, entry: Mapping[str, Any], folder: Path) -> None:
        self.entry, self._folder = entry, folder
        base = [] if self.outside else entry.get("base", BASE)
        self._before = changed(base, entry.get("was", ()))
        now = changed(self._before, entry.get("objects", ()))
        self._now = [raw for raw in now if called(raw) not in set(entry.get("without", ()))]
        self._servers = {
            given.get("name", f"prometheus-k8s-{number}"): given
            for number, given in enumerate(server_entries(entry))
        }
        self._api = None if self.outside else self._api_server()

    @property
    def outside(self) -> bool:
        """Whether there is no cluster."""
        return self.entry.get("cluster") == "none"

    @property
    def settings(self) -> dict[str, Any]:
        """What a user of this world would have in the settings."""
        expect: dict[str, Any] = {"learned": True} if "learned" in self.entry else {}
        if "manifests" in self.entry:
            file = self._folder / "manifests.yaml"
            file.write_text(yaml.safe_dump_all(map(_whole, self.entry["manifests"])))
            expect["manifests"] = [str(file)]
        if "pinned" in self.entry:
            expect["pinned"] = [_pin(**pin) for pin in self.entry["pinned"]]
        if not self.outside:
            return {"expect": expect}
        if "expected" in self.entry:
            removed = self.entry.get("removed", ())
            jobs = [{"job_name": name} for name in self.entry["expected"] if name not in removed]
            file = self._folder / "prometheus.yml"
            file.write_text(yaml.safe_dump({"scrape_configs": jobs}))
            expect["config_files"] = [{"path": str(file)}]
        servers = []
        for name, given in self._servers.items():
            log = self._folder / f"{name}.log"
            log.write_text(given.get("log", ""))
            servers.append({"name": name, "url": f"http://{name}:9090", "log_file": str(log)})
        return {"prometheuses": [{"name": "outside", "servers": servers}], "expect": expect}

    @property
    def store(self) -> Any:
        """What the store remembers of the time before; None where the case has none."""
        if self.entry.get("store") == "none":
            return None
        expected = snapshot(self.entry, self._before, of_the_past=True)
        if not self.outside:
            urls = {name: self._url(name) for name in self._servers}
            expected = replace(
                expected,
                prometheuses=tuple(
                    replace(
                        each,
                        servers=tuple(
                            replace(s, url=urls.get(s.name, s.url)) for s in each.servers
                        ),
                    )
                    for each in expected.prometheuses
                ),
            )
        return SimpleNamespace(
            expectations=lambda: expected,
            first_watch=lambda: NOW - timedelta(days=30),
            memory=dict,
            ongoing=dict,
            mount_history=lambda: mount_history(self.entry),
        )

    def ask(self, asked: Asked, live: Callable[[], Answered]) -> Answered:
        """Answer it."""
        if asked.method == "READ":
            return live()
        if asked.source == SOURCE:
            return self._of_cluster(asked)
        host = urlsplit(asked.source).hostname
        for name, given in self._servers.items():
            if host in {name, self._host(name)}:
                return self._of_server(given, asked)
        raise SourceUnavailable(asked.source, f"{asked.source} cannot be reached: no such host")

    def _url(self, name: str) -> str:
        return f"http://{self._host(name) or name}:9090"

    def _host(self, name: str) -> str | None:
        pods = (raw for raw in self._now if raw["kind"] == "Pod")
        found = (p for p in pods if p["metadata"]["name"] == name)
        return next((p.get("status", {}).get("podIP") for p in found), None)

    def _api_server(self) -> ApiServer:
        cluster = Cluster(lambda: NOW, make_revisions=False)
        server = ApiServer(
            cluster, clock=lambda: NOW, check_tokens=False, watch_list=True, version="v1.33.1"
        )
        for raw in sorted(self._now, key=lambda raw: raw["kind"] != "Namespace"):
            cluster.write(by_kind(raw["kind"]), _whole(_with_values(raw)))
        for kind, there in self.entry.get("crds", {}).items():
            if not there:
                name = f"{PLURALS[MonitorKind(kind)]}.monitoring.coreos.com"
                cluster.remove(DEFINITIONS, "", name)
        self._grant(server)
        for review in self.entry.get("access", ()):
            server.access.add_rule(**review)
        for name, given in self._servers.items():
            server.logs["monitoring", name, "prometheus"] = given.get("log", "")
            server.logs["monitoring", name, "config-reloader"] = given.get("reloader_log", "")
        for raw in self._now:
            if raw["kind"] == "Pod" and "operator" in raw["metadata"]["name"]:
                place = (raw["metadata"]["namespace"], raw["metadata"]["name"])
                server.logs[(*place, "prometheus-operator")] = self.entry.get("operator_log", "")
        return server

    def _grant(self, server: ApiServer) -> None:
        """The watcher may read all but what the case says it may not."""
        user = service_account("monitoring", "watcher")
        self._token = server.access.token_for(user)
        rights = [("*", "*", "*")]
        if self.entry.get("secrets") != "readable":
            rights += [("get", "", "secrets"), ("get", "", "configmaps")]
        if "access" not in self.entry:
            rights += [("create", "authorization.k8s.io", "subjectaccessreviews")]
        if "logs" in self.entry.get("hide", ()):
            rights += [("get", "", "pods/log")]
        for number, (verb, group, resource) in enumerate(rights):
            server.access.add_rule(
                allowed=not number,
                user=user.name,
                verb=verb,
                group=group,
                resource=resource,
                namespace="*",
            )

    def _of_cluster(self, asked: Asked) -> Answered:
        assert self._api is not None
        parts = urlsplit(asked.path)
        answer = self._api.answer(
            KubeAsked(
                method=asked.method,
                path=parts.path,
                query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                raw_query=parts.query,
                headers={
                    "content-type": "application/json",
                    "authorization": f"Bearer {self._token}",
                },
                body=asked.body.encode(),
            )
        )
        return Answered(body=answer.body, status=answer.code)

    def _of_server(self, given: Mapping[str, Any], asked: Asked) -> Answered:
        if "unreadable" in given:
            raise SourceUnavailable(asked.source, given["unreadable"])
        parts = urlsplit(asked.path)
        query = dict(parse_qsl(parts.query))
        if parts.path == "/metrics":
            return Answered(body=_metrics(given).encode())
        if parts.path == "/api/v1/query":
            return Answered(body=json.dumps(_samples(given, query["query"])).encode())
        found = _api_of(given, query).get(parts.path)
        if found is None:
            return Answered(body=b"404 page not found\n", status=404)
        return Answered(body=json.dumps({"status": "success", "data": found}).encode())


def _api_of(given: Mapping[str, Any], query: Mapping[str, str]) -> Mapping[str, Any]:
    started = given.get("started", "2026-11-14T01:10:30Z")
    text = given.get("config", yaml.safe_dump({"scrape_configs": given.get("jobs", [JOB])}))
    return {
        "/api/v1/status/runtimeinfo": {
            "startTime": started,
            "lastConfigTime": given.get("loaded", started),
            "reloadConfigSuccess": given.get("reload_ok", True),
            "storageRetention": "15d",
            "serverTime": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        },
        "/api/v1/status/buildinfo": {"version": given.get("version", "3.5.3")},
        "/api/v1/status/config": {"yaml": text},
        "/api/v1/scrape_pools": {"scrapePools": sorted(_pools(given))},
        "/api/v1/targets": _targets(given, query),
    }


def _samples(given: Mapping[str, Any], query: str) -> list[dict[str, Any]]:
    """What the server's own history has: its gauge where it scrapes ``itself``, targets that yield nothing."""
    if given.get("itself") and query == "count(prometheus_target_scrape_pool_targets)":
        return [{"metric": {}, "value": [NOW.timestamp(), "1"]}]
    if given.get("barren") is not True or "scrape_samples_post_metric_relabeling" not in query:
        return []
    every = [_target(**target) for target in given.get("targets", ())]
    value = [NOW.timestamp(), "0"]
    return [{"metric": target["labels"], "value": value} for target in every]


def _pools(given: Mapping[str, Any]) -> dict[str, int]:
    """The scrape pools with the number of their active targets."""
    held: dict[str, int] = dict.fromkeys(given.get("pools", ()), 0)
    for target in given.get("targets", ()):
        name = target.get("pool", JOB["job_name"])
        held[name] = held.get(name, 0) + 1
    return held


def _targets(given: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    only = query.get("scrapePool")
    active = [_target(**target) for target in given.get("targets", ())]
    dropped = [{"discoveredLabels": labels} for labels in given.get("dropped", ())]
    empty = [name for name, count in _pools(given).items() if not count]
    return {
        "activeTargets": [t for t in active if only in (None, t["scrapePool"])]
        if query.get("state") != "dropped"
        else [],
        "droppedTargets": dropped if query.get("state") != "active" else [],
        "droppedTargetCounts": {name: len(dropped) for name in empty},
    }


def _target(
    pool: str = JOB["job_name"],
    health: str = "up",
    error: str = "",
    url: str = "http://10.0.1.1:8080/metrics",
    labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    address = url.split("/")[2]
    return {
        "discoveredLabels": {"__address__": address},
        "labels": labels or {"instance": address, "job": "web"},
        "scrapePool": pool,
        "scrapeUrl": url,
        "lastError": error,
        "lastScrape": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "health": health,
    }


def _metrics(given: Mapping[str, Any]) -> str:
    gauges = "".join(
        f'prometheus_target_scrape_pool_targets{{scrape_job="{name}"}} {count}\n'
        for name, count in _pools(given).items()
    )
    return f"{metrics_text(given)}\n{gauges}"


def _whole(raw: Mapping[str, Any]) -> dict[str, Any]:
    resource = by_kind(raw["kind"])
    version = f"{resource.group}/{resource.version}" if resource.group else resource.version
    return {"apiVersion": version} | dict(raw)


def _with_values(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Secret whose values are words for ``tests.pems``, with what they ask for."""
    if raw["kind"] not in {"Secret", "ConfigMap"}:
        return raw
    return filled(raw, {key: made(words) for key, words in (raw.get("data") or {}).items()})


def _pin(name: str, least: int | None = 1, **found: Any) -> dict[str, Any]:
    return {"name": name, "targets": "nodes" if least is None else least} | found
