"""The reader of the Kubernetes API, over real HTTP."""

import contextlib
import json
import socket
import threading
import tracemalloc
from datetime import UTC, datetime

import pytest
import requests

from tests.kube_api import KubeApi as Cluster
from tests.patience import LONG, PATIENCE
from watcher.adapters.kubernetes.api import ManagedFields, NoSuchResource, Which, connect
from watcher.adapters.kubernetes.resources import (
    MONITORS,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
)
from watcher.errors import ConfigError, SourceUnavailable
from watcher.model.names import MonitorKind
from watcher.settings import KubernetesSettings

SERVICE_MONITORS = MONITORS[MonitorKind.SERVICE_MONITOR]


@pytest.fixture
def cluster():
    with Cluster() as api:
        yield api


@pytest.fixture
def api(cluster, tmp_path):
    return connected(cluster, tmp_path)


def connected(cluster, tmp_path, *, token=None, timeout=LONG):
    path = cluster.kubeconfig(tmp_path / "kubeconfig", token=token)
    found = connect(KubernetesSettings(kubeconfig=path, timeout=timeout))
    assert found is not None
    return found


def connect_to(url, tmp_path, *, timeout=LONG):
    path = tmp_path / "kubeconfig"
    path.write_text(
        "current-context: c\n"
        "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
        f"clusters: [{{name: c, cluster: {{server: {url}}}}}]\n"
        "users: [{name: u, user: {token: t}}]\n"
    )
    found = connect(KubernetesSettings(kubeconfig=path, timeout=timeout))
    assert found is not None
    return found


class Drip(threading.Thread):
    """Answers one byte every fiftieth of a second, for ever."""

    def __init__(self, listening):
        super().__init__(daemon=True)
        self._listening = listening
        self._stopped = threading.Event()

    def run(self):
        connection, _ = self._listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{")
            with contextlib.suppress(OSError):
                while not self._stopped.wait(0.02):
                    connection.sendall(b" ")

    def stop(self):
        self._stopped.set()
        self.join()


def a_service(name="web", namespace="default", **spec):
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def a_service_monitor(name="web", namespace="default"):
    return {
        "kind": "ServiceMonitor",
        "apiVersion": "monitoring.coreos.com/v1",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {}, "endpoints": [{"port": "http"}]},
    }


def a_pod(name="web-0", namespace="default", container="web"):
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": container}]},
    }


def page(names, following=""):
    items = ",".join(f'{{"metadata":{{"name":"{name}"}}}}' for name in names)
    return f'{{"kind":"ServiceList","metadata":{{"continue":"{following}"}},"items":[{items}]}}'.encode()


class Pager:
    """Answers of a server that pages even out of its cache, as none does before 1.34."""

    def __init__(self, cluster):
        self.cluster = cluster

    def say(self, *answers):
        for body in reversed(answers):
            how = {"status": body} if isinstance(body, int) else {"body": body}
            self.cluster.fail("/api/v1/services", times=1, **how)


def names(objects):
    return [found.name for found in objects]


def test_objects_of_a_list_have_the_kind_that_the_list_leaves_out(cluster, api):
    cluster.apply(a_service())

    (found,) = api.list(SERVICES)

    assert (found.kind, found.raw["apiVersion"], found.full_name) == (
        "Service",
        "v1",
        "default/web",
    )


def test_a_list_of_one_namespace_holds_nothing_of_another(cluster, api):
    cluster.apply(a_service("here", "default"))
    cluster.apply(a_service("there", "kube-system"))

    assert names(api.list(SERVICES, "kube-system")) == ["there"]


def test_a_list_is_asked_of_the_cache_and_in_pages(cluster, api):
    api.list(SERVICES)

    assert cluster.requests[-1].query == {"limit": "500", "resourceVersion": "0"}


def test_selectors_narrow_a_list(cluster, api):
    cluster.apply(a_pod("one"))
    cluster.apply(a_pod("two"))

    assert names(api.list(PODS, which=Which(fields="metadata.name=two"))) == ["two"]


