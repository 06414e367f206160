"""The states of the links declared to created: what stood before, what happens, what is then told.

Each has a monitor of its own name in namespace shop. ``job`` is what the real server runs of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trustme

from tests.e2e.loaded_cluster import KINDS, Cluster, Object, ago

A: Final = "certain"
B: Final = "likely"
C: Final = "possible"

Told = tuple[str, str | None, str | None]
"""Cause (without one the state), confidence and link."""
Deed = Callable[[Cluster], object]

HEALTHY: Final[Told] = ("healthy", None, None)
LOGIN: Final = {"basicAuth": {u: {"name": "login", "key": u} for u in ("username", "password")}}
SLOW: Final = {"port": "web", "interval": "10s", "scrapeTimeout": "30s"}
FLAGS: Final = ("--deny-namespaces=denied", "--secret-label-selector=seen=yes")
BOTH: Final = "pair"
LATER: Final = "later"
RISKS: Final = {
    ("lost-at-next-restart", LATER),
    ("mount-not-in-cr", "hand-made"),
    ("mount-already-reverted", "lives-on"),
    ("operator-paused", None),
    ("rejected-but-running", "runs-on"),
}
"""What an audit tells at the least, each with the monitor of its job."""


@dataclass(frozen=True, kw_only=True)
class State:
    """``name`` is the monitor's; ``before`` makes it, ``after`` is what happens then."""

    name: str
    told: Told
    before: Deed
    after: Deed = lambda _: None
    job: Object | None = None


def states(files: Path) -> list[State]:
    """Every state that can stand beside the others; files of the created ones are in *files*."""
    return [
        *of_declared(),
        *of_selected(),
        *of_accepted(),
        *of_one_prometheus(),
        *of_the_operator(),
        *of_loaded(),
        *of_created(files),
        *of_mounts(files),
    ]


def begin(cluster: Cluster, files: Path) -> None:
    """The Prometheus that most monitors are of, the namespaces, and the Secrets that there are."""
    for namespace in ("shop", "denied", "unwatched", "left"):
        cluster.add("Namespace", namespace, None, metadata={"labels": {"watched": "yes"}})
    cluster.add("Secret", "shop-client", "monitoring", data={"tls.crt": "", "tls.key": ""})
    cluster.add("Secret", "kubelet", "monitoring", data={"kubelet.crt": "", "kubelet.key": ""})
    cluster.add("Secret", "login", data={"username": "", "password": ""})
    cluster.add("Secret", "half", data={"username": ""})
    cluster.prometheus(
        "k8s",
        secrets=["shop-client"],
        volumes=[{"name": "mounted", "secret": {"secretName": "mounted"}}],
        volumeMounts=[{"name": "mounted", "mountPath": str(files / "mounted")}],
        scrapeClasses=[{"name": "strict", "tlsConfig": {"caFile": str(files / "class/ca.pem")}}],
        serviceMonitorNamespaceSelector={"matchLabels": {"watched": "yes"}},
    )


def of_declared() -> list[State]:
    return [
        State(
            name="deleted",
            told=("monitor-deleted", A, "declared"),
            before=lambda c: c.service_monitor("deleted"),
            after=lambda c: c.api.delete("ServiceMonitor", "shop", "deleted"),
        ),
        State(
            name="left",
            told=("namespace-deleted", A, "declared"),
            before=lambda c: c.service_monitor("left", namespace="left"),
            after=namespace_goes,
        ),
        State(
            name="no-endpoints",
            told=("endpoints-empty", A, "declared"),
            before=lambda c: c.service_monitor("no-endpoints"),
            after=lambda c: c.change("ServiceMonitor", "no-endpoints", spec={"endpoints": []}),
        ),
        State(
            name="probed",
            told=("crd-missing", A, "declared"),
            before=lambda c: c.monitor("Probe", "probed", prober={"url": "prober:80"}),
            after=lambda c: c.api.delete(
                "CustomResourceDefinition", None, "probes.monitoring.coreos.com"
            ),
        ),
    ]


def namespace_goes(cluster: Cluster) -> None:
    cluster.api.delete("ServiceMonitor", "left", "left")
    cluster.api.delete("Namespace", None, "left")


