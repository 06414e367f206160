"""Makes of one YAML case what a watch would make of it, through the real translators.

Raw objects become expectations, API answers an observation, log text lines; then the comparison
picks the job, and its facts are those objects that a gatherer would have read for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tests.kube_api.patches import merged
from watcher.adapters.cluster_reading import workloads_of
from watcher.adapters.logs import Log
from watcher.adapters.prometheus_answers import ActiveTarget, as_labels
from watcher.adapters.prometheus_config import running_config
from watcher.adapters.prometheus_metrics import self_metrics
from watcher.adapters.prometheus_pools import by_pool, pool_of
from watcher.diagnosis.rule import Case
from watcher.engine.compare import compare
from watcher.engine.merge import Keeping, combined, remember
from watcher.engine.pins import with_pins
from watcher.model import facts as fact
from watcher.model.expectations import (
    Expectations,
    ExpectedJob,
    ExpectedServer,
    Origin,
    Pin,
    WatchedPrometheus,
)
from watcher.model.facts import AccessReview, DroppedTarget, Facts, Known, MountRecord, Unavailable
from watcher.model.kube import KubeObject
from watcher.model.names import JobKey, MonitorKind, PoolName, PrometheusName, ServerName
from watcher.model.observations import Observation, ServerObservation, UnreadableServer
from watcher.operator.discovery import discovery
from watcher.operator.expect import Cluster, expect
from watcher.operator.objects import pods_of

FOLDER = Path(__file__).parent
BASE = yaml.load((FOLDER / "base.yaml").read_text(), Loader=yaml.CSafeLoader)
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
HIDDEN = Unavailable("403 Forbidden", "get that")
NO_CLUSTER = Unavailable("no API server is known")
JOB = {"job_name": "serviceMonitor/shop/web/0"}
KEYS = {
    "objects", "without", "was", "gone_since", "server", "servers", "pool", "hide", "expect",
    "case", "cluster", "expected", "manifests", "pinned", "mounts", "crds", "access", "secrets",
    "last_sample", "store", "why", "base", "prometheus",
}  # fmt: skip
SERVER_KEYS = {
    "name", "version", "started", "loaded", "reload_ok", "jobs", "targets", "pools", "dropped",
    "metrics", "log", "unreadable", "config", "shard", "replica", "retained", "barren", "log_file",
    "agent",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A case, ready to be diagnosed, and the raw objects that it was made of."""

    title: str
    entry: Mapping[str, Any]
    objects: tuple[Mapping[str, Any], ...]
    case: Case

    @property
    def wanted(self) -> Mapping[str, Any]:
        return self.entry["expect"]


def entries():
    """Every case of every file, as (file's stem, entry)."""
    for file in sorted((FOLDER / "cases").glob("*.yaml")):
        for entry in yaml.load(file.read_text(), Loader=yaml.CSafeLoader):
            yield file.stem, entry


def scene(entry: Mapping[str, Any]) -> Scene:
    """Play one entry. Raises AssertionError for an unknown key, so that a typo is no passed test."""
    assert set(entry) <= KEYS, f"unknown: {set(entry) - KEYS}"
    base = [] if entry.get("cluster") == "none" else entry.get("base", BASE)
    before = changed(base, entry.get("was", ()))
    now = changed(before, entry.get("objects", ()))
    now = [raw for raw in now if called(raw) not in set(entry.get("without", ()))]
    observation = observed(entry)
    expectations = expected(entry, before, now)
    named = {s.server.name: in_log(entry, s) for s in observation.readable}
    own = [job for job in expectations.jobs if job.prometheus == observation.prometheus]
    comparison = compare(own, observation, named_in_log=named)
    wanted = entry.get("pool")
    statuses = [s for s in comparison.statuses if (s.pool == wanted if wanted else not s.healthy)]
    assert len(statuses) == 1, [(s.pool, s.state) for s in comparison.statuses]
    facts = gathered(entry, now, statuses[0].job, expectations)
    case = Case(status=statuses[0], observation=observation, facts=facts, now=NOW)
    return Scene(title=entry["case"], entry=entry, objects=tuple(now), case=case)


def changed(base, patches):
    """*base* with merge patches on the objects that they name; others are added."""
    found = {called(raw): raw for raw in base}
    for patch in patches:
        found[called(patch)] = merged(found.get(called(patch)), patch)
    return list(found.values())


def called(raw):
    """``Kind namespace/name``, as ``without`` names it."""
    metadata = raw["metadata"]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{raw['kind']} {place}{metadata['name']}"


def moment(text):
    return datetime.fromisoformat(text)


# ---------------------------------------------------------------- what should be scraped


def expected(entry, before, now):
    """Today's snapshot merged into the store's, as the snapshot cycle does it."""
    found = [snapshot(entry, now)]
    if "manifests" in entry:
        found.append(of_manifests(entry, now))
    fresh = with_pins(combined(found), [Pin(**pin) for pin in entry.get("pinned", ())])
    if entry.get("store") == "none":
        return fresh
    if entry.get("store") == "behind":
        return snapshot(entry, before)
    at = moment(entry["gone_since"]) if "gone_since" in entry else NOW - timedelta(hours=2)
    return remember(snapshot(entry, before), fresh, keeping=Keeping(), now=at)