def test_pages_are_put_together(cluster, api):
    Pager(cluster).say(page(["a", "b"], "next"), page(["c"]))

    assert names(api.list(SERVICES)) == ["a", "b", "c"]
    assert cluster.requests[-1].query == {"limit": "500", "continue": "next"}


def test_a_list_that_expires_between_pages_is_begun_anew(cluster, api):
    Pager(cluster).say(page(["old"], "next"), 410, page(["a"], "next"), page(["b"]))

    assert names(api.list(SERVICES)) == ["a", "b"]


def test_a_list_that_keeps_expiring_is_given_up_and_never_given_by_half(cluster, api):
    Pager(cluster).say(*[page(["a"], "next"), 410] * 3)

    with pytest.raises(SourceUnavailable, match="expired between its pages 3 times"):
        api.list(SERVICES)


def test_a_failure_on_the_second_page_fails_the_list(cluster, api):
    Pager(cluster).say(page(["a"], "next"), 500)

    with pytest.raises(SourceUnavailable, match="answered 500"):
        api.list(SERVICES)


def test_pages_that_go_in_a_circle_end_in_an_error(cluster, api):
    Pager(cluster).say(page(["a"], "next"), page(["b"], "next"))

    with pytest.raises(SourceUnavailable, match="expected an end of the list"):
        api.list(SERVICES)


def test_a_null_list_of_items_is_an_empty_list(cluster, api):
    Pager(cluster).say(b'{"kind":"ServiceList","metadata":{},"items":null}')

    assert api.list(SERVICES) == ()


@pytest.mark.parametrize(
    "body",
    [
        b'{"items":[]}',
        b'{"kind":"List","metadata":null,"items":[]}',
        page([]).replace(b'""', b"null"),
    ],
)
def test_what_a_list_may_leave_out_makes_it_no_other(cluster, api, body):
    Pager(cluster).say(body)

    assert api.list(SERVICES) == ()


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b'{"kind":"ServiceList"}',
        b'{"kind":"Status","items":[]}',
        b"[]",
        b"\xff",
        b"",
    ],
)
def test_json_that_is_no_list_is_never_taken_for_an_empty_one(cluster, api, body):
    Pager(cluster).say(body)

    with pytest.raises(SourceUnavailable, match=r"expected a list of services"):
        api.list(SERVICES)


def test_html_is_told_by_its_words_in_one_line(cluster, api):
    cluster.fail("/api/v1/services", html=True)

    with pytest.raises(SourceUnavailable, match="Bad Gateway") as caught:
        api.list(SERVICES)
    assert "\n" not in caught.value.reason
    assert len(caught.value.reason) < 500


def test_half_a_json_is_no_list(cluster, api):
    cluster.apply(a_service())
    cluster.fail("/api/v1/services", half_json=True)

    with pytest.raises(SourceUnavailable, match="expected a list of services"):
        api.list(SERVICES)


def test_what_is_forbidden_names_the_right_that_lacks(cluster, tmp_path):
    token = cluster.token_for("monitoring", "watcher")
    api = connected(cluster, tmp_path, token=token)

    with pytest.raises(SourceUnavailable) as everywhere:
        api.list(SERVICE_MONITORS)
    with pytest.raises(SourceUnavailable) as one:
        api.list(SERVICE_MONITORS, "x")
    with pytest.raises(SourceUnavailable) as unscoped:
        api.list(NODES)
    with pytest.raises(SourceUnavailable) as single:
        api.get(SECRETS, "x", "name")

    right = "list servicemonitors.monitoring.coreos.com"
    assert everywhere.value.permission == f"{right} in all namespaces"
    assert one.value.permission == f"{right} in namespace x"
    assert unscoped.value.permission == "list nodes"
    assert single.value.permission == "get secrets in namespace x"