RENAMED: Final = State(
    name="renamed/1",
    told=("pool-renamed", A, "declared"),
    before=lambda c: c.service_monitor("renamed", {"port": "admin"}, {"port": "web"}),
    after=lambda c: c.change("ServiceMonitor", "renamed", spec={"endpoints": [{"port": "web"}]}),
    job={},
)
"""Seen between two snapshots alone; the next one takes the new name over."""


def of_selected() -> list[State]:
    return [
        State(
            name="relabelled",
            told=("labels-not-selected", A, "selected"),
            before=lambda c: c.service_monitor("relabelled"),
            after=lambda c: c.change(
                "ServiceMonitor", "relabelled", metadata={"labels": {"prometheus": "K8S"}}
            ),
        ),
        State(
            name="unwatched",
            told=("namespace-not-selected", A, "selected"),
            before=lambda c: c.service_monitor("unwatched", namespace="unwatched"),
            after=lambda c: c.change(
                "Namespace", "unwatched", None, metadata={"labels": {"watched": None}}
            ),
        ),
        State(
            name="pods",
            told=("selector-null", A, "selected"),
            before=lambda c: c.monitor("PodMonitor", "pods", podMetricsEndpoints=[{"port": "w"}]),
            after=lambda c: c.change("Prometheus", "k8s", "monitoring", spec=without("podMonitor")),
        ),
        State(
            name="denied",
            told=("outside-operator-scope", B, "selected"),
            before=lambda c: c.service_monitor("denied", namespace="denied"),
            after=lambda c: c.operator(*FLAGS),
        ),
        of_its_own(
            "gone",
            ("no-prometheus-selects", A, "selected"),
            lambda c: c.api.delete("Prometheus", "monitoring", "gone"),
        ),
    ]


def without(*kinds: str) -> Object:
    return {f"{kind}Selector": None for kind in kinds}


def of_its_own(name: str, told: Told, after: Deed, job: Object | None = None) -> State:
    """A state of a whole Prometheus, which has one monitor."""

    def before(cluster: Cluster) -> None:
        cluster.prometheus(name)
        cluster.service_monitor(name, of=name)

    return State(name=name, told=told, before=before, after=after, job=job)


def of_accepted() -> list[State]:
    def refused(name: str, told: Told, **spec: object) -> State:
        def before(cluster: Cluster) -> None:
            cluster.service_monitor(name, {"port": "web", **spec})

        return State(name=name, told=told, before=before)

    missing = {"bearerTokenSecret": {"name": "nowhere", "key": "token"}}
    half = {"basicAuth": {u: {"name": "half", "key": u} for u in ("username", "password")}}
    return [
        State(
            name="told-by-event",
            told=("rejected-by-operator", A, "accepted"),
            before=lambda c: c.service_monitor("told-by-event", SLOW),
            after=event,
        ),
        State(
            name="told-by-status",
            told=("rejected-by-operator", A, "accepted"),
            before=lambda c: c.service_monitor("told-by-status"),
            after=lambda c: c.change("ServiceMonitor", "told-by-status", status=refusal()),
        ),
        refused("told-by-nobody", ("rejected-by-operator", B, "accepted"), **SLOW),
        refused("no-secret", ("secret-missing", A, "accepted"), **missing),
        refused("no-key", ("secret-key-missing", A, "accepted"), **half),
        refused("not-woken", ("operator-stale", B, "reconciled"), **LOGIN),
    ]


def event(cluster: Cluster) -> None:
    cluster.add(
        "Event",
        "told-by-event.1",
        involvedObject={"kind": "ServiceMonitor", "name": "told-by-event", "namespace": "shop"},
        related={"kind": "Prometheus", "name": "k8s", "namespace": "monitoring"},
        type="Warning",
        reason="InvalidConfiguration",
        message='"shop/told-by-event" was rejected due to invalid configuration: endpoints[0]:'
        ' scrapeTimeout "30s" greater than scrapeInterval "10s"',
        lastTimestamp=ago(minutes=30),
    )


def refusal() -> Object:
    accepted = {
        "type": "Accepted",
        "status": "False",
        "reason": "InvalidConfiguration",
        "message": "endpoints[0]: some reason",
        "observedGeneration": 1,
        "lastTransitionTime": ago(minutes=30),
    }
    binding = {
        "group": "monitoring.coreos.com",
        "resource": "prometheuses",
        "namespace": "monitoring",
        "name": "k8s",
        "conditions": [accepted],
    }
    return {"bindings": [binding]}