def snapshot(entry, raws):
    if entry.get("cluster") == "none":
        return without_cluster(entry)
    kinds = {kind: Known(of_kind(raws, kind.value)) for kind in MonitorKind}
    cluster = Cluster(
        prometheuses=Known(of_kind(raws, "Prometheus")),
        agents=Known(of_kind(raws, "PrometheusAgent")),
        monitors=kinds,
        namespaces=Known(of_kind(raws, "Namespace")),
        operators=Known(operators(raws)),
        pods=Known(of_kind(raws, "Pod")),
        services=Known(of_kind(raws, "Service")),
        endpoints=Known(of_kind(raws, "Endpoints")),
        endpoint_slices=Known(of_kind(raws, "EndpointSlice")),
        target_pods=Known(of_kind(raws, "Pod")),
    )
    return expect(cluster, NOW, lambda pod, _: f"http://{pod.name}:9090")


def of_manifests(entry, now):
    """Jobs of monitors that stand in manifests and may not be in the cluster."""
    own = [raw for raw in now if raw["kind"] not in set(MonitorKind)]
    found = snapshot(entry, changed(own, entry["manifests"]))
    jobs = tuple(replace(job, origin=Origin.MANIFESTS) for job in found.jobs)
    return replace(found, jobs=jobs, unselected=(), unreadable=())


def without_cluster(entry):
    name = PrometheusName("outside")
    jobs = tuple(
        ExpectedJob(
            key=JobKey(f"{name}|{Origin.CONFIG_FILE}|{pool}"),
            prometheus=name,
            pool=PoolName(pool),
            origin=Origin.CONFIG_FILE,
        )
        for pool in entry.get("expected", ())
    )
    watched = WatchedPrometheus(name=name)
    return Expectations(taken_at=NOW, prometheuses=(watched,), jobs=jobs)


# ---------------------------------------------------------------- what is scraped


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
        barren = {as_labels(t.labels.items()) for t in found} if given.get("barren") else None
        pools[name] = pool_of(name, found, barren)
    for name in given.get("pools", ()):
        pools.setdefault(name, replace(pool_of(name, (), None), dropped=len(dropped)))
    metrics = self_metrics(metrics_text(given))
    config = running_config(text)
    started = moment(given.get("started", "2026-11-14T01:10:30Z"))
    return ServerObservation(
        server=server,
        taken_at=NOW,
        version=given.get("version", "3.5.3"),
        started_at=started,
        loaded_at=moment(given["loaded"]) if "loaded" in given else started,
        reload_ok=given.get("reload_ok", True),
        agent=given.get("agent", False),
        includes=config.includes,
        jobs=config.jobs,
        pools=pools,
        metrics=metrics.told() if metrics else None,
    )


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
        and line.kind is fact.LogKind.POOL_NOT_CREATED
        and (line.at is None or line.at >= server.started_at)
    )


# ---------------------------------------------------------------- what is known about it


def gathered(entry, now, job, expectations):
    known: dict[str, Any] = {
        fact.LOGS.name: Known(log_lines(entry)),
        fact.DROPPED.name: Known(dropped_targets(entry)),
        fact.LAST_SAMPLE.name: last_sample(entry),
    }
    if entry.get("cluster") == "none":
        names = {f.name for f in vars(fact).values() if isinstance(f, fact.Fact)}
        known = dict.fromkeys(names, NO_CLUSTER) | known
    else:
        known |= of_cluster(entry, now, job)
    last = expectations.objects.get(job.monitor) if job.monitor else None
    stored = entry.get("store") != "none"
    nothing = Unavailable("this watcher keeps no history yet", "a store")
    known[fact.LAST_MONITOR.name] = Known(KubeObject(last) if last else None)
    known[fact.MOUNT_HISTORY.name] = Known(mount_history(entry)) if stored else nothing
    return Facts(known | dict.fromkeys(entry.get("hide", ()), HIDDEN))


