"""What is known about a job, of a case: the objects that a gatherer would have read for it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.pems import filled, made
from tests.rules.raws import (
    NOW,
    called,
    events,
    moment,
    monitors,
    of_kind,
    operated,
    operators,
    prometheuses,
)
from tests.rules.servers import a_target, log_lines, server_entries
from watcher.adapters.kubernetes.reading import workloads_of
from watcher.adapters.pems import judged
from watcher.adapters.wording.operator_log import operator_lines
from watcher.adapters.wording.reloader_log import last_failure
from watcher.model import facts as fact
from watcher.model.facts import AccessReview, DroppedTarget, Facts, Known, MountRecord, Unavailable
from watcher.model.kube import KubeObject
from watcher.model.names import MonitorKind
from watcher.operator.discovery import discovery
from watcher.operator.objects import pods_of

HIDDEN = Unavailable("403 Forbidden", "get that")
NO_MONITOR = Unavailable("the job comes from no monitor")
NO_CLUSTER = Unavailable("no API server is known")


def gathered(entry, now, job, expectations):
    known: dict[str, Any] = {
        fact.LOGS.name: Known(log_lines(entry)),
        fact.ACTIVE.name: Known(active_addresses(entry, job)),
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
    known[fact.DECLARED.name] = Known(tuple(map(KubeObject, expectations.objects.values())))
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
        fact.OPERATOR_LOG: tuple(
            replace(line, pod="monitoring/prometheus-operator-7c8f9d-abcde")
            for line in operator_lines(entry.get("operator_log", ""))
        ),
        fact.RELOADER_LOG: tuple(
            replace(line, pod=pod.full_name, container="config-reloader")
            for pod in pods
            if (line := last_failure(logs_of_reloaders(entry).get(pod.name, ""))) is not None
        ),
        fact.STATEFUL_SETS: workloads_of(prometheus, sets) if prometheus else (),
        fact.REVISIONS: of_kind(raws, "ControllerRevision"),
        fact.PODS: pods,
        fact.POD_EVENTS: events(raws, ["Pod"], [pod.name for pod in pods]),
        fact.SERVICES: there("Service"),
        fact.ENDPOINTS: there("Endpoints"),
        fact.ENDPOINT_SLICES: there("EndpointSlice"),
        fact.TARGET_PODS: there("Pod"),
        fact.NODES: of_kind(raws, "Node"),
        fact.INGRESSES: there("Ingress"),
        fact.NETWORK_POLICIES: there("NetworkPolicy"),
        fact.DEPLOYMENTS: there("Deployment"),
        fact.TARGET_STATEFUL_SETS: there("StatefulSet"),
        fact.DAEMON_SETS: there("DaemonSet"),
    }
    known: dict[str, Any] = {f.name: Known(value) for f, value in found.items()}
    if ref is None:
        for of_monitor in (fact.MONITOR, fact.NAMESPACE, fact.MONITOR_EVENTS):
            known[of_monitor.name] = NO_MONITOR
    known[fact.SECRET_KEYS.name] = secret_keys(entry, raws, monitor, prometheus)
    access = tuple(AccessReview(**review) for review in entry.get("access", ()))
    asked = Known(access) if "access" in entry else Unavailable("403 Forbidden", "create reviews")
    return known | {fact.ACCESS.name: asked}


def logs_of_reloaders(entry):
    """By name of the pod."""
    servers = entry.get("servers", [entry.get("server", {})])
    return {s.get("name", "prometheus-k8s-0"): s.get("reloader_log", "") for s in servers}


def in_namespaces(raws, monitor, prometheus):
    """A reader of a kind's objects where the job discovers."""
    place = discovery(monitor, prometheus) if monitor and prometheus else None
    return lambda kind: tuple(
        o for o in of_kind(raws, kind) if place is None or place.reaches(o.namespace)
    )


def secret_keys(entry, raws, *owners):
    """Readable only where the case says so: ``secrets: readable``; but for those it calls sealed."""
    if entry.get("secrets") != "readable":
        return Unavailable("403 Forbidden", "get secrets")
    names = set()
    for owner in owners:
        if owner is not None:
            names |= set(referred(owner.raw.get("spec", {}), owner.namespace))
    for kind in ("StatefulSet", "Pod"):
        for workload in of_kind(raws, kind):
            spec = workload.raw["spec"]
            names |= set(mounted(spec.get("template", {}).get("spec", spec), workload.namespace))
    held = {place(raw): verdicts(raw) for raw in raws if raw["kind"] in {"Secret", "ConfigMap"}}
    read = {name: Known(held.get(name)) for name in names}
    return Known(read | {name: forbidden(name) for name in entry.get("sealed", ())})


def place(raw):
    return f"{raw['kind']}/{raw['metadata']['namespace']}/{raw['metadata']['name']}".lower()


def verdicts(raw):
    """On what stands in it; its values are words that ``tests.pems`` makes PEM of."""
    return judged(filled(raw, {key: made(words) for key, words in raw.get("data", {}).items()}))


def forbidden(name):
    kind, namespace, _ = name.split("/")
    return Unavailable("403 Forbidden", f"get {kind}s in namespace {namespace}")


def certificates(entry, raws):
    """What is read for the risks: of all Prometheuses and the Secrets that are mounted."""
    return secret_keys(entry, raws, *prometheuses(raws), *monitors(raws))


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
        for source in volume.get("projected", {}).get("sources", ()):
            if "secret" in source:
                yield f"secret/{namespace}/{source['secret']['name']}"


def active_addresses(entry, job):
    """As if relabelling had left each target's address alone."""
    targets = (a_target(**t) for given in server_entries(entry) for t in given.get("targets", ()))
    return frozenset(urlsplit(t.scrape_url).netloc for t in targets if t.scrape_pool == job.pool)


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
