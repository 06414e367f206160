"""Names of the keys of Secrets and ConfigMaps. Never what stands under them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final, TypeAlias

from watcher.adapters.cluster_call import Call
from watcher.adapters.cluster_prometheus_facts import PrometheusFacts
from watcher.adapters.cluster_references import (
    Reference,
    key_references,
    mount_references,
    volume_references,
)
from watcher.adapters.kube_resources import CONFIG_MAPS, SECRETS
from watcher.model.facts import Availability, Known, Unavailable
from watcher.model.kube import KubeObject, mapping
from watcher.operator.volumes import pod_template_mounts, revision_mounts

KeyNames: TypeAlias = Mapping[str, tuple[str, ...] | None]
"""By ``secret/NAMESPACE/NAME`` or ``configmap/NAMESPACE/NAME``; None for one that is not there."""


AT_MOST: Final = 128
"""Most Secrets and ConfigMaps that are read in one look: each costs a request, since a list of them
would hold the contents of all others too."""


class SecretKeys:
    """Reads the key names of the Secrets and ConfigMaps that a Prometheus and its jobs name.

    One that may not be read makes all of them Unavailable, so that the right is asked for.
    """

    def __init__(self, call: Call, prometheus: PrometheusFacts) -> None:
        self._call = call
        self._prometheus = prometheus
        self._read: set[Reference] = set()

    def of_prometheus(self) -> Availability[KeyNames]:
        """Those that the Prometheus names, has mounted, or once had mounted."""
        return self._of(())

    def of_job(self, monitor: KubeObject | None) -> Availability[KeyNames]:
        """Those, and what *monitor* names."""
        return self._of(() if monitor is None else key_references(monitor))

    def _shared(self) -> Availability[frozenset[Reference]]:
        prometheus = self._prometheus.resource()
        if isinstance(prometheus, Unavailable):
            return prometheus
        return Known(frozenset(self._references(prometheus.value)))

    def _references(self, prometheus: KubeObject | None) -> Iterator[Reference]:
        if prometheus is not None:
            yield from key_references(prometheus)
            yield from volume_references(prometheus)
        for found, mounts in (
            (self._prometheus.workloads(), pod_template_mounts),
            (self._prometheus.revisions(), revision_mounts),
        ):
            for each in found.value if isinstance(found, Known) else ():
                yield from mount_references(each.namespace, mounts(each))

    def _of(self, own: Iterable[Reference]) -> Availability[KeyNames]:
        shared = self._call.once("references", self._shared)
        if isinstance(shared, Unavailable):
            return shared
        found: dict[str, tuple[str, ...] | None] = {}
        named = shared.value | set(own)
        wanted = self._read | named
        if len(wanted) > AT_MOST and not wanted <= self._read:
            return Unavailable(
                f"not read, because one look may read no more than {AT_MOST} Secrets and ConfigMaps"
            )
        self._read = wanted
        for kind, namespace, name in sorted(named):
            read = partial(self._keys, kind, namespace, name)
            keys = self._call.once(("keys", kind, namespace, name), read)
            if isinstance(keys, Unavailable):
                return keys
            found[f"{kind}/{namespace}/{name}"] = keys.value
        return Known(found)

    def _keys(self, kind: str, namespace: str, name: str) -> Availability[tuple[str, ...] | None]:
        """What stands under the keys is dropped here and kept nowhere."""
        resource = SECRETS if kind == "secret" else CONFIG_MAPS
        found = self._call.reading.one(resource, namespace, name)
        if isinstance(found, Unavailable):
            return found
        if found.value is None:
            return Known(None)
        raw = found.value.raw
        return Known(tuple(sorted({*mapping(raw, "data"), *mapping(raw, "binaryData")})))
