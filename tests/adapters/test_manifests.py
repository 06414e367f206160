"""What manifests on disk ask for."""

from pathlib import Path

import pytest
import yaml

from tests.builders import NOW
from tests.kube_objects import a_namespace, an_object
from watcher.adapters.manifests import files as manifest_files
from watcher.adapters.manifests.manifests import ManifestSource
from watcher.errors import SourceUnavailable
from watcher.model.expectations import Origin
from watcher.model.facts import Known, Unavailable
from watcher.model.kube import KubeObject
from watcher.operator.expect import Cluster

KUBE_PROMETHEUS = Path(__file__).parents[1] / "data" / "kube-prometheus"
PROMETHEUS = """\
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: k8s, namespace: monitoring}
spec: {serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {}}
"""
MONITOR = """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: web, namespace: shop}
spec: {selector: {}, endpoints: [{port: http}]}
"""


def written(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def snapshot(*paths):
    return ManifestSource(paths).snapshot(NOW)


def pools(found):
    return [job.pool for job in found.jobs]


def test_kube_prometheus_asks_for_22_pools_of_13_monitors():
    found = snapshot(KUBE_PROMETHEUS)

    assert len(found.jobs) == 22
    assert len({job.monitor for job in found.jobs}) == 13
    assert sum("/kubelet/" in pool for pool in pools(found)) == 4
    assert {job.origin for job in found.jobs} == {Origin.MANIFESTS}
    assert found.unreadable == ()


def test_files_directories_and_documents_are_all_read(tmp_path):
    (tmp_path / "apps" / "shop").mkdir(parents=True)
    written(tmp_path / "apps" / "shop", web=f"# of the shop\n---\n{MONITOR}---\n")
    (tmp_path / "one.yml").write_text(PROMETHEUS)

    assert pools(snapshot(tmp_path / "apps", tmp_path / "one.yml")) == ["serviceMonitor/shop/web/0"]


def test_hidden_directories_and_other_files_are_passed_over(tmp_path):
    (tmp_path / ".git").mkdir()
    written(tmp_path / ".git", bad="{")
    (tmp_path / "README.md").write_text("{")

    assert snapshot(written(tmp_path, p=PROMETHEUS)).unreadable == ()


def test_lists_are_taken_apart_and_json_is_read(tmp_path):
    item = '{"kind": "ServiceMonitor", "metadata": {"name": "web"}, "spec": {"endpoints": [{}]}}'
    (tmp_path / "list.json").write_text(f'{{"kind": "List", "items": [{item}]}}')

    found = snapshot(written(tmp_path, p=PROMETHEUS))

    assert pools(found) == ["serviceMonitor/default/web/0"]


def test_a_broken_document_is_named_and_costs_only_itself(tmp_path):
    bad = "kind: PodMonitor\nspec: {{ .Values.spec }}\n"
    found = snapshot(written(tmp_path, all=f"{PROMETHEUS}---\n{bad}---\n{MONITOR}"))

    (unreadable,) = found.unreadable
    assert pools(found) == ["serviceMonitor/shop/web/0"]
    assert unreadable.source == f"manifests: {tmp_path / 'all.yaml'}, document 2"
    assert "not valid YAML" in unreadable.error
    assert "render the template" in unreadable.error
    assert unreadable.hides == ("PodMonitor",)


def test_objects_of_other_kinds_are_passed_over(tmp_path):
    other = "kind: Kustomization\nresources: [a]\n---\nkind: Strange\nspec: 1\n---\njust text\n"

    found = snapshot(written(tmp_path, other=other, p=PROMETHEUS, m=MONITOR))

    assert pools(found) == ["serviceMonitor/shop/web/0"]
    assert found.unreadable == ()


@pytest.mark.parametrize(
    "field", ["metadata: [1]", "metadata: {name: 1}", "spec: text", "spec: {endpoints: {a: b}}"]
)
def test_an_object_of_a_wrong_form_is_named_and_costs_only_itself(tmp_path, field):
    wrong = "\n".join(line for line in MONITOR.splitlines() if not line.startswith(field[:4]))

    found = snapshot(written(tmp_path, p=PROMETHEUS, m=MONITOR, wrong=f"{wrong}\n{field}\n"))

    (unreadable,) = found.unreadable
    assert unreadable.source.startswith("manifests: ServiceMonitor")
    assert "expected" in unreadable.error


def test_a_directory_that_is_not_there_is_unavailable(tmp_path):
    with pytest.raises(SourceUnavailable, match="No such file"):
        snapshot(tmp_path / "gone")


def test_a_second_directory_that_is_not_there_hides_every_kind(tmp_path):
    found = snapshot(written(tmp_path, p=PROMETHEUS, m=MONITOR), tmp_path / "gone")

    (unreadable,) = found.unreadable
    assert pools(found) == ["serviceMonitor/shop/web/0"]
    assert {"ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig"} <= set(unreadable.hides)


def test_times_stay_the_text_that_they_are(tmp_path):
    dated = MONITOR.replace("{name: web,", "{annotations: {watcher/until: 2026-12-01}, name: web,")

    found = snapshot(written(tmp_path, p=PROMETHEUS, m=dated))

    assert found.jobs[0].steering.until is not None


def test_namespaces_are_selected_by_their_labels_and_by_their_names(tmp_path):
    selector = "serviceMonitorNamespaceSelector: {matchLabels: {team: a}}"
    chosen = PROMETHEUS.replace("serviceMonitorNamespaceSelector: {}", selector)
    named = selector.replace("team: a", "kubernetes.io/metadata.name: shop")
    by_name = PROMETHEUS.replace("serviceMonitorNamespaceSelector: {}", named)
    namespace = "kind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n"

    without = snapshot(written(tmp_path, p=chosen, m=MONITOR))
    with_name = snapshot(written(tmp_path, p=by_name))
    with_labels = snapshot(written(tmp_path, p=chosen, n=namespace))

    assert [len(found.jobs) for found in (without, with_name, with_labels)] == [0, 1, 1]


def test_monitors_without_any_prometheus_are_not_called_unselected(tmp_path):
    found = snapshot(written(tmp_path, m=MONITOR))

    assert (found.jobs, found.unselected) == ((), ())


def test_manifests_have_no_mounts(tmp_path):
    assert ManifestSource((tmp_path,)).mounts(NOW) == ()


def by_cluster(folder, cluster):
    return ManifestSource((folder,), beside=lambda: cluster).snapshot(NOW)


def a_cluster(*, labels=None, prometheuses=None, **selectors):
    spec = {"serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": {}} | selectors
    chosen = KubeObject(an_object("Prometheus", "k8s", "monitoring", spec=spec))
    return Cluster(
        prometheuses=Known((chosen,)) if prometheuses is None else prometheuses,
        namespaces=Known((KubeObject(a_namespace("shop", **(labels or {}))),)),
    )


def test_monitors_without_a_prometheus_are_selected_by_those_of_the_cluster(tmp_path):
    found = by_cluster(written(tmp_path, m=MONITOR), a_cluster())

    assert [(job.prometheus, job.pool) for job in found.jobs] == [
        ("monitoring/k8s", "serviceMonitor/shop/web/0")
    ]
    assert {job.origin for job in found.jobs} == {Origin.MANIFESTS}
    assert found.prometheuses == ()  # the cluster's own source speaks of them


def test_namespaces_of_the_manifests_with_labels_of_their_own_go_before_the_clusters(tmp_path):
    team = {"matchLabels": {"team": "shop"}}
    cluster = a_cluster(serviceMonitorNamespaceSelector=team)
    without = by_cluster(written(tmp_path, m=MONITOR), cluster)
    labelled = yaml.safe_dump(a_namespace("shop", team="shop"))

    found = by_cluster(written(tmp_path, n=labelled), cluster)

    assert (len(without.jobs), len(found.jobs)) == (0, 1)
    assert [u.cause for u in without.unselected] == ["namespace-not-selected"]


def test_namespaces_that_the_manifests_only_use_have_the_labels_of_the_cluster(tmp_path):
    team = {"matchLabels": {"team": "shop"}}
    cluster = a_cluster(labels={"team": "shop"}, serviceMonitorNamespaceSelector=team)

    assert len(by_cluster(written(tmp_path, m=MONITOR), cluster).jobs) == 1


def test_where_the_clusters_prometheuses_cannot_be_read_the_manifests_jobs_are_hidden(tmp_path):
    forbidden = Unavailable("403 Forbidden", "list prometheuses")

    found = by_cluster(written(tmp_path, m=MONITOR), a_cluster(prometheuses=forbidden))

    assert found.jobs == ()
    assert [(u.hides, u.permission) for u in found.unreadable] == [
        (("manifests",), "list prometheuses")
    ]


def test_monitors_that_nobody_could_select_say_what_to_do(tmp_path):
    [unreadable] = snapshot(written(tmp_path, m=MONITOR)).unreadable

    assert "add its manifest, or give access to the cluster that has it" in unreadable.error


def test_an_equals_sign_is_a_value_as_in_the_crd_of_alertmanagerconfig():
    text = "kind: CustomResourceDefinition\nmatchType: {enum: ['!=', =, =~]}"

    (read,) = manifest_files.of_text(text, "crd.yaml")

    assert read.raw["matchType"]["enum"] == ["!=", "=", "=~"]
