"""The local API server: writes, patches, revisions, watches, logs and the pod proxy."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import requests
from kubernetes import client, config, watch

from tests.kube_api import KubeApi
from tests.patience import PATIENCE

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONITOR = "/apis/monitoring.coreos.com/v1/namespaces/shop/servicemonitors/web"


@pytest.fixture
def api() -> Iterator[KubeApi]:
    with KubeApi() as running:
        yield running


@pytest.fixture
def core(api: KubeApi, tmp_path: Path) -> Iterator[client.CoreV1Api]:
    file = api.kubeconfig(tmp_path / "kubeconfig")
    with config.new_client_from_config(str(file)) as opened:
        yield client.CoreV1Api(opened)


def monitor(**spec: Any) -> dict[str, Any]:
    meta = {"name": "web", "namespace": "shop"}
    return {"kind": "ServiceMonitor", "metadata": meta, "spec": spec}


def stateful_set(*mounts: str) -> dict[str, Any]:
    volumes = [{"name": mount, "mountPath": f"/{mount}"} for mount in mounts]
    containers = [{"name": "prometheus", "volumeMounts": volumes}]
    template = {"metadata": {"labels": {"app": "p"}}, "spec": {"containers": containers}}
    return {
        "kind": "StatefulSet",
        "metadata": {"name": "prometheus-k8s", "namespace": "monitoring"},
        "spec": {"template": template},
    }


def pod(*containers: str) -> dict[str, Any]:
    spec = {"containers": [{"name": name} for name in containers]}
    return {"kind": "Pod", "metadata": {"name": "p-0", "namespace": "shop"}, "spec": spec}


def patch(api: KubeApi, kind: str, body: Any) -> requests.Response:
    headers = {"Content-Type": f"application/{kind}+json"}
    return requests.patch(api.url + MONITOR, json.dumps(body), headers=headers, timeout=PATIENCE)


def test_a_write_counts_versions_and_generations_and_no_change_is_no_write(api):
    first = api.apply(monitor(endpoints=[]))
    same = api.apply(monitor(endpoints=[]))
    second = api.apply(monitor(endpoints=[{"port": "web"}]))

    assert same == first
    assert first["metadata"]["generation"] == 1
    assert second["metadata"]["generation"] == 2
    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])
    assert second["metadata"]["uid"] == first["metadata"]["uid"]


def test_a_json_patch_whose_test_holds_is_applied(api):
    api.apply(monitor(endpoints=[{"port": "web"}]))

    answer = patch(
        api,
        "json-patch",
        [
            {"op": "test", "path": "/spec/endpoints/0/port", "value": "web"},
            {"op": "replace", "path": "/spec/endpoints/0/port", "value": "metrics"},
            {"op": "add", "path": "/spec/endpoints/-", "value": {"port": "more"}},
        ],
    )

    assert answer.status_code == 200
    assert answer.json()["spec"]["endpoints"] == [{"port": "metrics"}, {"port": "more"}]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/spec/endpoints/0/port", "value": "other"},
        {"op": "remove", "path": "/spec/absent"},
        {"op": "add", "path": "/spec/absent/key", "value": 1},
        {"op": "replace", "path": "/spec/endpoints/7", "value": 1},
    ],
)
def test_a_json_patch_that_does_not_apply_changes_nothing(api, operation):
    before = api.apply(monitor(endpoints=[{"port": "web"}]))

    answer = patch(api, "json-patch", [{"op": "add", "path": "/spec/x", "value": 1}, operation])

    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid")
    assert api.get("ServiceMonitor", "shop", "web") == before


def test_a_merge_patch_replaces_lists_and_removes_nulls(api):
    api.apply(monitor(endpoints=[{"port": "web"}], jobLabel="app"))

    patch(api, "merge-patch", {"spec": {"endpoints": [], "jobLabel": None}})

    assert api.get("ServiceMonitor", "shop", "web")["spec"] == {"endpoints": []}


def test_kinds_of_patch_that_are_not_served_are_refused(api):
    api.apply(monitor())

    assert patch(api, "strategic-merge-patch", {}).status_code == 415


def test_a_write_on_an_old_version_conflicts(api):
    old = api.apply(monitor(endpoints=[]))
    api.apply(monitor(endpoints=[{"port": "web"}]))

    answer = requests.put(api.url + MONITOR, json=old, timeout=PATIENCE)

    assert (answer.status_code, answer.json()["reason"]) == (409, "Conflict")


def test_when_a_definition_goes_its_objects_go_and_its_path_is_unknown(api):
    api.apply(monitor())

    api.delete("CustomResourceDefinition", None, "servicemonitors.monitoring.coreos.com")

    assert requests.get(api.url + MONITOR, timeout=PATIENCE).text == "404 page not found\n"
    assert api.objects("ServiceMonitor") == []


def test_a_template_seen_before_takes_its_old_revision_again():
    moments = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 29)]
    with KubeApi(clock=lambda: moments.pop(0)) as api:
        first = api.apply(stateful_set())["status"]["updateRevision"]
        patched = api.apply(stateful_set("tls"))["status"]["updateRevision"]
        born = api.get("ControllerRevision", "monitoring", first)["metadata"]["creationTimestamp"]

        reverted = api.apply(stateful_set())["status"]["updateRevision"]

        revisions = {r["metadata"]["name"]: r for r in api.objects("ControllerRevision")}
        assert reverted == first != patched
        assert {n: r["revision"] for n, r in revisions.items()} == {first: 3, patched: 2}
        assert revisions[first]["metadata"]["creationTimestamp"] == born
        owner = revisions[first]["metadata"]["ownerReferences"][0]
        assert (owner["kind"], owner["name"]) == ("StatefulSet", "prometheus-k8s")


def test_a_revision_is_named_as_a_real_cluster_named_it(api):
    container = {
        "image": "nginx",
        "imagePullPolicy": "Always",
        "name": "nginx",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    spec = {
        "containers": [container],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    meta = {"creationTimestamp": None, "labels": {"app": "nginx-sts"}}
    given = stateful_set() | {"metadata": {"name": "nginx-sts"}}
    given["spec"] = {"template": {"metadata": meta, "spec": spec}}

    applied = api.apply(given)

    assert applied["status"]["updateRevision"] == "nginx-sts-6798d68dcd"
    revision = api.get("ControllerRevision", "default", "nginx-sts-6798d68dcd")
    assert revision["metadata"]["labels"] == {
        "app": "nginx-sts",
        "controller.kubernetes.io/hash": "6798d68dcd",
    }


def test_the_revisions_of_a_deleted_stateful_set_go_with_it(api):
    api.apply(stateful_set())

    api.delete("StatefulSet", "monitoring", "prometheus-k8s")

    assert api.objects("ControllerRevision") == []


def test_no_more_revisions_are_kept_than_the_limit(api):
    for number in range(14):
        api.apply(stateful_set(f"m{number}"))

    kept = sorted(r["revision"] for r in api.objects("ControllerRevision"))
    assert kept == list(range(4, 15))


def test_an_event_shows_under_both_groups(api):
    involved = {"kind": "ServiceMonitor", "name": "web", "namespace": "shop"}
    api.apply(
        {
            "kind": "Event",
            "apiVersion": "events.k8s.io/v1",
            "metadata": {"name": "web.1", "namespace": "shop"},
            "reason": "InvalidConfiguration",
            "note": "rejected",
            "regarding": involved,
        }
    )

    query = {"fieldSelector": "involvedObject.name=web"}
    old = requests.get(f"{api.url}/api/v1/events", query, timeout=PATIENCE).json()["items"][0]
    new = requests.get(f"{api.url}/apis/events.k8s.io/v1/events", timeout=PATIENCE).json()["items"][
        0
    ]
    assert (old["message"], old["involvedObject"]) == ("rejected", involved)
    assert (new["note"], new["eventTime"]) == ("rejected", None)


def test_a_watch_tells_what_happens_after_the_list(api, core):
    version = core.list_namespaced_config_map("shop").metadata.resource_version
    settings = {"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}}
    api.apply(settings)
    api.apply({**settings, "data": {"a": "b"}})
    api.apply({"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "elsewhere"}})
    api.delete("ConfigMap", "shop", "c")

    seen = watch.Watch().stream(
        core.list_namespaced_config_map, "shop", resource_version=version, timeout_seconds=1
    )

    assert [event["type"] for event in seen] == ["ADDED", "MODIFIED", "DELETED"]


def test_writers_side_by_side_lose_nothing_and_a_watch_sees_all_in_order(api, core):
    version = core.list_config_map_for_all_namespaces().metadata.resource_version

    def write(namespace: str) -> None:
        for number in range(50):
            api.apply(
                {"kind": "ConfigMap", "metadata": {"name": f"{number}", "namespace": namespace}}
            )

    writers = [threading.Thread(target=write, args=(f"n{number}",)) for number in range(4)]
    for writer in writers:
        writer.start()
    seen = watch.Watch().stream(
        core.list_config_map_for_all_namespaces,
        resource_version=version,
        timeout_seconds=int(PATIENCE),
    )
    versions = [int(e["object"].metadata.resource_version) for e in islice(seen, 200)]
    for writer in writers:
        writer.join()

    assert len(set(versions)) == 200
    assert versions == sorted(versions)


def test_a_watch_shows_an_object_that_leaves_the_selector_as_deleted(api, core):
    version = core.list_namespace().metadata.resource_version
    for team in ("a", "b"):
        api.apply({"kind": "Namespace", "metadata": {"name": "shop", "labels": {"team": team}}})

    seen = watch.Watch().stream(
        core.list_namespace, label_selector="team=a", resource_version=version, timeout_seconds=1
    )

    assert [event["type"] for event in seen] == ["ADDED", "DELETED"]


def test_a_watch_from_a_forgotten_version_ends_with_gone(api, core):
    version = core.list_namespace().metadata.resource_version
    api.apply({"kind": "Namespace", "metadata": {"name": "shop"}})
    api.compact()

    with pytest.raises(client.ApiException) as raised:
        list(watch.Watch().stream(core.list_namespace, resource_version=version))

    assert raised.value.status == 410


def test_a_streaming_list_ends_with_its_bookmark(api):
    query = {
        "watch": "true",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "1",
    }

    lines = requests.get(f"{api.url}/api/v1/namespaces", query, timeout=PATIENCE).text.splitlines()

    told = [json.loads(line) for line in lines]
    assert [each["type"] for each in told] == ["ADDED", "ADDED", "BOOKMARK"]
    assert told[-1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_the_log_is_cut_as_asked():
    with KubeApi(clock=lambda: NOON) as api:
        api.apply(pod("prometheus", "config-reloader"))
        api.logs["shop", "p-0", "prometheus"] = (
            "ts=2026-11-23T11:00:00.5Z msg=old\n"
            "time=2026-11-23T11:59:00Z msg=new\n  and more of it\n"
            '{"ts":"2026-11-23T11:59:30.123456789Z","msg":"newest"}\n'
        )
        path = f"{api.url}/api/v1/namespaces/shop/pods/p-0/log"

        def log(**query: str) -> str:
            return requests.get(path, query, timeout=PATIENCE).text

        assert "choose one of: [prometheus config-reloader]" in log()
        assert log(container="prometheus", sinceSeconds="120").startswith("time=2026")
        assert len(log(container="prometheus", sinceSeconds="120").splitlines()) == 3
        assert "newest" in log(container="prometheus", tailLines="1")
        assert log(container="prometheus", limitBytes="3") == "ts="
        assert log(container="prometheus", tailLines="1", timestamps="true").startswith(
            '2026-11-23T11:59:30.123456000Z {"ts"'
        )
        assert log(container="config-reloader") == ""
        assert "previous terminated container" in log(container="prometheus", previous="true")


class _Pod(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        told = f"{self.path} {self.headers.get('Authorization')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: Any) -> None: ...


def test_the_proxy_forwards_to_the_pod_without_the_callers_token(api):
    api.apply(pod("prometheus"))
    server = HTTPServer(("127.0.0.1", 0), _Pod)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    api.pod_address["shop", "p-0"] = f"127.0.0.1:{server.server_port}"
    path = f"{api.url}/api/v1/namespaces/shop/pods/p-0:9090/proxy"
    headers = {"Authorization": f"Bearer {api.token}"}

    answer = requests.get(f"{path}/api/v1/targets?state=active", headers=headers, timeout=PATIENCE)
    server.shutdown()
    thread.join()
    server.server_close()
    gone = requests.get(f"{path}/x", timeout=PATIENCE)

    assert answer.text == "/api/v1/targets?state=active None"
    assert (gone.status_code, gone.json()["reason"]) == (503, "ServiceUnavailable")
