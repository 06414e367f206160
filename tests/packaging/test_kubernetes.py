"""What is applied to a cluster: read rights only, enough of them, and pieces that fit together."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from watcher import __version__
from watcher.adapters.kubernetes import resources as kube_resources
from watcher.adapters.kubernetes.resources import Resource
from watcher.settings import load

FOLDER = Path(__file__).resolve().parents[2] / "config/kubernetes"
NO_OBJECTS = {"watcher.yaml", "kustomization.yaml"}
FILES = sorted(file for file in FOLDER.rglob("*.yaml") if file.name not in NO_OBJECTS)
EMPTY_DIR = "optional/emptydir"
READING = {"get", "list", "watch"}


def objects(*files: Path) -> list[dict[str, Any]]:
    return [found for file in files for found in yaml.safe_load_all(file.read_text("utf-8"))]


def rights(*files: Path) -> set[tuple[str, str, str]]:
    """Group, resource and verb of every rule."""
    return {
        (group, resource, verb)
        for role in objects(*files)
        if role["kind"] in {"Role", "ClusterRole"}
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def resources_that_are_read() -> list[Resource]:
    values = [getattr(kube_resources, name) for name in dir(kube_resources) if name.isupper()]
    monitors = list(kube_resources.MONITORS.values())
    return monitors + [value for value in values if isinstance(value, Resource)]


ASKED_BY_ALL = {("authorization.k8s.io", "selfsubjectaccessreviews")}
"""Kubernetes's own role `system:basic-user` gives this to every account."""


def one(kind: str) -> dict[str, Any]:
    (found,) = [found for found in objects(*FILES) if found["kind"] == kind]
    return found


def test_no_right_changes_anything_but_the_asking_of_an_access_review() -> None:
    changing = {right for right in rights(*FILES) if right[2] not in READING}

    assert changing == {("authorization.k8s.io", "subjectaccessreviews", "create")}


def test_no_right_is_given_by_a_wildcard() -> None:
    assert not [right for right in rights(*FILES) if "*" in right]


def test_without_the_optional_pieces_nothing_secret_can_be_read() -> None:
    given = {resource for _, resource, _ in rights(FOLDER / "rbac.yaml")}

    assert not given & {"secrets", "configmaps", "pods/log", "pods/proxy", "pods/exec"}


@pytest.mark.parametrize("resource", resources_that_are_read(), ids=lambda r: str(r.qualified))
def test_whatever_is_read_some_role_allows(resource: Resource) -> None:
    given = {(group, name) for group, name, _ in rights(*FILES)} | ASKED_BY_ALL

    assert (resource.group, resource.plural) in given


def test_every_binding_gives_a_role_that_is_there_to_the_watcher() -> None:
    roles = {
        (found["kind"], found["metadata"]["name"], found["metadata"].get("namespace"))
        for found in objects(*FILES)
    }
    account = one("ServiceAccount")["metadata"]

    for binding in (found for found in objects(*FILES) if found["kind"].endswith("Binding")):
        reference = binding["roleRef"]
        (subject,) = binding["subjects"]

        assert (
            reference["kind"],
            reference["name"],
            binding["metadata"].get("namespace"),
        ) in roles
        assert (subject["name"], subject["namespace"]) == (account["name"], account["namespace"])


def test_the_kustomization_names_every_file_on_or_off() -> None:
    text = (FOLDER / "kustomization.yaml").read_text(encoding="utf-8")
    on = yaml.safe_load(text)["resources"]
    said = {line.strip("# -").split()[0] for line in text.splitlines() if ".yaml" in line}

    files = {str(file.relative_to(FOLDER)) for file in FILES}

    assert set(on) <= files
    assert files <= said


def without_volume(folder: Path) -> Path:
    """A copy of the manifests in which the lines of the component are no comments any more."""
    copy = Path(shutil.copytree(FOLDER, folder / "kubernetes"))
    file = copy / "kustomization.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("# components:\n# -", "components:\n-"), "utf-8")
    return copy


