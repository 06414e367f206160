"""What should be scraped, of a case: its snapshots, merged as the snapshot cycle merges them."""

from dataclasses import replace
from datetime import timedelta

from tests.rules.raws import NOW, changed, moment, of_kind, operators
from watcher.engine.merge import Keeping, combined, remember
from watcher.engine.pins import with_pins
from watcher.model.expectations import Expectations, ExpectedJob, Origin, Pin, WatchedPrometheus
from watcher.model.facts import Known
from watcher.model.names import JobKey, MonitorKind, PoolName, PrometheusName
from watcher.operator.expect import Cluster, expect
from watcher.operator.workloads import KINDS


def expected(entry, before, now):
    """Today's snapshot merged into the store's, as the snapshot cycle does it."""
    found = [snapshot(entry, now)]
    if "manifests" in entry:
        found.append(of_manifests(entry, now))
    counted = replace(combined(found), nodes=len(of_kind(now, "Node")) or None)
    fresh = with_pins(counted, [Pin(**pin) for pin in entry.get("pinned", ())])
    if entry.get("store") == "none":
        return fresh
    if entry.get("store") == "behind":
        return snapshot(entry, before)
    at = moment(entry["gone_since"]) if "gone_since" in entry else NOW - timedelta(hours=2)
    return remember(snapshot(entry, before, of_the_past=True), fresh, keeping=Keeping(), now=at)


def snapshot(entry, raws, *, of_the_past=False):
    if entry.get("cluster") == "none":
        return without_cluster(entry, of_the_past=of_the_past)
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
        workloads=Known(tuple(o for kind in KINDS for o in of_kind(raws, kind))),
    )
    return expect(cluster, NOW, lambda pod, _: f"http://{pod.name}:9090")


def of_manifests(entry, now):
    """Jobs of monitors that stand in manifests and may not be in the cluster."""
    own = [raw for raw in now if raw["kind"] not in set(MonitorKind)]
    found = snapshot(entry, changed(own, entry["manifests"]))
    jobs = tuple(replace(job, origin=Origin.MANIFESTS) for job in found.jobs)
    return replace(found, jobs=jobs, unselected=(), unreadable=())


def without_cluster(entry, *, of_the_past):
    name = PrometheusName("outside")
    jobs = tuple(
        ExpectedJob(
            key=JobKey(f"{name}|{origin}|{pool}"),
            prometheus=name,
            pool=PoolName(pool),
            origin=origin,
        )
        for word, origin in (("expected", Origin.CONFIG_FILE), ("learned", Origin.LEARNED))
        for pool in entry.get(word, ())
        if of_the_past or pool not in entry.get("removed", ())
    )
    watched = WatchedPrometheus(name=name)
    return Expectations(taken_at=NOW, prometheuses=(watched,), jobs=jobs)