def test_a_token_that_is_not_accepted_says_to_renew_it(cluster, tmp_path):
    api = connected(cluster, tmp_path, token="of-another-cluster")

    with pytest.raises(SourceUnavailable, match="renew the token") as caught:
        api.list(SERVICES)
    assert caught.value.permission is None


def test_an_error_of_the_server_is_told_in_its_own_words(cluster, api):
    cluster.fail("/api/v1/services", status=500)

    with pytest.raises(
        SourceUnavailable, match="answered 500: Internal error occurred: etcdserver"
    ):
        api.list(SERVICES)


def test_a_redirect_is_not_followed_to_a_login_page(cluster, api):
    cluster.fail("/api/v1/services", status=302, html=True)

    with pytest.raises(SourceUnavailable, match="answered 302"):
        api.list(SERVICES)


def test_a_connection_closed_without_an_answer_is_unavailable(cluster, api):
    cluster.fail("/api/v1/services", drop=True)

    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        api.list(SERVICES)


def test_nothing_listening_is_unavailable(tmp_path):
    cluster = Cluster()
    cluster.start()
    api = connected(cluster, tmp_path)
    cluster.stop()

    with pytest.raises(SourceUnavailable, match=r"cannot be reached: .*refused"):
        api.list(SERVICES)


def test_a_server_that_does_not_answer_in_time_is_unavailable(cluster, tmp_path):
    api = connected(cluster, tmp_path, timeout="200ms")
    cluster.fail("/api/v1/services", hang=2)

    with pytest.raises(SourceUnavailable, match=r"did not answer in full within 0.2 s"):
        api.list(SERVICES)


def test_an_answer_that_drips_in_for_ever_is_given_up_in_time(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        api = connect_to(
            f"http://127.0.0.1:{listening.getsockname()[1]}", tmp_path, timeout="500ms"
        )
        dripping = Drip(listening)
        dripping.start()

        with pytest.raises(SourceUnavailable, match="did not answer in full"):
            api.list(SERVICES)
        dripping.stop()


def test_tls_with_an_unknown_authority_is_unavailable(tmp_path):
    with Cluster(tls=True) as cluster:
        api = connect_to(cluster.url, tmp_path)

        with pytest.raises(SourceUnavailable, match="certificate authority"):
            api.list(SERVICES)


def test_tls_with_the_authority_of_the_kubeconfig_works(tmp_path):
    with Cluster(tls=True) as cluster:
        cluster.apply(a_service())
        api = connected(cluster, tmp_path)

        assert names(api.list(SERVICES)) == ["web"]
        assert names([api.get(NAMESPACES, "", "default")]) == ["default"]


def test_a_kind_that_the_server_does_not_know_is_told_apart_from_no_objects(cluster, api):
    cluster.delete("CustomResourceDefinition", None, SERVICE_MONITORS.qualified)

    with pytest.raises(NoSuchResource, match=r"servicemonitors\.monitoring\.coreos\.com"):
        api.list(SERVICE_MONITORS)
    with pytest.raises(NoSuchResource):
        api.get(SERVICE_MONITORS, "default", "web")


def test_an_object_that_is_not_there_is_none(api):
    assert api.get(SERVICE_MONITORS, "default", "web") is None


@pytest.mark.parametrize(
    ("status", "gone"),
    [
        ({"reason": "NotFound", "message": 'services "web" not found'}, True),
        ({"reason": "NotFound", "details": {"name": "web"}}, True),
        (
            {"reason": "NotFound", "message": "the server could not find the requested resource"},
            False,
        ),
        ({"reason": "NotFound", "message": 'services "other" not found'}, False),
        ({"message": 'services "web" not found'}, False),
    ],
)
def test_an_object_is_gone_only_where_it_is_named_as_not_found(cluster, api, status, gone):
    body = json.dumps({"kind": "Status", "code": 404, **status}).encode()
    cluster.fail("/api/v1/namespaces/default/services/web", status=404, body=body)

    if gone:
        assert api.get(SERVICES, "default", "web") is None
    else:
        with pytest.raises(NoSuchResource):
            api.get(SERVICES, "default", "web")


def test_an_object_without_its_kind_is_of_the_kind_that_was_asked_for(cluster, api):
    cluster.fail("/api/v1/namespaces/default/services/web", status=200, body=b'{"metadata":{}}')

    assert api.get(SERVICES, "default", "web").kind == "Service"


def test_an_object_of_another_kind_is_no_answer(cluster, api):
    cluster.fail("/api/v1/namespaces/default/services/web", status=200, body=b'{"kind":"Pod"}')

    with pytest.raises(SourceUnavailable, match="expected one of services"):
        api.get(SERVICES, "default", "web")


def test_one_object_is_read_with_its_managed_fields(cluster, api):
    monitor = a_service_monitor()
    monitor["metadata"]["managedFields"] = [
        {"manager": "kubectl-patch", "fieldsV1": {"f:spec": {}}}
    ]
    cluster.apply(monitor)

    found = api.get(SERVICE_MONITORS, "default", "web")

    assert found.raw["metadata"]["managedFields"] == monitor["metadata"]["managedFields"]


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (ManagedFields.NONE, None),
        (ManagedFields.WHO, [{"manager": "kubectl-patch"}]),
        (ManagedFields.ALL, [{"manager": "kubectl-patch", "fieldsV1": {"f:spec": {}}}]),
    ],
)
def test_lists_keep_as_much_of_the_managed_fields_as_is_wanted(cluster, api, kept, expected):
    stateful_set = {
        "kind": "StatefulSet",
        "apiVersion": "apps/v1",
        "metadata": {
            "name": "x",
            "namespace": "default",
            "managedFields": [{"manager": "kubectl-patch", "fieldsV1": {"f:spec": {}}}],
        },
        "spec": {},
    }
    cluster.apply(stateful_set)

    (found,) = api.list(STATEFUL_SETS, which=Which(managed_fields=kept))

    assert found.raw["metadata"].get("managedFields") == expected


