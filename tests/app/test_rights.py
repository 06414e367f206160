"""A right is judged where it is used: the local API server answers by the roles of the manifests."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.cli.place import opened
from tests.kube_api import KubeApi as Cluster
from tests.kube_objects import (
    a_namespace,
    a_prometheus_resource,
    a_service_monitor,
    an_operator,
    connected,
)
from watcher.adapters.kubernetes.cluster import ClusterSource
from watcher.app import rights
from watcher.diagnosis import catalogue
from watcher.errors import SourceUnavailable
from watcher.model import facts
from watcher.settings import Settings

MANIFESTS = Path(__file__).parents[2] / "config" / "kubernetes"
STOCK = ("rbac.yaml", "optional/pods-log.yaml", "optional/subjectaccessreviews.yaml")
LOGIN = {"username": {"name": "login", "key": "user"}, "password": {"name": "login", "key": "pass"}}


@pytest.fixture
def cluster():
    with Cluster() as api:
        for name in ("monitoring", "shop", "web", "platform"):
            api.apply(a_namespace(name))
        api.apply(a_prometheus_resource())
        api.apply(a_service_monitor("web", "shop"))
        api.apply(an_operator())
        for file in STOCK:
            api.apply_all(MANIFESTS / file)
        yield api


def lacks(cluster, tmp_path, *namespaces):
    settings = Settings.model_validate({"kubernetes": {"namespaces": namespaces}})
    kube = connected(cluster, tmp_path, token=cluster.token_for("monitoring", "watcher"))
    expected = ClusterSource(kube, settings).snapshot(NOW)
    assert expected.jobs
    assert not expected.unreadable
    return rights.lacking(kube, expected, namespaces)


def that_need(*given):
    names = {fact.name for fact in given}
    every = (*catalogue.causes(), *catalogue.at_risk())
    return tuple(sorted({rule.code for rule in every if rule.needs & names}))


def give(cluster, namespace, *resources, verb="get"):
    """A Role in one namespace, and its binding to the watcher."""
    meta = {"name": f"watcher-{'-'.join(resources)}".replace("/", "-"), "namespace": namespace}
    rule = {"apiGroups": [""], "resources": list(resources), "verbs": [verb]}
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": meta["name"]}
    subject = {"kind": "ServiceAccount", "name": "watcher", "namespace": "monitoring"}
    cluster.apply({"kind": "Role", "metadata": meta, "rules": [rule]})
    cluster.apply({"kind": "RoleBinding", "metadata": meta, "roleRef": ref, "subjects": [subject]})


def test_of_the_shipped_roles_only_that_to_read_secrets_is_lacking_and_only_where_one_is_used(
    cluster, tmp_path
):
    [lack] = lacks(cluster, tmp_path)

    assert lack.permission == "get secrets in namespace monitoring"
    assert lack.rules == that_need(facts.SECRET_KEYS, facts.CERTIFICATES)
    assert lack.users == "monitoring/k8s"


def test_with_the_role_for_secrets_in_the_namespace_of_the_prometheus_nothing_is_lacking(
    cluster, tmp_path
):
    cluster.apply_all(MANIFESTS / "optional/secrets.yaml")

    assert lacks(cluster, tmp_path) == ()


def test_a_secret_that_a_monitor_names_is_lacking_in_its_namespace_for_its_jobs(cluster, tmp_path):
    cluster.apply_all(MANIFESTS / "optional/secrets.yaml")
    endpoint = {"port": "http", "basicAuth": LOGIN}
    cluster.apply(a_service_monitor("api", "web", endpoints=[endpoint, endpoint]))

    [lack] = lacks(cluster, tmp_path)
    give(cluster, "web", "secrets")

    assert lack.permission == "get secrets in namespace web"
    assert lack.users == "2 jobs of monitoring/k8s"
    assert lack.rules == that_need(facts.SECRET_KEYS)
    assert lacks(cluster, tmp_path) == ()


def test_where_the_operator_runs_elsewhere_only_the_rules_of_its_log_are_lacking(cluster, tmp_path):
    cluster.apply_all(MANIFESTS / "optional/secrets.yaml")
    cluster.apply(an_operator(name="other-operator", namespace="platform"))

    [lack] = lacks(cluster, tmp_path)
    give(cluster, "platform", "pods/log")

    assert str(lack) == (
        "no right to get pods/log in namespace platform: without it these rules cannot be asked"
        " for operator platform/other-operator:"
        f" {', '.join(that_need(facts.OPERATOR_LOG))}; config/kubernetes has it"
    )
    assert lacks(cluster, tmp_path) == ()


def test_a_second_prometheus_without_the_role_in_its_namespace_is_named_and_the_first_is_not(
    cluster, tmp_path
):
    cluster.apply(a_prometheus_resource("web", "web"))

    found = {lack.permission: lack for lack in lacks(cluster, tmp_path)}

    log = found["get pods/log in namespace web"]
    assert (log.users, log.rules) == ("web/web", that_need(facts.LOGS, facts.RELOADER_LOG))
    assert found["get secrets in namespaces monitoring, web"].users == "monitoring/k8s, web/web"


def test_many_namespaces_are_counted_and_not_all_named(cluster, tmp_path):
    for number in range(9):
        cluster.apply(a_namespace(f"n{number}"))
        endpoint = {"port": "http", "basicAuth": LOGIN}
        cluster.apply(a_service_monitor("api", f"n{number}", endpoints=[endpoint]))
    cluster.apply_all(MANIFESTS / "optional/secrets.yaml")

    [lack] = lacks(cluster, tmp_path)

    assert lack.permission == "get secrets in namespaces n0, n1, n2, n3, n4 and 4 more"
    assert lack.users == "9 jobs of monitoring/k8s"


def test_a_right_that_is_needed_everywhere_is_lacking_though_a_role_gives_it_in_one_namespace(
    cluster, tmp_path
):
    cluster.apply_all(MANIFESTS / "optional/secrets.yaml")
    cluster.deny("system:serviceaccount:monitoring:watcher", "list", "", "services", "")

    found = ClusterSource(
        connected(cluster, tmp_path, token=cluster.token_for("monitoring", "watcher")),
        Settings(),
    ).snapshot(NOW)
    kube = connected(cluster, tmp_path, token=cluster.token_for("monitoring", "watcher"))
    [lack] = rights.lacking(kube, found)

    assert lack.permission == "list services in all namespaces"
    assert lack.rules == tuple(
        sorted(r.code for r in catalogue.at_risk() if facts.SERVICES.name in r.needs)
    )


def test_what_is_read_everywhere_is_judged_in_the_namespaces_that_are_read_instead(
    cluster, tmp_path
):
    cluster.apply_all(MANIFESTS / "optional/secrets.yaml")
    user = "system:serviceaccount:monitoring:watcher"
    cluster.deny(user, "list", "apps", "deployments", "")

    well = lacks(cluster, tmp_path, "monitoring", "shop")
    cluster.deny(user, "list", "", "nodes", "")
    [lack] = lacks(cluster, tmp_path, "monitoring", "shop")

    assert well == ()
    assert (lack.permission, lack.rules) == ("list nodes", that_need(facts.NODES))


def test_an_api_server_that_does_not_tell_is_no_lack(cluster, tmp_path):
    kube = connected(cluster, tmp_path, token=cluster.token_for("monitoring", "watcher"))
    expected = ClusterSource(kube, Settings()).snapshot(NOW)
    for resource in ("selfsubjectaccessreviews", "*"):
        cluster.deny("system:serviceaccount:monitoring:watcher", "create", "*", resource, "*")

    with pytest.raises(SourceUnavailable, match="403"):
        rights.lacking(kube, expected)


def test_the_daemon_says_it_once_after_it_knows_what_is_expected(tmp_path, capsys):
    with ExitStack() as stack:
        place = opened(tmp_path, capsys, stack)
        for file in STOCK:
            place.api.apply_all(MANIFESTS / file)
        place.api.apply(a_service_monitor("web", "shop"))
        token = place.api.token_for("monitoring", "watcher")
        kubeconfig = place.api.kubeconfig(tmp_path / "poor", token)
        place.settings(kubernetes={"kubeconfig": str(kubeconfig)}, snapshot_interval="1s")

        said = place.run("run", "--cycles", "2").err

    assert said.count("no right to") == 1
    assert "no right to get secrets in namespace monitoring: without it" in said


def test_the_daemon_names_the_right_without_which_it_knows_no_prometheus(tmp_path, capsys):
    with ExitStack() as stack:
        place = opened(tmp_path, capsys, stack)
        token = place.api.token_for("monitoring", "watcher")
        kubeconfig = place.api.kubeconfig(tmp_path / "poor", token)
        place.settings(kubernetes={"kubeconfig": str(kubeconfig)}, prometheuses=[])

        said = place.run("run", "--cycles", "1").err

    line = "no right to list prometheuses.monitoring.coreos.com in all namespaces: without it"
    assert said.count(line) == 1
