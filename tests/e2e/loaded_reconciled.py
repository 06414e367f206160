"""The states of the links reconciled and loaded: the operator or the server is behind."""

from tests.e2e.loaded_cluster import KINDS, Cluster, ago
from tests.e2e.loaded_state import HEALTHY, A, B, C, State, of_its_own, without


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
    """The resource asks for a Secret that is not there; the pod of before continues."""
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
