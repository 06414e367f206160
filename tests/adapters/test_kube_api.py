"""The local API server, driven by the real Python client and by plain HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from kubernetes import client, config

from tests.kube_api import KubeApi
from tests.patience import PATIENCE


@pytest.fixture
def api() -> Iterator[KubeApi]:
    with KubeApi() as running:
        yield running


@pytest.fixture
def connection(api: KubeApi, tmp_path: Path) -> Iterator[client.ApiClient]:
    with connected(api, tmp_path) as opened:
        yield opened


def connected(api: KubeApi, folder: Path, token: str | None = None) -> client.ApiClient:
    file = api.kubeconfig(folder / "kubeconfig", token)
    opened: client.ApiClient = config.new_client_from_config(str(file))
    return opened


def get(api: KubeApi, path: str, token: str = "", **query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(api.url + path, params=query, headers=headers, timeout=PATIENCE)


def service(name: str, namespace: str = "shop", **labels: str) -> dict[str, Any]:
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"ports": [{"name": "web", "port": 80}]},
    }


def names(answer: requests.Response) -> list[str]:
    return [item["metadata"]["name"] for item in answer.json()["items"]]


def test_the_real_client_reads_what_was_applied(api, connection):
    api.apply(service("web", app="web"))

    listed = client.CoreV1Api(connection).list_namespaced_service("shop").items
    read = client.CoreV1Api(connection).read_namespaced_service("web", "shop")

    assert [each.metadata.name for each in listed] == ["web"]
    assert read.spec.ports[0].protocol == "TCP"
    assert read.metadata.uid
    assert read.metadata.creation_timestamp


def test_an_absent_object_is_told_as_a_real_server_tells_it(api):
    answer = get(api, "/apis/apps/v1/namespaces/shop/statefulsets/web")

    assert answer.status_code == 404
    assert answer.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'statefulsets.apps "web" not found',
        "reason": "NotFound",
        "details": {"name": "web", "group": "apps", "kind": "statefulsets"},
        "code": 404,
    }


def test_an_unknown_group_is_plain_text(api):
    answer = get(api, "/apis/example.com/v1/things")

    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


def test_pages_add_up_to_the_list_that_the_first_was_cut_from(api):
    api.apply_all(service(f"s{number}") for number in range(5))
    first = get(api, "/api/v1/services", limit="2").json()
    api.delete("Service", "shop", "s3")
    rest = get(api, "/api/v1/services", limit="9", **{"continue": first["metadata"]["continue"]})

    assert first["metadata"]["remainingItemCount"] == 3
    assert names(rest) == ["s2", "s3", "s4"]
    assert rest.json()["metadata"] == {"resourceVersion": first["metadata"]["resourceVersion"]}


def test_a_page_of_a_forgotten_list_is_gone_but_may_go_on(api):
    api.apply_all(service(f"s{number}") for number in range(3))
    first = get(api, "/api/v1/services", limit="2").json()
    api.apply(service("s9"))
    api.compact()
    gone = get(api, "/api/v1/services", limit="2", **{"continue": first["metadata"]["continue"]})
    on = gone.json()["metadata"]["continue"]

    assert (gone.status_code, gone.json()["reason"]) == (410, "Expired")
    assert names(get(api, "/api/v1/services", **{"continue": on})) == ["s2", "s9"]


def test_a_list_from_the_watch_cache_ignores_the_limit(api):
    api.apply_all(service(f"s{number}") for number in range(5))

    answer = get(api, "/api/v1/services", limit="2", resourceVersion="0")

    assert len(names(answer)) == 5
    assert "continue" not in answer.json()["metadata"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("app=web", ["a"]),
        ("app!=web", ["b", "c"]),
        ("app in (web, db)", ["a", "b"]),
        ("app notin (web)", ["b", "c"]),
        ("app", ["a", "b"]),
        ("!app", ["c"]),
        ("app in (web,db),tier==front", ["a"]),
    ],
)
def test_label_selectors_choose(api, selector, expected):
    api.apply(service("a", app="web", tier="front"))
    api.apply(service("b", app="db"))
    api.apply(service("c"))

    assert names(get(api, "/api/v1/services", labelSelector=selector)) == expected


def test_field_selectors_choose_and_unknown_ones_are_refused(api):
    for name, node in (("a", "n1"), ("b", "n2")):
        api.apply({"kind": "Pod", "metadata": {"name": name}, "spec": {"nodeName": node}})

    assert names(get(api, "/api/v1/pods", fieldSelector="spec.nodeName=n1")) == ["a"]
    refused = get(api, "/api/v1/pods", fieldSelector="spec.color=red")
    assert refused.status_code == 400
    assert "field label not supported: spec.color" in refused.json()["message"]


def test_list_items_carry_their_kind_only_where_they_are_custom(api):
    api.apply(service("web"))
    api.apply({"kind": "ServiceMonitor", "metadata": {"name": "web", "namespace": "shop"}})

    services = get(api, "/api/v1/services").json()
    monitors = get(api, "/apis/monitoring.coreos.com/v1/servicemonitors").json()
    assert "kind" not in services["items"][0]
    assert monitors["items"][0]["kind"] == "ServiceMonitor"


def test_faults_come_and_go(api):
    api.fail("/api/v1/services", status=500, times=1)
    api.fail("/api/v1/pods", half_json=True)
    api.fail("/api/v1/nodes", drop=True)
    api.fail("/api/v1/secrets", html=True)

    assert get(api, "/api/v1/services").json()["reason"] == "InternalError"
    assert get(api, "/api/v1/services").status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(get(api, "/api/v1/pods").content)
    with pytest.raises(requests.ConnectionError):
        get(api, "/api/v1/nodes")
    assert get(api, "/api/v1/secrets").headers["Content-Type"] == "text/html"
    api.heal()
    assert get(api, "/api/v1/pods").json()["items"] == []


def test_a_request_that_hangs_ends_with_the_server():
    with KubeApi() as api:
        api.fail("/api/v1/pods", hang=10 * PATIENCE)
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{api.url}/api/v1/pods", timeout=0.3)


def test_a_cluster_of_ten_thousand_services_is_paged(api):
    api.apply_all(service(f"s{number:05}", f"n{number % 40}") for number in range(10_000))
    seen, token = 0, ""

    while token or not seen:
        query = {"limit": "500", "continue": token} if token else {"limit": "500"}
        page = get(api, "/api/v1/services", **query).json()
        seen, token = seen + len(page["items"]), page["metadata"].get("continue", "")

    assert seen == 10_000
    assert len(api.requests) == 20


def test_a_folder_of_manifests_is_served_lists_and_all(api, tmp_path):
    (tmp_path / "a.yaml").write_text(
        "kind: ConfigMap\nmetadata: {name: a, creationTimestamp: 2021-01-06T10:00:00Z}\n"
        "---\nkind: ConfigMap\nmetadata: {name: b}\n---\n"
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "roles.yml").write_text(
        "kind: RoleList\nitems:\n- {kind: Role, metadata: {name: c}, rules: []}\n"
    )

    api.apply_all(tmp_path)

    stamped = get(api, "/api/v1/namespaces/default/configmaps/a").json()["metadata"]
    assert stamped["creationTimestamp"] == "2021-01-06T10:00:00Z"
    assert names(get(api, "/api/v1/configmaps")) == ["a", "b"]
    assert names(get(api, "/apis/rbac.authorization.k8s.io/v1/roles")) == ["c"]
