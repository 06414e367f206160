"""What a cluster's Prometheuses would make of monitors that are still in a file.

Reads the Prometheuses, their operators, the namespaces, and of the Secrets and ConfigMaps that the
monitors refer to the keys and what stands under them to TLS; changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watcher.adapters.kubernetes.api import SOURCE, KubeApi
from watcher.adapters.kubernetes.reading import Reading, joined
from watcher.adapters.kubernetes.references import key_references
from watcher.adapters.kubernetes.resources import (
    AGENTS,
    CONFIG_MAPS,
    NAMESPACES,
    PROMETHEUSES,
    SECRETS,
)
from watcher.adapters.kubernetes.secret_facts import verdicts
from watcher.adapters.kubernetes.servers import Watched
from watcher.adapters.manifests.files import Unusable, read
from watcher.errors import ConfigError, SourceUnavailable
from watcher.model.expectations import Unreadable
from watcher.model.facts import Availability, SecretKeys, Unavailable
from watcher.model.kube import FieldError, KubeObject, mapping
from watcher.model.names import MonitorKind, MonitorRef
from watcher.model.pems import Pem
from watcher.operator.jobs import monitor_ref
from watcher.operator.preview import Preview, previews
from watcher.operator.surroundings import namespace_labels, operator_scopes
from watcher.settings import Settings

_KINDS: Final = frozenset(MonitorKind)
_NAME_LABEL: Final = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Draft:
    """Monitors out of a file, and what stands beside them in it and would be applied with them."""

    monitors: tuple[KubeObject, ...]
    beside: tuple[KubeObject, ...] = ()

    @property
    def objects(self) -> tuple[KubeObject, ...]:
        """All that would be applied."""
        return (*self.monitors, *self.beside)

    @property
    def refs(self) -> tuple[MonitorRef, ...]:
        """What they are called."""
        return tuple(map(monitor_ref, self.monitors))


def draft(path: Path, namespace: str) -> Draft:
    """The monitors in *path* (``-``: standard input); those that name no namespace get *namespace*.

    Raises ConfigError when it cannot be read, is not YAML, or holds no monitor.
    """
    found = list(read(path))
    for each in found:
        if isinstance(each, Unusable):
            raise ConfigError(f"{each.place}: {each.error}")
    placed = [_placed(each, namespace) for each in found if isinstance(each, KubeObject)]
    monitors = tuple(each for each in placed if each.kind in _KINDS)
    for each in monitors:
        try:
            monitor_ref(each)
        except FieldError as error:
            raise ConfigError(f"{path}: {each.kind}: {error}; correct the file") from None
    if not monitors:
        kinds = ", ".join(MonitorKind)
        raise ConfigError(f"{path}: there is no monitor in it: expected one of {kinds}")
    return Draft(monitors, tuple(each for each in placed if each.kind not in _KINDS))


def preview(kube: KubeApi | None, settings: Settings, asked: Draft) -> tuple[Preview, ...]:
    """What each watched Prometheus would make of each monitor, in their order in the file.

    Raises SourceUnavailable when there is no cluster or its Prometheuses cannot be read,
    ConfigError for a monitor with a field of a wrong type.
    """
    if kube is None:
        raise SourceUnavailable(SOURCE, "there is none: name one with kubernetes.kubeconfig")
    namespaces = () if settings.kubernetes is None else settings.kubernetes.namespaces
    reading = Reading(kube, namespaces)
    watched = Watched(settings.prometheuses, namespaces)
    prometheuses = joined(reading.everywhere(resource) for resource in (PROMETHEUSES, AGENTS))
    if isinstance(prometheuses, Unavailable):
        raise SourceUnavailable(SOURCE, prometheuses.reason, permission=prometheuses.permission)
    bad: list[Unreadable] = []
    labels = namespace_labels(reading.everywhere(NAMESPACES), bad)
    scopes = operator_scopes(reading.operators(), bad)
    chosen = [prometheus for prometheus in prometheuses.value if watched.includes(prometheus)]
    found: list[Preview] = []
    for monitor in asked.monitors:
        try:
            keys = _keys(reading, monitor)
            found += previews(monitor, chosen, labels, scopes, keys)
        except FieldError as error:
            raise ConfigError(f"{monitor_ref(monitor)}: {error}; correct the file") from None
    return tuple(found)


def _keys(reading: Reading, monitor: KubeObject) -> SecretKeys:
    """The keys of what *monitor* refers to, each Secret and ConfigMap by itself."""
    found: dict[str, Availability[Mapping[str, Pem] | None]] = {}
    for kind, namespace, name in sorted(set(key_references(monitor))):
        resource = SECRETS if kind == "secret" else CONFIG_MAPS
        one = reading.one(resource, namespace, name)
        found[f"{kind}/{namespace}/{name}"] = verdicts(one)
    return found


def _placed(found: KubeObject, namespace: str) -> KubeObject:
    """As it would be once it is applied: in a namespace, or with the label that each one gets."""
    metadata = found.raw.get("metadata")
    if found.kind == "Namespace":
        labels = {**found.labels, _NAME_LABEL: found.name}
        return KubeObject(
            {**found.raw, "metadata": {**mapping(found.raw, "metadata"), "labels": labels}}
        )
    if not isinstance(metadata, Mapping) or metadata.get("namespace"):
        return found
    return KubeObject({**found.raw, "metadata": {**metadata, "namespace": namespace}})
