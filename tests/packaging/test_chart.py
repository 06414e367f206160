"""The Helm chart: its values and their schema, and that it installs what config/kubernetes does."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tools import helm_program
from watcher import __version__
from watcher.settings import load

CONFIG = Path(__file__).resolve().parents[2] / "config"
CHART = CONFIG / "helm/watcher"
PLAIN = CONFIG / "kubernetes"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
SCHEMA: dict[str, Any] = yaml.safe_load((CHART / "values.schema.json").read_text("utf-8"))

KUBE_PROMETHEUS_STACK = {
    "settings": {"slack": {"channel": "#alerts"}},
    "slack": {"existingSecret": "watcher-slack"},
}
POSTGRESQL = {
    "store": {
        "kind": "postgresql",
        "postgresql": {"url": "postgresql+psycopg://watcher@db/watcher", "existingSecret": "db"},
    }
}
IN_NAMESPACES = {
    "rbac": {"namespaces": ["monitoring", "shop"], "accessReviews": False, "podLogs": ["a"]},
    "serviceAccount": {"create": False, "name": "mine"},
}
EVERYTHING = {
    "fullnameOverride": "scrapes",
    "image": {"repository": "r.example/watcher", "digest": "sha256:" + "0" * 64},
    "imagePullSecrets": [{"name": "pull"}],
    "store": {"volume": {"storageClassName": "fast", "size": "2Gi"}},
    "rbac": {"secrets": ["monitoring"], "configMaps": ["monitoring"], "podsProxy": ["monitoring"]},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "host": "watcher.example",
        "tls": [{"hosts": ["watcher.example"]}],
    },
    "httpRoute": {
        "enabled": True,
        "parentRefs": [{"name": "gate"}],
        "hostnames": ["watcher.example"],
    },
    "networkPolicy": {"enabled": True},
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "extraVolumes": [{"name": "ca", "secret": {"secretName": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca"}],
    "priorityClassName": "high",
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "podLabels": {"team": "sre"},
    "podAnnotations": {"note": "x"},
    "settings": {"web": {"external_url": "https://watcher.example"}, "watch_interval": "1m"},
}
NOTHING = {
    "store": {"kind": "pod"},
    "rbac": {"create": False},
    **{name: {"enabled": False} for name in ("serviceMonitor", "prometheusRule", "dashboard")},
}
GIVEN = {
    "defaults": {},
    "kube-prometheus-stack": KUBE_PROMETHEUS_STACK,
    "postgresql": POSTGRESQL,
    "in namespaces": IN_NAMESPACES,
    "everything": EVERYTHING,
    "nothing": NOTHING,
}


def paths(value: Any, before: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (f"{before}.{key}", *paths(inner, f"{before}.{key}"))


def test_the_chart_installs_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))

    assert (chart["appVersion"], chart["version"]) == (__version__, __version__)


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_the_schema_takes_the_values(given: dict[str, Any]) -> None:
    jsonschema.validate(VALUES, SCHEMA)
    jsonschema.validate(given, SCHEMA)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sevice": {}},
        {"store": {"kind": "sqlite"}},
        {"store": {"postgresql": {"url": "postgresql://watcher:secret@db/watcher"}}},
        {"rbac": {"secrets": "monitoring"}},
        {"image": {"digest": "latest"}},
    ],
)
def test_the_schema_refuses_what_is_misspelt_or_secret(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


def test_templates_use_the_values_there_are_and_all_of_them() -> None:
    text = "".join(file.read_text("utf-8") for file in (CHART / "templates").iterdir())
    text = text.replace(
        "$image := .Values.image", " ".join(f".Values.image.{k}" for k in VALUES["image"])
    )
    used = set(re.findall(r"\.Values((?:\.\w+)+)", text))
    known = set(paths(VALUES))
    leaves = {path for path in known if not any(other.startswith(f"{path}.") for other in known)}

    assert {use for use in used if use not in known and not use.startswith(".settings.")} == set()
    assert {
        leaf for leaf in leaves if not any(leaf == u or leaf.startswith(f"{u}.") for u in used)
    } == set()


@pytest.mark.parametrize(
    "source", ["prometheus/watcher.rules.yaml", "grafana/watcher.json"], ids=lambda s: Path(s).name
)
def test_the_chart_has_the_rules_and_the_dashboard_that_the_project_has(source: str) -> None:
    assert (CHART / "files" / Path(source).name).read_bytes() == (CONFIG / source).read_bytes()


@pytest.fixture(scope="module")
def helm() -> Path:
    program = helm_program.found()
    if program is None:
        pytest.skip("helm is not here: python -m tools.helm_program builds it, where Go is")
    return program


def rendered(helm: Path, values: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    command = [helm, "template", "watcher", CHART, "--namespace", "monitoring", "--values", file]
    done = subprocess.run(
        [*command, "--kube-version", "1.31.0"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def of(kind: str, objects: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = [each for each in objects if each["kind"] == kind]
    return found


def settings_of(objects: list[dict[str, Any]]) -> str:
    (text,) = [e["data"]["watcher.yaml"] for e in objects if "watcher.yaml" in e.get("data", {})]
    return str(text)


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_what_helm_makes_fits_together_and_holds_settings_that_can_be_used(
    helm: Path, given: dict[str, Any], tmp_path: Path
) -> None:
    objects = rendered(helm, given, tmp_path)
    (tmp_path / "watcher.yaml").write_text(settings_of(objects), encoding="utf-8")
    settings = load(tmp_path / "watcher.yaml")
    pod = of("Deployment", objects)["spec"]["template"]
    labels, spec = pod["metadata"]["labels"], pod["spec"]
    selects = [
        of("Deployment", objects)["spec"]["selector"]["matchLabels"],
        of("Service", objects)["spec"]["selector"],
    ]

    assert settings.web.listen == ":9393"
    assert all(selected.items() <= labels.items() for selected in selects)
    assert {each["name"] for each in spec["volumes"]} == {
        each["name"] for each in spec["containers"][0]["volumeMounts"]
    }
    for monitor in (each for each in objects if each["kind"] == "ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"]
        assert wanted.items() <= of("Service", objects)["metadata"]["labels"].items()
    for binding in (each for each in objects if each["kind"].endswith("Binding")):
        assert binding["subjects"][0]["name"] == spec["serviceAccountName"]
        role = (binding["roleRef"]["kind"], binding["roleRef"]["name"])
        assert role in {(each["kind"], each["metadata"]["name"]) for each in objects}


def plain(kind: str) -> list[dict[str, Any]]:
    files = sorted([*PLAIN.glob("*.yaml"), *PLAIN.glob("optional/*.yaml")])
    objects = [each for file in files for each in yaml.safe_load_all(file.read_text("utf-8"))]
    return [each for each in objects if each.get("kind") == kind]


def rights(roles: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_helm_installs_what_config_kubernetes_does(helm: Path, tmp_path: Path) -> None:
    switches = {
        "secrets": ["monitoring"],
        "configMaps": ["monitoring"],
        "podsProxy": ["monitoring"],
    }
    slack = {"existingSecret": "watcher-slack"}
    given = {"rbac": switches, "networkPolicy": {"enabled": True}, "slack": slack}
    objects = rendered(helm, given, tmp_path)
    roles = [each for each in objects if each["kind"] in {"Role", "ClusterRole"}]
    pod, other = (
        each["spec"]["template"]["spec"]
        for each in (of("Deployment", objects), plain("Deployment")[0])
    )
    (container,), (wanted,) = pod.pop("containers"), other.pop("containers")
    wanted["env"][0]["valueFrom"]["secretKeyRef"].pop("optional")  # there the Secret may come later
    wanted["imagePullPolicy"] = "IfNotPresent"
    (endpoint,) = of("ServiceMonitor", objects)["spec"]["endpoints"]
    job = [{"targetLabel": "job", "replacement": "watcher"}]  # whatever the release is called

    assert rights(roles) == rights(plain("Role") + plain("ClusterRole"))
    assert (pod, container) == (other, wanted)
    assert endpoint.pop("relabelings") == job
    assert [endpoint] == plain("ServiceMonitor")[0]["spec"]["endpoints"]
    assert of("Service", objects)["spec"]["ports"] == plain("Service")[0]["spec"]["ports"]
    assert of("PrometheusRule", objects)["spec"] == plain("PrometheusRule")[0]["spec"]
    assert yaml.safe_load(settings_of(objects)) == yaml.safe_load(
        (PLAIN / "watcher.yaml").read_text("utf-8")
    )


def test_rights_by_namespace_need_nothing_of_the_cluster(helm: Path, tmp_path: Path) -> None:
    objects = rendered(helm, IN_NAMESPACES, tmp_path)
    readers = [e for e in objects if e["kind"] == "Role" and e["metadata"]["name"] == "watcher"]

    assert not [each for each in objects if each["kind"].startswith("Cluster")]
    assert {each["metadata"]["namespace"] for each in readers} == {"monitoring", "shop"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ingress": {"enabled": True}}, "ingress.host is needed"),
        ({"store": {"kind": "postgresql"}}, "store.postgresql.url is needed"),
        ({"serviceAccount": {"create": False}}, "serviceAccount.name is needed"),
        ({"replicas": 2}, "replicas is not allowed"),
    ],
)
def test_what_cannot_be_installed_is_refused_with_the_value_that_is_needed(
    helm: Path, wrong: dict[str, Any], said: str, tmp_path: Path
) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(wrong), encoding="utf-8")
    command = [helm, "template", "watcher", CHART, "--kube-version", "1.31.0", "--values", file]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert said in done.stderr


def test_helm_lint_finds_nothing(helm: Path) -> None:
    done = subprocess.run(
        [helm, "lint", "--strict", CHART], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
