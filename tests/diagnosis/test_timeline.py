"""What changed just before a loss, in its order, and never more than a few lines."""

from datetime import timedelta

from tests.builders import NOW, a_server, an_observation, before
from tests.kube_objects import a_prometheus_resource, a_service_monitor, a_stateful_set, an_object
from watcher.diagnosis.timeline import AT_MOST, timeline
from watcher.model import facts
from watcher.model.facts import Facts, Known, Unavailable
from watcher.model.kube import KubeObject

QUIET = an_observation(a_server(started_at=before(days=30), loaded_at=before(days=30)))


def at(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def written(raw, *entries, generation=3):
    """*raw* with managedFields of (manager, operation, moment)."""
    fields = [{"manager": who, "operation": how, "time": at(when)} for who, how, when in entries]
    metadata = {**raw["metadata"], "managedFields": fields, "generation": generation}
    return KubeObject({**raw, "metadata": metadata})


def told(observation=QUIET, lost_at=NOW, **known):
    named = {getattr(facts, name).name: Known(value) for name, value in known.items()}
    return [line.seen for line in timeline(Facts(named), observation, lost_at)]


def test_who_wrote_what_is_told_in_its_order():
    monitor = written(
        a_service_monitor("web", "shop"),
        ("argocd", "Apply", before(minutes=3)),
        ("kubectl-edit", "Update", before(hours=2)),
    )
    workload = written(a_stateful_set(), ("PrometheusOperator", "Update", before(minutes=2)))

    assert told(MONITOR=monitor, STATEFUL_SETS=(workload,)) == [
        "kubectl-edit wrote ServiceMonitor shop/web by Update",
        "argocd wrote ServiceMonitor shop/web by Apply, now generation 3",
        "PrometheusOperator wrote StatefulSet monitoring/prometheus-k8s by Update, now generation 3",
    ]


def test_each_line_says_where_to_see_it_and_when_it_was():
    monitor = written(a_service_monitor("web", "shop"), ("argocd", "Apply", before(minutes=3)))

    (line,) = timeline(Facts({"monitor": Known(monitor)}), QUIET, NOW)

    assert line.where == "kubectl -n shop get servicemonitor web -o yaml --show-managed-fields"
    assert line.at == before(minutes=3)


def test_what_was_long_before_or_after_the_loss_is_left_out():
    monitor = written(
        a_service_monitor("web", "shop"),
        ("early", "Update", before(days=2)),
        ("late", "Update", NOW + timedelta(hours=1)),
    )

    assert told(MONITOR=monitor) == []


def test_a_change_of_status_alone_is_none():
    raw = a_prometheus_resource()
    raw["metadata"]["managedFields"] = [
        {"manager": "operator", "subresource": "status", "time": at(before(minutes=1))}
    ]

    assert told(PROMETHEUS=KubeObject(raw)) == []


def test_restarts_revisions_and_events_are_told():
    revision = an_object(
        "ControllerRevision",
        "prometheus-k8s-abc",
        "monitoring",
        "apps/v1",
        revision=4,
        metadata={"creationTimestamp": at(before(minutes=5))},
    )
    event = an_object(
        "Event",
        "e",
        "monitoring",
        reason="Killing",
        message="Stopping container\nprometheus",
        lastTimestamp=at(before(minutes=4)),
        involvedObject={"kind": "Pod", "name": "prometheus-k8s-0"},
    )
    server = a_server(started_at=before(minutes=3), loaded_at=before(minutes=1))

    assert told(
        an_observation(server), REVISIONS=(KubeObject(revision),), POD_EVENTS=(KubeObject(event),)
    ) == [
        "revision 4 of its pods was made (monitoring/prometheus-k8s-abc)",
        "event Killing about Pod prometheus-k8s-0: Stopping container prometheus",
        "Prometheus prometheus-k8s-0 started",
        "Prometheus prometheus-k8s-0 loaded its configuration",
    ]


def test_only_the_last_changes_are_told():
    entries = [(f"m{n}", "Update", before(minutes=n)) for n in range(1, 20)]
    monitor = written(a_service_monitor("web", "shop"), *entries)

    found = told(MONITOR=monitor)

    assert len(found) == AT_MOST
    assert found[-1].startswith("m1 ")


def test_what_could_not_be_read_and_fields_of_wrong_types_add_nothing():
    broken = KubeObject({"kind": "ServiceMonitor", "metadata": {"managedFields": "x"}})
    lacking = Facts({"monitor": Known(broken), "revisions": Unavailable("no right")})

    assert timeline(lacking, QUIET, NOW) == ()


def test_an_event_shows_no_password_and_half_of_none():
    url = "http://anna:hu@sh" + "x" * 400 + "@proxy:3128"
    event = an_object(
        "Event",
        "web.1",
        "shop",
        involvedObject={"kind": "ServiceMonitor", "name": "web"},
        reason="InvalidConfiguration",
        message=f"proxy {url} is bad",
        lastTimestamp=at(before(minutes=5)),
    )

    (line,) = told(MONITOR_EVENTS=(KubeObject(event),))

    assert line.endswith("proxy http://proxy:3128 is bad")