def of_one_prometheus() -> list[State]:
    return [
        of_its_own(
            "paused",
            ("prometheus-paused", A, "reconciled"),
            lambda c: c.change("Prometheus", "paused", "monitoring", spec={"paused": True}),
        ),
        of_its_own(
            "failing",
            ("reconcile-failing", A, "reconciled"),
            lambda c: c.reconciled("failing", "False", "creating config failed: no such Secret"),
        ),
        of_its_own("behind", ("operator-down", B, "reconciled"), falls_behind),
        State(
            name="unmanaged",
            told=("unmanaged-configuration", A, "reconciled"),
            before=lambda c: c.prometheus("unmanaged"),
            after=lambda c: c.change("Prometheus", "unmanaged", "monitoring", spec=without(*KINDS)),
        ),
        of_its_own("stuck", ("server-not-rolled-out", A, "loaded"), stuck),
        of_its_own("reloader", ("reloader-broken", B, "loaded"), reloader_crashes),
    ]


def falls_behind(cluster: Cluster) -> None:
    cluster.change("Prometheus", "behind", "monitoring", spec={"logLevel": "debug"})
    cluster.reconciled("behind", "True", generation=1)


def stuck(cluster: Cluster) -> None:
    """The resource asks for a Secret that is not there; the pod of before goes on."""
    cluster.change("Prometheus", "stuck", "monitoring", spec={"secrets": ["nowhere"]})
    cluster.stateful_set("stuck")


def reloader_crashes(cluster: Cluster) -> None:
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    states = [
        {"name": "prometheus", "ready": True, "state": {"running": {}}},
        {"name": "config-reloader", "ready": False, "restartCount": 12, "state": waiting},
    ]
    cluster.change(
        "Pod", "prometheus-reloader-0", "monitoring", status={"containerStatuses": states}
    )


def of_the_operator() -> list[State]:
    def before(cluster: Cluster) -> None:
        cluster.monitor("ScrapeConfig", "passed-over", staticConfigs=[{"targets": ["a:1"]}])
        made = {"creationTimestamp": ago(days=5), "managedFields": []}
        cluster.change("ScrapeConfig", "passed-over", metadata=made)

    return [
        State(
            name="passed-over",
            told=("scrapeconfig-unsupported", B, "reconciled"),
            before=before,
        )
    ]


def of_loaded() -> list[State]:
    return [
        State(
            name="well",
            told=HEALTHY,
            before=lambda c: c.service_monitor("well"),
            job={},
        ),
        State(
            name="plain",
            told=("not-in-configuration", C, "loaded"),
            before=lambda c: c.service_monitor("plain"),
        ),
        State(
            name="outdated",
            told=("not-in-configuration", C, "loaded"),
            before=lambda c: c.service_monitor("outdated"),
            job={"metrics_path": "/status/404"},
        ),
        State(
            name="on-its-way",
            told=("reload-pending", C, "loaded"),
            before=lambda c: c.service_monitor("on-its-way"),
            after=lambda c: c.change(
                "ServiceMonitor",
                "on-its-way",
                metadata={"managedFields": [{"manager": "kubectl", "time": ago(minutes=1)}]},
            ),
        ),
    ]


def of_created(files: Path) -> Iterator[State]:
    mounted = files / "mounted"
    lay(mounted)
    bad, pair, class_file = mounted / "bad.pem", mounted / "one.crt", files / "class/ca.pem"
    invalid, missing = ("tls-file-invalid", B, "created"), ("tls-file-missing", A, "created")
    yield secured("no-file", missing, ca=files / "nowhere/ca.pem")
    yield secured("no-pem", invalid, ca=bad)
    yield secured("no-pair", invalid, cert=pair, key=mounted / "two.key")
    yield secured("a-directory", invalid, ca=mounted)
    yield secured("a-loop", ("pool-not-created", B, "created"), ca=mounted / "loop.pem")
    yield secured("no-key-in-secret", missing, ca=mounted / "nothing.pem")
    there = files / "shop-client"
    mismatch = ("tls-path-mismatch", A, "created")
    yield secured("elsewhere", mismatch, cert=there / "tls.crt", key=there / "tls.key")
    hand = files / "byhand"
    yield State(
        name="by-hand",
        told=("hand-patch-reverted", A, "created"),
        before=lambda c: patched(c, "by-hand", hand),
        after=reverted,
        job=tls(cert=hand / "kubelet.crt", key=hand / "kubelet.key"),
    )
    yield State(
        name="of-a-class",
        told=("scrape-class-file-missing", A, "created"),
        before=lambda c: c.service_monitor("of-a-class", scrapeClass="strict"),
        job=tls(ca=class_file),
    )
    yield State(
        name=BOTH,
        told=("replica-disagrees", A, "created"),
        before=lambda c: two(c, files / BOTH / "ca.pem"),
        job=tls(ca=files / BOTH / "ca.pem"),
    )


