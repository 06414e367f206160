"""Lists that are kept up to date by what changed in them, over real HTTP."""

import logging

import pytest

from tests.builders import NOW
from tests.kube_api import KubeApi as Cluster
from tests.kube_objects import (
    a_namespace,
    a_pod,
    a_prometheus_pod,
    a_prometheus_resource,
    a_service,
    a_service_monitor,
    a_stateful_set,
    an_operator,
    connected,
)
from watcher.adapters.kubernetes.api import ManagedFields, Which
from watcher.adapters.kubernetes.cluster import ClusterSource
from watcher.adapters.kubernetes.followed_lists import FollowedLists
from watcher.adapters.kubernetes.resources import DEPLOYMENTS, MONITORS, PODS, SERVICES
from watcher.errors import SourceUnavailable
from watcher.model.names import MonitorKind
from watcher.operator.deployments import runs_operator
from watcher.settings import Settings

MONITOR_LIST = (MONITORS[MonitorKind.SERVICE_MONITOR], "", Which(managed_fields=ManagedFields.WHO))
SERVICE_LIST = (SERVICES, "", Which(parts=()))
LABELLED = (PODS, "", Which(labels="app=web"))
OF_ONE_NAMESPACE = (PODS, "shop", Which())
OPERATORS = (DEPLOYMENTS, "", Which(keeps=runs_operator))
LISTS = (MONITOR_LIST, SERVICE_LIST, LABELLED, OF_ONE_NAMESPACE, OPERATORS)
USER = "system:serviceaccount:monitoring:watcher"


@pytest.fixture
def cluster():
    with Cluster() as api:
        for name in ("monitoring", "shop"):
            api.apply(a_namespace(name))
        api.apply(a_service_monitor("web", "shop"))
        api.apply(a_service("web", "shop"))
        api.apply(a_pod("web-0", "shop", labels={"app": "web"}, ip="10.0.0.1"))
        api.apply(a_pod("web-1", "shop", labels={"app": "web"}, ip="10.0.0.2"))
        api.apply(an_operator())
        yield api


@pytest.fixture
def lists(cluster, tmp_path):
    followed = FollowedLists(connected(cluster, tmp_path))
    for key in LISTS:
        followed.list(*key)
    cluster.forget_requests()
    return followed


def contents(found):
    return sorted(
        (each.kind, each.raw["metadata"].get("namespace"), each.name, _told(each)) for each in found
    )


def _told(resource):
    return str({k: v for k, v in sorted(resource.raw.items()) if k != "metadata"})


def asked(cluster):
    return [request.path for request in cluster.requests]


def change_everything(cluster):
    cluster.apply(a_service_monitor("web", "shop", endpoints=[{"port": "other"}]))
    cluster.apply(a_service_monitor("new", "shop"))
    cluster.delete("Service", "shop", "web")
    cluster.apply(a_service("api", "shop"))
    cluster.apply(a_pod("web-0", "shop", labels={"app": "other"}, ip="10.0.0.1"))  # leaves it
    cluster.apply(a_pod("web-1", "shop", labels={"app": "web"}, ip="10.0.0.9"))
    cluster.apply(a_pod("web-2", "monitoring", labels={"app": "web"}, ip="10.0.0.3"))
    cluster.apply(an_operator(image="example.org/something:1"))