def test_a_pod_log_is_cut_by_time_and_bytes(cluster, api):
    cluster.apply(a_pod())
    early, late = "ts=2026-01-01T00:00:00Z msg=early\n", "ts=2026-01-02T00:00:00Z msg=late\n"
    cluster.logs["default", "web-0", "web"] = early + late
    cluster.previous_logs["default", "web-0", "web"] = "ts=2025-12-31T00:00:00Z msg=before\n"
    since = datetime(2026, 1, 1, 12, tzinfo=UTC)

    assert api.log("default", "web-0", "web") == early + late
    assert api.log("default", "web-0", "web", since=since) == late
    assert api.log("default", "web-0", "web", limit_bytes=10) == early[:10]
    assert "before" in api.log("default", "web-0", "web", previous=True)


def test_a_log_without_the_right_names_it(cluster, tmp_path):
    cluster.apply(a_pod())
    api = connected(cluster, tmp_path, token=cluster.token_for("monitoring", "watcher"))

    with pytest.raises(SourceUnavailable) as caught:
        api.log("default", "web-0", "web")
    assert caught.value.permission == "get pods/log in namespace default"


def test_an_access_review_asks_for_the_service_account_with_its_groups(cluster, api):
    cluster.allow("system:serviceaccount:monitoring:prometheus-k8s", "list", "", "services", "shop")
    account = ("monitoring", "prometheus-k8s")

    allowed = api.may(account, "list", SERVICES, "shop")
    denied = api.may(account, "list", SERVICES, "")

    assert allowed.allowed
    assert not denied.allowed
    assert (allowed.user, allowed.verb, allowed.resource, allowed.namespace) == (
        "system:serviceaccount:monitoring:prometheus-k8s",
        "list",
        "services",
        "shop",
    )