def lay(mounted: Path) -> None:
    """Files that are there; only one of them can be used."""
    mounted.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(mounted / "ca.pem")
    for name in ("one", "two"):
        made = authority.issue_cert(f"{name}.test")
        made.cert_chain_pems[0].write_to_path(mounted / f"{name}.crt")
        made.private_key_pem.write_to_path(mounted / f"{name}.key")
    (mounted / "bad.pem").write_text("no PEM", encoding="utf-8")
    (mounted / "loop.pem").symlink_to(mounted / "loop.pem")


def secured(name: str, told: Told, *, of: str = "k8s", **files: Path) -> State:
    """A job with the files ``ca``, ``cert``, ``key``."""
    config = {"tlsConfig": {f"{what}File": str(file) for what, file in files.items()}}
    return State(
        name=name,
        told=told,
        before=lambda c: c.service_monitor(name, {"port": "web", **config}, of=of),
        job=tls(**files),
    )


def tls(**files: Path) -> Object:
    return {"tls_config": {f"{what}_file": str(file) for what, file in files.items()}}


def patched(cluster: Cluster, name: str, path: Path) -> None:
    config = {"certFile": str(path / "kubelet.crt"), "keyFile": str(path / "kubelet.key")}
    cluster.service_monitor(name, {"port": "web", "tlsConfig": config})
    cluster.stateful_set("k8s", ("kubelet", str(path)), by="kubectl-patch")


def reverted(cluster: Cluster) -> None:
    """The operator writes what the resource asks for, and the pod starts from that."""
    cluster.stateful_set("k8s")
    cluster.pod("k8s")


def two(cluster: Cluster, file: Path) -> None:
    cluster.prometheus(
        BOTH,
        pods=2,
        volumes=[{"name": BOTH, "secret": {"secretName": BOTH}}],
        volumeMounts=[{"name": BOTH, "mountPath": str(file.parent)}],
    )
    cluster.service_monitor(BOTH, {"port": "web", "tlsConfig": {"caFile": str(file)}}, of=BOTH)


def of_mounts(files: Path) -> Iterator[State]:
    """Jobs that are well, and will be lost: the mounts of their files do not last."""
    file, mount = files / "mounted/ca.pem", ("mounted", str(files / "mounted"))

    def stays(cluster: Cluster) -> None:
        cluster.prometheus("hand-made")
        secured("hand-made", HEALTHY, of="hand-made", ca=file).before(cluster)
        cluster.stateful_set("hand-made", mount, by="kubectl-edit")
        cluster.pod("hand-made")

    def lives_on(cluster: Cluster) -> None:
        cluster.prometheus("lives-on")
        secured("lives-on", HEALTHY, of="lives-on", ca=file).before(cluster)
        cluster.stateful_set("lives-on", mount, by="kubectl-edit")
        cluster.pod("lives-on")
        cluster.stateful_set("lives-on")

    def later(cluster: Cluster) -> None:
        cluster.prometheus(LATER)
        secured(LATER, HEALTHY, of=LATER, ca=file).before(cluster)

    yield State(name="hand-made", told=HEALTHY, before=stays, job=tls(ca=file))
    yield State(name="lives-on", told=HEALTHY, before=lives_on, job=tls(ca=file))
    yield State(name=LATER, told=HEALTHY, before=later, job=tls(ca=file))
    yield State(
        name="absent",
        told=("not-in-configuration", C, "loaded"),
        before=lambda c: c.service_monitor("absent", of=LATER),
    )
    yield State(
        name="runs-on",
        told=HEALTHY,
        before=lambda c: c.service_monitor("runs-on", SLOW),
        job={},
    )
