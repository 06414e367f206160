"""The mounts of Prometheus's container that the custom resource alone asks for.

Ground: prometheus-operator v0.93.0, pkg/prometheus/common.go, pkg/prometheus/server/statefulset.go
and pkg/k8s/merge.go. What stands in a StatefulSet is read by volumes, what differs by drift.
"""

from collections.abc import Iterator
from typing import Final

from watcher.model.kube import JSONObject, KubeObject, flag, mapping, objects, text, texts
from watcher.operator.objects import daemon_set_mode, object_name
from watcher.operator.volumes import CONTAINER, Mount, mounts_of, normal, volume_name

SECRETS: Final = "/etc/prometheus/secrets"
CONFIG_MAPS: Final = "/etc/prometheus/configmaps"
LOGS: Final = "/var/log/prometheus"

_RULES: Final = 3
"""Rule volumes that are mounted at least, since v0.87.0; more are explained by their prefix."""


def resource_mounts(prometheus: KubeObject) -> tuple[Mount, ...]:
    """The mounts that the operator makes of *prometheus*, those of merged containers included.

    A later mount at the same path replaces an earlier one, as the operator's strategic merge does.
    """
    volumes = tuple(resource_volumes(prometheus))
    found = {normal(m.path): m for m in _own(prometheus)}
    asked = (*objects(prometheus.raw, "spec", "volumeMounts"), *_mounts(prometheus))
    found |= {normal(mount.path): mount for mount in mounts_of(volumes, asked)}
    for container in objects(prometheus.raw, "spec", "containers"):
        if text(container, "name") == CONTAINER:
            merged = mounts_of(volumes, objects(container, "volumeMounts"))
            found |= {normal(mount.path): mount for mount in merged}
    return tuple(found.values())


def resource_volumes(prometheus: KubeObject) -> Iterator[JSONObject]:
    """The volumes that the spec itself names: its own, and those of secrets and configMaps.

    ``spec.volumes`` does nothing for an agent in DaemonSet mode.
    """
    if not daemon_set_mode(prometheus):
        yield from objects(prometheus.raw, "spec", "volumes")
    for name in texts(prometheus.raw, "spec", "secrets"):
        yield {"name": volume_name("secret", name), "secret": {"secretName": name}}
    for name in texts(prometheus.raw, "spec", "configMaps"):
        yield {"name": volume_name("configmap", name), "configMap": {"name": name}}


def operator_volume(prometheus: KubeObject, name: str) -> bool:
    """Whether the operator itself makes a volume of this *name*, whatever the spec says."""
    own = {"config", "config-out", "tls-assets", "log-file", "thanos-prometheus-http-client-file"}
    prefixes = (f"prometheus-{prometheus.name}-rulefiles-", "web-config", "kube-api-access-")
    return name in own or name == data_volume(prometheus) or name.startswith(prefixes)


def data_volume(prometheus: KubeObject) -> str:
    """Name of the volume for the data."""
    template = mapping(prometheus.raw, "spec", "storage", "volumeClaimTemplate", "metadata")
    return text(template, "name") or f"{object_name(prometheus)}-db"


def _own(prometheus: KubeObject) -> Iterator[Mount]:
    """What the operator mounts into every Prometheus."""
    storage = mapping(prometheus.raw, "spec", "storage")
    sub_path = storage and not flag(storage, "disableMountSubPath")
    name = object_name(prometheus)
    yield Mount(path="/etc/prometheus/config_out", volume="config-out")
    yield Mount(path="/etc/prometheus/certs", volume="tls-assets")
    yield Mount(
        path="/prometheus",
        volume=data_volume(prometheus),
        sub_path="prometheus-db" if sub_path else None,
    )
    yield Mount(
        path="/etc/prometheus/web_config/web-config.yaml",
        volume="web-config",
        secret=f"{name}-web-config",
        sub_path="web-config.yaml",
    )
    if prometheus.kind == "Prometheus":
        for index in range(_RULES):
            rules = f"prometheus-{prometheus.name}-rulefiles-{index}"
            yield Mount(path=f"/etc/prometheus/rules/{rules}", volume=rules, config_map=rules)
    if any(_logs(prometheus)):
        yield Mount(path=LOGS, volume="log-file")


def _logs(prometheus: KubeObject) -> Iterator[bool]:
    """Whether each log has a bare file name, for which the operator mounts a directory."""
    for field in ("queryLogFile", "scrapeFailureLogFile"):
        file = text(prometheus.raw, "spec", field) or ""
        yield bool(file) and "/" not in file


def _mounts(prometheus: KubeObject) -> Iterator[JSONObject]:
    """The mounts of secrets and configMaps; their path has the name as it is, unsanitised."""
    for name in texts(prometheus.raw, "spec", "secrets"):
        yield {"name": volume_name("secret", name), "mountPath": f"{SECRETS}/{name}"}
    for name in texts(prometheus.raw, "spec", "configMaps"):
        yield {"name": volume_name("configmap", name), "mountPath": f"{CONFIG_MAPS}/{name}"}
