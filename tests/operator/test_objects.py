import pytest

from tests.operator.things import prometheus, service_monitor, thing
from watcher.operator.discovery import discovery
from watcher.operator.objects import (
    config_secret,
    object_name,
    pods_of,
    replicas,
    servers,
    shards,
    web,
)


def pods(*names, of="k8s"):
    return tuple(thing("Pod", name, labels={"operator.prometheus.io/name": of}) for name in names)


def named(prometheus_resource, *found):
    return [server.name for server in servers(prometheus_resource, found, lambda pod: pod.name)]


def test_objects_are_named_after_the_prometheus_or_agent():
    agent = prometheus("edge", kind="PrometheusAgent")

    assert object_name(prometheus()) == config_secret(prometheus()) == "prometheus-k8s"
    assert object_name(agent) == "prom-agent-edge"


@pytest.mark.parametrize(("said", "meant"), [(None, 1), (0, 1), (-1, 1), (3, 3)])
def test_shards_below_one_are_one(said, meant):
    assert shards(prometheus(shards=said)) == meant


@pytest.mark.parametrize(("said", "meant"), [(None, 1), (0, 0), (-1, 1), (3, 3)])
def test_no_replicas_is_a_number_too(said, meant):
    assert replicas(prometheus(replicas=said)) == meant


def test_servers_answer_as_the_resource_says():
    plain = web(prometheus())
    special = web(
        prometheus(
            routePrefix="/prom/",
            portName="http",
            listenLocal=True,
            web={"tlsConfig": {"cert": {"secret": {"name": "a", "key": "b"}}}},
        )
    )

    assert (plain.scheme, plain.port, plain.port_name, plain.prefix) == ("http", 9090, "web", "")
    assert (special.scheme, special.port_name, special.prefix) == ("https", "http", "/prom")
    assert special.listen_local


def test_the_pods_of_a_prometheus_that_is_called_like_a_shard_are_not_taken_for_one():
    own, other = pods("prometheus-k8s-0"), pods("prometheus-k8s-shard-1-0", of="k8s-shard-1")

    assert named(prometheus(), *own, *other) == ["prometheus-k8s-0"]
    assert named(prometheus("k8s-shard-1"), *own, *other) == ["prometheus-k8s-shard-1-0"]


def test_pods_of_old_operators_are_known_by_their_one_label():
    old = thing("Pod", "prometheus-k8s-0", labels={"prometheus": "k8s"})
    foreign = thing("Pod", "prometheus-k8s-0", labels={"prometheus": "k8s"}, namespace="shop")

    assert pods_of(prometheus(), (old, foreign)) == (old,)


def test_shards_beyond_those_asked_for_are_retained():
    found = servers(
        prometheus(shards=2),
        pods("prometheus-k8s-0", "prometheus-k8s-shard-1-0", "prometheus-k8s-shard-2-0"),
        lambda pod: pod.name,
    )

    assert [(s.shard, s.retained) for s in found] == [(0, False), (1, False), (2, True)]


def test_pods_of_an_agent_on_every_node_count_as_shards_of_one_replica():
    agent = prometheus("node", kind="PrometheusAgent", mode="DaemonSet")

    found = servers(agent, pods("prom-agent-node-x", "prom-agent-node-b", of="node"), lambda _: "")

    assert [(s.name, s.shard, s.replica, s.retained) for s in found] == [
        ("prom-agent-node-b", 0, 0, False),
        ("prom-agent-node-x", 1, 0, False),
    ]


def test_a_namespace_selector_that_is_not_heeded_is_told():
    asked = service_monitor(spec={"namespaceSelector": {"any": True}})
    own = service_monitor(spec={"namespaceSelector": {"matchNames": ["monitoring"]}})
    deaf = prometheus(ignoreNamespaceSelectors=True)

    assert discovery(asked, prometheus()).namespaces is None
    assert discovery(asked, deaf).namespaces == ("monitoring",)
    assert discovery(asked, deaf).ignored
    assert not discovery(own, deaf).ignored
