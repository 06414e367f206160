"""Which Secrets and ConfigMaps a resource names, in whatever field.

Every reference of the monitoring API to a key has ``name`` and ``key``; that it is a ConfigMap's
is told by the field that it stands in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from watcher.model.kube import JSON, KubeObject, mapping, objects, text, texts
from watcher.operator.volumes import Mount

Reference: TypeAlias = tuple[str, str, str]
"""``secret`` or ``configmap``, namespace, name."""


def key_references(resource: KubeObject) -> Iterator[Reference]:
    """Those of which a single key is used, such as those of an endpoint's TLS."""
    for kind, name in _walk(resource.raw.get("spec"), ""):
        yield kind, resource.namespace, name


def volume_references(prometheus: KubeObject) -> Iterator[Reference]:
    """Those that a Prometheus has mounted by its spec."""
    namespace = prometheus.namespace
    for name in texts(prometheus.raw, "spec", "secrets"):
        yield "secret", namespace, name
    for name in texts(prometheus.raw, "spec", "configMaps"):
        yield "configmap", namespace, name
    for volume in objects(prometheus.raw, "spec", "volumes"):
        for source in (volume, *objects(volume, "projected", "sources")):
            secret = mapping(source, "secret")
            if mounted := text(secret, "secretName") or text(secret, "name"):
                yield "secret", namespace, mounted
            if mounted := text(source, "configMap", "name"):
                yield "configmap", namespace, mounted


def mount_references(namespace: str, mounts: Iterable[Mount]) -> Iterator[Reference]:
    """Those behind *mounts*."""
    for mount in mounts:
        if mount.secret:
            yield "secret", namespace, mount.secret
        if mount.config_map:
            yield "configmap", namespace, mount.config_map


def _walk(node: JSON, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        name = node.get("name")
        if isinstance(name, str) and isinstance(node.get("key"), str):
            yield ("configmap" if field == "configMap" else "secret"), name
        for inner, value in node.items():
            yield from _walk(value, inner)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for item in node:
            yield from _walk(item, field)
