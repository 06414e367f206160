"""JSON patches that do no harm, as commands to paste.

Each checks with ``test`` that what it changes is still as it was seen, and appends to lists instead
of replacing them.
"""

import json
import shlex
from collections.abc import Mapping, Sequence

from watcher.model.findings import FixStep
from watcher.model.kube import JSON, JSONObject, KubeObject, mapping, objects, text, texts, value
from watcher.operator.resource_mounts import SECRETS

_FILE_FIELDS = ("caFile", "certFile", "keyFile")


def patch_command(target: KubeObject, operations: Sequence[JSONObject]) -> str:
    """``kubectl patch`` with *operations*; nothing happens when a ``test`` among them fails."""
    kind = target.kind.lower()
    patch = shlex.quote(json.dumps(operations, separators=(",", ":"), ensure_ascii=False))
    scope = f"-n {shlex.quote(target.namespace)} " if target.namespace else ""
    return f"kubectl {scope}patch {kind} {shlex.quote(target.name)} --type=json -p {patch}"


def mount_secret(prometheus: KubeObject, secret: str) -> FixStep | None:
    """Append *secret* to the ``secrets`` of the Prometheus resource; None where it is there."""
    if secret in texts(prometheus.raw, "spec", "secrets"):
        return None
    add: JSONObject
    if value(prometheus.raw, "spec", "secrets") is None:
        add = {"op": "add", "path": "/spec/secrets", "value": [secret]}
    else:
        add = {"op": "add", "path": "/spec/secrets/-", "value": secret}
    return FixStep(
        do=(
            f"Mount the Secret {secret} for good: append it to the secrets of the {prometheus.kind}"
            f" resource; the operator then mounts it at {SECRETS}/{secret} and restarts the pods"
        ),
        command=patch_command(prometheus, [*unchanged(prometheus), add]),
    )


def change_paths(monitor: KubeObject, moved: Mapping[str, str]) -> FixStep | None:
    """Replace file paths of every endpoint of *monitor*: *moved* has the new one by the old one.

    None where no endpoint names any of them.
    """
    operations: list[JSONObject] = []
    for index, endpoint in enumerate(objects(monitor.raw, "spec", "endpoints")):
        tls = mapping(endpoint, "tlsConfig")
        for field in _FILE_FIELDS:
            old = text(tls, field)
            if old is not None and old in moved:
                path = f"/spec/endpoints/{index}/tlsConfig/{field}"
                operations.append({"op": "test", "path": path, "value": old})
                operations.append({"op": "replace", "path": path, "value": moved[old]})
    if not operations:
        return None
    return FixStep(
        do=f"Name the files where they are mounted, in every endpoint of {monitor.kind}"
        f" {monitor.full_name}; Prometheus reloads by itself",
        command=patch_command(monitor, operations),
    )


def change_port(monitor: KubeObject, endpoint: int, names: Sequence[str]) -> FixStep | None:
    """Let an endpoint name the only port that there is; None where there are several, or none.

    Also None where the endpoint asks by another field than ``port``, whose meaning differs.
    """
    field = "podMetricsEndpoints" if monitor.kind == "PodMonitor" else "endpoints"
    listed = tuple(objects(monitor.raw, "spec", field))
    if len(names) != 1 or endpoint >= len(listed) or not listed[endpoint].get("port"):
        return None
    path = f"/spec/{field}/{endpoint}/port"
    operations: list[JSONObject] = [
        {"op": "test", "path": path, "value": listed[endpoint]["port"]},
        {"op": "replace", "path": path, "value": names[0]},
    ]
    return FixStep(
        do=f"If port {names[0]}, the only one there is, is meant: name it in endpoint {endpoint} of"
        f" {monitor.kind} {monitor.full_name}; Prometheus reloads by itself",
        command=patch_command(monitor, operations),
    )


def set_labels(target: KubeObject, labels: Mapping[str, str]) -> str:
    """The command that sets *labels* on *target*, if those that it replaces are as they were seen.

    ``kubectl label`` itself refuses to replace one that somebody set in the meantime.
    """
    present = target.labels
    if not present.keys() & labels.keys():
        pairs = " ".join(shlex.quote(f"{key}={word}") for key, word in sorted(labels.items()))
        scope = f"-n {shlex.quote(target.namespace)} " if target.namespace else ""
        return f"kubectl {scope}label {target.kind.lower()} {shlex.quote(target.name)} {pairs}"
    operations: list[JSONObject] = []
    for key, word in sorted(labels.items()):
        path = f"/metadata/labels/{key.replace('~', '~0').replace('/', '~1')}"
        if key in present:
            operations.append({"op": "test", "path": path, "value": present[key]})
        operations.append(
            {"op": "replace" if key in present else "add", "path": path, "value": word}
        )
    return patch_command(target, operations)


def change_class_paths(prometheus: KubeObject, moved: Mapping[str, str]) -> FixStep | None:
    """Likewise for the scrape classes of *prometheus*, which name files for many jobs at once."""
    operations: list[JSONObject] = []
    for index, scrape_class in enumerate(objects(prometheus.raw, "spec", "scrapeClasses")):
        for field in _FILE_FIELDS:
            old = text(scrape_class, "tlsConfig", field)
            if old is not None and old in moved:
                path = f"/spec/scrapeClasses/{index}/tlsConfig/{field}"
                operations.append({"op": "test", "path": path, "value": old})
                operations.append({"op": "replace", "path": path, "value": moved[old]})
    if not operations:
        return None
    return FixStep(
        do=f"Name the files where they are mounted, in the scrape classes of {prometheus.kind}"
        f" {prometheus.full_name}; Prometheus reloads by itself",
        command=patch_command(prometheus, operations),
    )


def tls_files(monitor: KubeObject) -> set[str]:
    """Every TLS file that an endpoint of *monitor* names."""
    return {
        path
        for endpoint in objects(monitor.raw, "spec", "endpoints")
        for field in _FILE_FIELDS
        if (path := text(endpoint, "tlsConfig", field)) is not None
    }


def unchanged(target: KubeObject) -> list[JSONObject]:
    """A ``test`` that the spec of *target* is still the one that was seen, where that can be."""
    if not target.generation:
        return []
    seen: JSON = target.generation
    return [{"op": "test", "path": "/metadata/generation", "value": seen}]


def set_field(target: KubeObject, path: str, wanted: JSON, old: JSON = None) -> str:
    """The command that sets one field; *old* is what stands there, None for nothing."""
    operations: list[JSONObject] = [{"op": "test", "path": path, "value": old}] if old else []
    operations.append({"op": "add", "path": path, "value": wanted})
    return patch_command(target, [*unchanged(target), *operations])