def test_the_component_without_a_volume_is_off_and_comes_on_by_its_two_lines(
    tmp_path: Path,
) -> None:
    on = yaml.safe_load((without_volume(tmp_path) / "kustomization.yaml").read_text("utf-8"))

    assert "components" not in yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
    assert on["components"] == [EMPTY_DIR]
    assert (FOLDER / EMPTY_DIR / "kustomization.yaml").is_file()


def test_the_component_without_a_volume_takes_the_claim_away_and_mounts_what_it_puts_there() -> (
    None
):
    component = yaml.safe_load((FOLDER / EMPTY_DIR / "kustomization.yaml").read_text("utf-8"))
    claim, deployment = (yaml.safe_load(each["patch"]) for each in component["patches"])
    (volume,) = deployment["spec"]["template"]["spec"]["volumes"]
    whole = one("Deployment")["spec"]["template"]["spec"]["volumes"]
    (claimed,) = [each for each in whole if "persistentVolumeClaim" in each]

    for patch in (claim, deployment):
        patched = one(patch["kind"])["metadata"]
        assert patch["metadata"] == {key: patched[key] for key in ("name", "namespace")}
    assert (claim["kind"], claim["$patch"]) == ("PersistentVolumeClaim", "delete")
    assert claimed["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert volume == {
        "name": claimed["name"],
        "persistentVolumeClaim": None,
        "emptyDir": {"sizeLimit": "1Gi"},
    }


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl builds the manifests")
@pytest.mark.parametrize("volume", [True, False], ids=["volume", "emptydir"])
def test_what_kubectl_builds_has_a_volume_for_each_mount_and_a_claim_for_each_volume(
    tmp_path: Path, *, volume: bool
) -> None:
    folder = FOLDER if volume else without_volume(tmp_path)
    built = subprocess.run(
        ["kubectl", "kustomize", str(folder)],
        capture_output=True,
        check=True,
    )
    found = list(yaml.safe_load_all(built.stdout))
    claims = {each["metadata"]["name"] for each in found if each["kind"].endswith("VolumeClaim")}
    (pod,) = [e["spec"]["template"]["spec"] for e in found if e["kind"] == "Deployment"]
    volumes = {each.pop("name"): each for each in pod["volumes"]}

    assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == set(volumes)
    assert len(found) == (13 if volume else 12)
    if volume:
        assert volumes["store"] == {"persistentVolumeClaim": {"claimName": "watcher"}}
        assert claims == {"watcher"}
    else:
        assert volumes["store"] == {"emptyDir": {"sizeLimit": "1Gi"}}
        assert claims == set()


def test_the_pod_cannot_write_its_root_nor_gain_rights() -> None:
    pod = one("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"] == f"watcher:{__version__}"


def test_the_service_the_monitor_and_the_policy_select_the_pod() -> None:
    labels = one("Deployment")["spec"]["template"]["metadata"]["labels"]
    service, monitor, policy = one("Service"), one("ServiceMonitor"), one("NetworkPolicy")
    (peer,) = policy["spec"]["ingress"][0]["from"]

    assert service["spec"]["selector"] == labels
    assert monitor["spec"]["selector"]["matchLabels"] == service["metadata"]["labels"]
    assert peer["podSelector"]["matchLabels"] == labels


def test_the_settings_are_valid_and_keep_the_store_on_the_volume() -> None:
    settings = load(FOLDER / "watcher.yaml")
    (container,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    paths = [mount["mountPath"] for mount in container["volumeMounts"]]

    assert settings.store == "sqlite:////var/lib/watcher/watcher.db"
    assert "/var/lib/watcher" in paths
    assert settings.web.listen == ":9393"


def test_the_rules_of_the_cluster_are_those_of_the_rule_file() -> None:
    file = FOLDER.parent / "prometheus/watcher.rules.yaml"

    assert one("PrometheusRule")["spec"] == yaml.safe_load(file.read_text(encoding="utf-8"))
