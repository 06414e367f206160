"""The local API server: tokens, RBAC from stored objects, access reviews."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.kube_api import KubeApi
from tests.patience import PATIENCE

PROMETHEUS = "system:serviceaccount:monitoring:prometheus-k8s"


@pytest.fixture
def api() -> Iterator[KubeApi]:
    with KubeApi(check_tokens=True) as running:
        yield running


def get(api: KubeApi, path: str, token: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(api.url + path, headers=headers, timeout=PATIENCE)


def bind(api: KubeApi, namespace: str, *resources: str, group: str = "") -> None:
    rule = {"apiGroups": [group], "resources": list(resources), "verbs": ["get", "list", "watch"]}
    subject = {"kind": "ServiceAccount", "name": "prometheus-k8s", "namespace": "monitoring"}
    meta = {"name": "prometheus-k8s", "namespace": namespace}
    api.apply({"kind": "Role", "metadata": meta, "rules": [rule]})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "prometheus-k8s"}
    api.apply({"kind": "RoleBinding", "metadata": meta, "roleRef": role, "subjects": [subject]})


def review(api: KubeApi, **attributes: str) -> dict[str, Any]:
    answer = requests.post(
        f"{api.url}/apis/authorization.k8s.io/v1/subjectaccessreviews",
        json={
            "kind": "SubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "spec": {"user": PROMETHEUS, "resourceAttributes": attributes},
        },
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=PATIENCE,
    )
    assert answer.status_code == 201
    status: dict[str, Any] = answer.json()["status"]
    return status


def test_without_or_with_an_unknown_token_nobody_gets_in(api):
    for token in ("", "guessed"):
        answer = get(api, "/api/v1/pods", token)

        assert (answer.status_code, answer.json()["message"]) == (401, "Unauthorized")


def test_a_service_account_may_do_what_its_bindings_say_and_no_more(api):
    bind(api, "shop", "services")
    token = api.token_for("monitoring", "prometheus-k8s")

    assert get(api, "/api/v1/namespaces/shop/services", token).status_code == 200
    refused = get(api, "/api/v1/namespaces/kube-system/services", token)
    assert refused.status_code == 403
    assert refused.json()["message"] == (
        f'services is forbidden: User "{PROMETHEUS}" cannot list resource "services" '
        'in API group "" in the namespace "kube-system"'
    )


def test_a_binding_in_one_namespace_does_not_give_the_whole_cluster(api):
    bind(api, "shop", "services")

    answer = get(api, "/api/v1/services", api.token_for("monitoring", "prometheus-k8s"))

    assert answer.json()["message"].endswith('in API group "" at the cluster scope')


def test_a_user_without_rights_is_refused_before_it_learns_what_exists(api):
    token = api.token_for("monitoring", "prometheus-k8s")

    assert get(api, "/apis/example.com/v1/things", token).status_code == 403
    assert get(api, "/version", token).status_code == 200


def test_a_review_says_what_the_stored_bindings_give(api):
    bind(api, "shop", "pods", "pods/log")
    asked = {"verb": "get", "group": "", "resource": "pods", "namespace": "shop"}

    assert review(api, **asked) == {
        "allowed": True,
        "reason": (
            'RBAC: allowed by RoleBinding "prometheus-k8s/shop" of Role "prometheus-k8s" '
            'to ServiceAccount "prometheus-k8s/monitoring"'
        ),
    }
    assert review(api, **asked, subresource="log")["allowed"]
    assert not review(api, **asked, subresource="proxy")["allowed"]
    assert not review(api, **{**asked, "verb": "delete"})["allowed"]


def test_rules_of_a_test_go_before_rbac(api):
    bind(api, "shop", "services")
    token = api.token_for("monitoring", "prometheus-k8s")
    api.deny(PROMETHEUS, "list", "", "services", "shop")
    denied = get(api, "/api/v1/namespaces/shop/services", token)
    api.allow(PROMETHEUS, "list", "", "services", "shop")

    assert denied.status_code == 403
    assert get(api, "/api/v1/namespaces/shop/services", token).status_code == 200


def test_the_log_of_requests_names_who_asked(api):
    get(api, "/api/v1/pods?limit=5", api.token_for("monitoring", "prometheus-k8s"))

    last = api.requests[-1]
    assert (last.method, last.path, last.query) == ("GET", "/api/v1/pods", {"limit": "5"})
    assert last.user == PROMETHEUS


def test_over_tls_only_those_who_trust_its_authority_come(tmp_path):
    with KubeApi(tls=True) as api:
        authority = tmp_path / "ca.pem"
        authority.write_text(api.ca_pem)

        assert requests.get(f"{api.url}/version", verify=str(authority), timeout=PATIENCE).ok
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{api.url}/version", timeout=PATIENCE)