class TestFollowing:
    def test_every_kind_of_list_is_what_a_fresh_one_would_be(self, cluster, lists, tmp_path):
        change_everything(cluster)

        changed = lists.catch_up()

        fresh = connected(cluster, tmp_path)
        assert changed
        for key in LISTS:
            assert contents(lists.list(*key)) == contents(fresh.list(*key)), key

    def test_what_did_not_change_is_asked_for_and_not_listed(self, cluster, lists):
        assert not lists.catch_up()
        assert len(cluster.requests) == len(LISTS)
        assert all(request.query["watch"] == "true" for request in cluster.requests)

    def test_a_write_that_says_nothing_new_is_no_change(self, cluster, lists):
        cluster.apply(a_service_monitor("web", "shop"))

        assert not lists.catch_up()

    def test_a_list_that_is_too_old_to_follow_is_read_whole(self, cluster, lists):
        change_everything(cluster)
        cluster.compact()

        assert lists.catch_up()
        assert "new" in [each.name for each in lists.list(*MONITOR_LIST)]

    def test_one_that_cannot_be_read_is_unknown_until_it_can_again(self, cluster, lists):
        cluster.fail("*/services*", status=500)
        first, second = lists.catch_up(), lists.catch_up()
        with pytest.raises(SourceUnavailable, match="500"):
            lists.list(*SERVICE_LIST)
        others = lists.list(*MONITOR_LIST)
        cluster.heal()

        assert (first, second) == (True, False)
        assert [each.name for each in others] == ["web"]
        assert lists.catch_up()
        assert [each.name for each in lists.list(*SERVICE_LIST)] == ["web"]

    def test_one_that_never_could_be_read_is_asked_for_again(self, cluster, tmp_path):
        lists = FollowedLists(connected(cluster, tmp_path))
        cluster.fail("*/services*", status=500)
        with pytest.raises(SourceUnavailable):
            lists.list(*SERVICE_LIST)
        cluster.heal()

        assert lists.catch_up()
        assert [each.name for each in lists.list(*SERVICE_LIST)] == ["web"]

    def test_without_the_right_to_watch_a_list_stays_as_it_is_and_says_so_once(
        self, cluster, tmp_path, caplog
    ):
        cluster.allow(USER, "list")
        token = cluster.token_for("monitoring", "watcher")
        lists = FollowedLists(connected(cluster, tmp_path, token=token))
        lists.list(*SERVICE_LIST)
        cluster.apply(a_service("api", "shop"))

        with caplog.at_level(logging.WARNING):
            changed = (lists.catch_up(), lists.catch_up())
        before = lists.list(*SERVICE_LIST)
        lists.forget()

        assert changed == (False, False)
        assert [each.name for each in before] == ["web"]
        assert [each.name for each in lists.list(*SERVICE_LIST)] == ["api", "web"]
        [warning] = caplog.records
        assert warning.message.startswith("no right to watch services in all namespaces: ")


class TestExpectations:
    """What is expected, and where servers are, follows the cluster without a snapshot."""

    @pytest.fixture
    def source(self, cluster, tmp_path):
        cluster.apply(a_prometheus_resource())
        cluster.apply(a_stateful_set())
        cluster.apply(a_prometheus_pod(ip="10.0.0.5"))
        found = ClusterSource(connected(cluster, tmp_path), Settings())
        found.snapshot(NOW)
        found.mounts(NOW)
        found.changed(NOW)
        return found

    def test_nothing_new_is_nothing(self, source):
        assert source.changed(NOW) is None

    def test_a_change_that_somebody_elses_snapshot_has_seen_is_not_lost(self, cluster, source):
        cluster.apply(a_prometheus_pod(ip="10.0.0.77"))
        source.snapshot(NOW)

        found = source.changed(NOW)

        assert "10.0.0.77" in found.prometheuses[0].servers[0].url

    def test_a_pod_that_came_back_has_its_new_address(self, cluster, source):
        cluster.apply(a_prometheus_pod(ip="10.0.0.77"))

        found = source.changed(NOW)

        assert [server.url for server in found.prometheuses[0].servers] == ["http://10.0.0.77:9090"]

    def test_a_monitor_that_was_made_or_deleted_is_expected_or_not(self, cluster, source):
        cluster.apply(a_service_monitor("new", "shop"))
        cluster.delete("ServiceMonitor", "shop", "web")

        found = source.changed(NOW)

        assert [job.pool for job in found.jobs] == ["serviceMonitor/shop/new/0"]

    def test_a_mount_made_by_hand_is_seen(self, cluster, source):
        cluster.apply(a_stateful_set(mounts=[("/etc/ssl/private", "kubelet-tls")]))

        assert source.changed(NOW) is not None
        assert "/etc/ssl/private" in str(source.mounts(NOW))

    def test_an_api_server_that_cannot_be_read_any_more_is_told_as_in_a_snapshot(
        self, cluster, source
    ):
        cluster.fail("*", status=503)

        with pytest.raises(SourceUnavailable, match="503"):
            source.changed(NOW)

        assert source.changed(NOW) is None
        cluster.heal()
        assert len(source.changed(NOW).jobs) == 1

    def test_the_address_of_a_server_is_read_again_when_it_is_asked_for(self, cluster, source):
        [prometheus] = source.snapshot(NOW).prometheuses
        [server] = prometheus.servers
        cluster.apply(a_prometheus_pod(ip="10.0.0.77"))
        moved = source.address_of(prometheus, server)
        cluster.delete("Pod", "monitoring", "prometheus-k8s-0")

        assert moved == "http://10.0.0.77:9090"
        assert source.address_of(prometheus, server) is None