def test_an_access_review_without_the_right_names_it(cluster, tmp_path):
    api = connected(cluster, tmp_path, token=cluster.token_for("monitoring", "watcher"))

    with pytest.raises(SourceUnavailable) as caught:
        api.may(("monitoring", "prometheus-k8s"), "list", SERVICES, "shop")
    assert caught.value.permission == "create subjectaccessreviews.authorization.k8s.io"


def test_a_pod_is_reached_through_the_api_server_with_its_credentials(tmp_path):
    with Cluster() as pod, Cluster(tls=True, check_tokens=True) as cluster:
        cluster.apply(a_pod("prometheus-k8s-0", "monitoring"))
        cluster.pod_address["monitoring", "prometheus-k8s-0"] = pod.url.removeprefix("http://")
        api = connected(cluster, tmp_path)
        url = api.proxy_url("monitoring", "prometheus-k8s-0", 9090)

        with api.proxy_session() as session:
            answer = session.get(f"{url}/version", timeout=PATIENCE)

        assert url == f"{cluster.url}/api/v1/namespaces/monitoring/pods/prometheus-k8s-0:9090/proxy"
        assert answer.status_code == requests.codes.ok
        assert [request.path for request in pod.requests] == ["/version"]


def test_a_pod_that_speaks_tls_is_named_so_in_its_proxy_url(api):
    url = api.proxy_url("monitoring", "prometheus-k8s-0", 9090, "https")

    assert url.endswith("/pods/https:prometheus-k8s-0:9090/proxy")


def test_five_thousand_monitors_take_little_more_memory_than_they_are_long(cluster, api):
    for number in range(5000):
        cluster.apply(a_service_monitor(f"monitor-{number}"))

    tracemalloc.start()
    found = api.list(SERVICE_MONITORS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(found) == 5000
    assert peak < 40_000_000


def test_no_cluster_at_all_is_no_error(monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    assert connect(None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "no such file"),
        ("{a: [", "not valid YAML"),
        ("", "empty"),
        ("a: b", "Expected key current-context"),
        (
            "current-context: x\ncontexts: []\nclusters: []\nusers: []\n",
            "Expected object with name x",
        ),
        ("[]", "fix it"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_named(tmp_path, text, expected):
    path = tmp_path / "kubeconfig"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ConfigError, match=expected) as caught:
        connect(KubernetesSettings(kubeconfig=path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_of_many_objects_only_the_parts_that_are_wanted_are_kept(cluster, api):
    names = {"name": "web", "namespace": "shop", "labels": {"app": "web"}}
    cluster.apply({"kind": "Service", "metadata": names, "spec": {"ports": [{"port": 80}]}})

    [bare] = api.list(SERVICES, "shop", Which(parts=()))
    [ports] = api.list(SERVICES, "shop", Which(parts=("spec", "nothing")))

    assert bare.raw == {"kind": "Service", "apiVersion": "v1", "metadata": names}
    assert ports.raw.keys() == {*bare.raw, "spec"}


@pytest.mark.parametrize("metadata", [None, "text", ["list"], {"name": 3, "labels": "no"}])
def test_an_object_of_another_form_is_given_for_others_to_name(cluster, api, metadata):
    body = {"kind": "ServiceList", "metadata": {}, "items": [{"metadata": metadata, "spec": 1}]}
    cluster.fail("/api/v1/services", body=json.dumps(body).encode())

    [found] = api.list(SERVICES, which=Which(parts=()))

    assert found.raw["metadata"] == metadata


@pytest.mark.parametrize(
    "name", ["../../monitoring/secrets/top", "..", ".", "a/b", "a%2fb", "a?b", "a#b", "a b", "a\nb"]
)
def test_a_name_that_can_be_no_part_of_a_path_is_not_asked_for(cluster, api, name):
    found = api.get(SECRETS, "shop", name)

    assert found is None
    assert cluster.requests == []
    with pytest.raises(SourceUnavailable, match="no name that an object can have"):
        api.list(SECRETS, name)
