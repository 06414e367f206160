"""The states of the links declared, selected and accepted: the servers run nothing of them."""

from typing import Final

from tests.e2e.loaded_cluster import Cluster, Object, ago
from tests.e2e.loaded_state import SLOW, A, B, State, Told, of_its_own, without

FLAGS: Final = ("--deny-namespaces=denied", "--secret-label-selector=seen=yes")
"""What the operator is started with in the end."""
LOGIN: Final = {"basicAuth": {u: {"name": "login", "key": u} for u in ("username", "password")}}


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


def of_accepted() -> list[State]:
    def refused(name: str, told: Told, **spec: object) -> State:
        def before(cluster: Cluster) -> None:
            cluster.service_monitor(name, {"port": "web", **spec})

        return State(name=name, told=told, before=before)

    missing = {"bearerTokenSecret": {"name": "nowhere", "key": "token"}}
    no_pair = {
        "cert": {"secret": {"name": "no-pair", "key": "one.crt"}},
        "keySecret": {"name": "no-pair", "key": "two.key"},
    }
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
        refused("no-pair-referred", ("rejected-by-operator", B, "accepted"), tlsConfig=no_pair),
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