def of_cluster(entry, raws, job):
    prometheus = next((p for p in prometheuses(raws) if p.full_name == job.prometheus), None)
    ref = job.monitor
    monitor = next((m for m in monitors(raws) if ref and called(m.raw) == str(ref)), None)
    there = in_namespaces(raws, monitor, prometheus)
    namespace = ref.namespace if ref else ""
    pods = pods_of(prometheus, of_kind(raws, "Pod")) if prometheus else ()
    sets = of_kind(raws, "StatefulSet") + of_kind(raws, "DaemonSet")
    found = {
        fact.PROMETHEUS: prometheus,
        fact.PROMETHEUSES: prometheuses(raws),
        fact.MONITOR: monitor,
        fact.MONITORS: monitors(raws),
        fact.NAMESPACE: next((n for n in of_kind(raws, "Namespace") if n.name == namespace), None),
        fact.NAMESPACES: of_kind(raws, "Namespace"),
        fact.MONITOR_EVENTS: events(raws, [ref.kind.value], [ref.name] if ref else [])
        if ref
        else (),
        fact.CRDS: {kind.value: True for kind in MonitorKind} | entry.get("crds", {}),
        fact.OPERATOR: operators(raws),
        fact.OPERATOR_PODS: tuple(p for p in of_kind(raws, "Pod") if operated(p)),
        fact.STATEFUL_SETS: workloads_of(prometheus, sets) if prometheus else (),
        fact.REVISIONS: of_kind(raws, "ControllerRevision"),
        fact.PODS: pods,
        fact.POD_EVENTS: events(raws, ["Pod"], [pod.name for pod in pods]),
        fact.SERVICES: there("Service"),
        fact.ENDPOINTS: there("Endpoints"),
        fact.ENDPOINT_SLICES: there("EndpointSlice"),
        fact.TARGET_PODS: there("Pod"),
        fact.NODES: of_kind(raws, "Node"),
        fact.NETWORK_POLICIES: there("NetworkPolicy"),
    }
    known: dict[str, Any] = {f.name: Known(value) for f, value in found.items()}
    known[fact.SECRET_KEYS.name] = secret_keys(entry, raws, monitor, prometheus)
    access = tuple(AccessReview(**review) for review in entry.get("access", ()))
    asked = Known(access) if "access" in entry else Unavailable("403 Forbidden", "create reviews")
    return known | {fact.ACCESS.name: asked}


def of_kind(raws, kind):
    return tuple(KubeObject(raw) for raw in raws if raw["kind"] == kind)


def prometheuses(raws):
    return of_kind(raws, "Prometheus") + of_kind(raws, "PrometheusAgent")


def monitors(raws):
    return tuple(m for kind in MonitorKind for m in of_kind(raws, kind.value))


def operated(resource):
    return resource.labels.get("app.kubernetes.io/name") == "prometheus-operator"


def operators(raws):
    return tuple(d for d in of_kind(raws, "Deployment") if operated(d))


def events(raws, kinds, names):
    return tuple(
        e
        for e in of_kind(raws, "Event")
        if e.raw["involvedObject"]["kind"] in kinds and e.raw["involvedObject"]["name"] in names
    )


def in_namespaces(raws, monitor, prometheus):
    """A reader of a kind's objects where the job discovers."""
    place = discovery(monitor, prometheus) if monitor and prometheus else None
    return lambda kind: tuple(
        o for o in of_kind(raws, kind) if place is None or place.reaches(o.namespace)
    )


def secret_keys(entry, raws, monitor, prometheus):
    """Readable only where the case says so: ``secrets: readable``."""
    if entry.get("secrets") != "readable":
        return Unavailable("403 Forbidden", "get secrets")
    names = set()
    for owner in (monitor, prometheus):
        if owner is not None:
            names |= set(referred(owner.raw.get("spec", {}), owner.namespace))
    for workload in of_kind(raws, "StatefulSet"):
        names |= set(mounted(workload.raw["spec"]["template"]["spec"], workload.namespace))
    held = {
        f"{raw['kind'].lower()}/{raw['metadata']['namespace']}/{raw['metadata']['name']}": tuple(
            sorted(raw.get("data", {}))
        )
        for raw in raws
        if raw["kind"] in {"Secret", "ConfigMap"}
    }
    return Known({name: held.get(name) for name in names})


def referred(spec, namespace):
    """Names of Secrets and ConfigMaps that a spec refers to, by ``{name, key}`` or in lists."""
    if isinstance(spec, dict):
        for field, value in spec.items():
            if isinstance(value, dict) and {"name", "key"} <= set(value):
                kind = "configmap" if field == "configMap" else "secret"
                yield f"{kind}/{namespace}/{value['name']}"
            if field in {"secrets", "configMaps"} and isinstance(value, list):
                yield from (f"{field[:-1].lower()}/{namespace}/{name}" for name in value)
            yield from referred(value, namespace)
    if isinstance(spec, list):
        for value in spec:
            yield from referred(value, namespace)


def mounted(pod_spec, namespace):
    for volume in pod_spec.get("volumes", ()):
        if "secret" in volume:
            yield f"secret/{namespace}/{volume['secret']['secretName']}"
        if "configMap" in volume:
            yield f"configmap/{namespace}/{volume['configMap']['name']}"


def dropped_targets(entry):
    return tuple(
        DroppedTarget(labels=labels)
        for given in server_entries(entry)
        for labels in given.get("dropped", ())
    )


def last_sample(entry):
    given = entry.get("last_sample")
    return Known(moment(given)) if given else Unavailable("the TSDB was not asked")


def mount_history(entry):
    records = []
    namespace, name = entry.get("prometheus", "monitoring/k8s").split("/")
    for given in entry.get("mounts", ()):
        times = {k: moment(v) for k, v in given.items() if k.endswith("_at") and v}
        defaults = {
            "stateful_set": f"{namespace}/prometheus-{name}",
            "secret": None,
            "permanent": False,
            "who": None,
            "operation": None,
            "changed_at": None,
            "first_seen_at": NOW - timedelta(days=30),
            "last_seen_at": NOW - timedelta(days=9),
        }
        records.append(MountRecord(**(defaults | given | times)))
    return tuple(records)
