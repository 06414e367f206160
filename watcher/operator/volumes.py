"""Which files there are in Prometheus's container: its mounts, as asked for and as they stand.

Ground: prometheus-operator v0.93.0, pkg/prometheus/common.go and server/statefulset.go. What is in
a mounted Secret is not known here, only which of its keys a mount takes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from watcher.model.kube import JSONObject, KubeObject, mapping, objects, text

CONTAINER: Final = "prometheus"
"""Name of the container that scrapes."""

_WORKDIR: Final = "/etc/prometheus/config_out"
"""Where the configuration stands, which relative paths in it start from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One mount of the container.

    ``secret`` and ``config_map`` name what is behind the volume, None for other volumes and for a
    projected volume of several sources. ``keys`` are pairs of a key and its path under the mount,
    None where every key is there under its own name.
    """

    path: str
    volume: str
    secret: str | None = None
    config_map: str | None = None
    sub_path: str | None = None
    keys: tuple[tuple[str, str], ...] | None = None


SERVICE_ACCOUNT: Final = Mount(
    path="/var/run/secrets/kubernetes.io/serviceaccount", volume="kube-api-access"
)
"""Mounted into every pod by the API server, never part of a StatefulSet."""


def pod_template_mounts(resource: KubeObject) -> tuple[Mount, ...]:
    """Mounts of the prometheus container in the pods that a StatefulSet or DaemonSet makes."""
    return _mounts(mapping(resource.raw, "spec", "template", "spec"))


def revision_mounts(revision: KubeObject) -> tuple[Mount, ...]:
    """Those that a ControllerRevision of it made; it keeps the template in ``data``."""
    return _mounts(mapping(revision.raw, "data", "spec", "template", "spec"))


def pod_mounts(pod: KubeObject) -> tuple[Mount, ...]:
    """Mounts of the prometheus container of a running pod."""
    return _mounts(pod.spec)


def covers(mounts: Iterable[Mount], file: str) -> Mount | None:
    """The mount under which *file* stands, None where only the image could have it.

    The deepest mount counts, as it hides what is below it. A mount that takes only some keys covers
    only these. Relative paths start at the configuration's directory.
    """
    wanted = normal(file)
    around = [m for m in (*mounts, SERVICE_ACCOUNT) if _below(normal(m.path), wanted) is not None]
    if not around:
        return None
    deepest = max(around, key=lambda mount: len(normal(mount.path)))
    rest = _below(normal(deepest.path), wanted)
    if not rest or deepest.keys is None or deepest.sub_path:
        return deepest
    return deepest if any(rest == normal(f"/{path}")[1:] for _, path in deepest.keys) else None


def key_of(mount: Mount, file: str) -> str:
    """Name of the Secret's key behind *file* under *mount*; for a subPath that is the sub path."""
    rest = normal(file).removeprefix(normal(mount.path)).strip("/")
    if not rest:
        return mount.sub_path or normal(file).rpartition("/")[2]
    return next((key for key, path in mount.keys or () if path == rest), rest)


def normal(path: str) -> str:
    """*path* made absolute, without ``//``, ``.`` and ``..``."""
    parts: list[str] = []
    for part in (path if path.startswith("/") else f"{_WORKDIR}/{path}").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/" + "/".join(parts)


def volume_name(prefix: str, name: str) -> str:
    """Name of the volume that the operator makes for a Secret or ConfigMap of the spec.

    It may collide: only the first 63 letters count, and others than ``a-z 0-9 -`` become ``-``.
    """
    sanitised = re.sub(r"[^-a-z0-9]+", "-", f"{prefix}-{name}".lower()).strip("-")
    return sanitised[:63].strip("-")


def mounts_of(
    volumes: Iterable[JSONObject], volume_mounts: Iterable[JSONObject]
) -> Iterator[Mount]:
    """The mounts that a pod's volumes and a container's volumeMounts come to."""
    known = {text(volume, "name") or "": volume for volume in volumes}
    for mount in volume_mounts:
        name = text(mount, "name") or ""
        sub_path = text(mount, "subPath") or text(mount, "subPathExpr")
        secret, config_map, keys = _behind(known.get(name, {}))
        yield Mount(
            path=text(mount, "mountPath") or "",
            volume=name,
            secret=secret,
            config_map=config_map,
            sub_path=sub_path or None,
            keys=keys,
        )


Keys = tuple[tuple[str, str], ...] | None


def _mounts(pod_spec: JSONObject) -> tuple[Mount, ...]:
    for container in objects(pod_spec, "containers"):
        if text(container, "name") == CONTAINER:
            volumes = objects(pod_spec, "volumes")
            return tuple(mounts_of(volumes, objects(container, "volumeMounts")))
    return ()


def _behind(volume: JSONObject) -> tuple[str | None, str | None, Keys]:
    if secret := mapping(volume, "secret"):
        return text(secret, "secretName"), None, _keys(secret)
    if config_map := mapping(volume, "configMap"):
        return None, text(config_map, "name"), _keys(config_map)
    return _projected(tuple(objects(volume, "projected", "sources")))


def _projected(sources: tuple[JSONObject, ...]) -> tuple[str | None, str | None, Keys]:
    kept = [(s, mapping(s, "secret"), mapping(s, "configMap")) for s in sources]
    known = [secret or config_map for _, secret, config_map in kept]
    lists = [_keys(source) for source in known]
    every = [pair for found in lists if found is not None for pair in found]
    keys = tuple(every) if kept and all(known) and None not in lists else None
    if len(kept) != 1:
        return None, None, keys
    _, secret, config_map = kept[0]
    return text(secret, "name"), text(config_map, "name"), keys


def _keys(source: JSONObject) -> Keys:
    pairs = tuple(
        (text(item, "key") or "", text(item, "path") or "") for item in objects(source, "items")
    )
    return pairs or None


def _below(parent: str, path: str) -> str | None:
    """The rest of *path* below *parent*, empty for itself, None where it is elsewhere."""
    if path == parent:
        return ""
    prefix = parent.rstrip("/") + "/"
    return path.removeprefix(prefix) if path.startswith(prefix) else None
