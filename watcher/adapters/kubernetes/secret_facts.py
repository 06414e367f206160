"""The keys of Secrets and ConfigMaps, and what stands under each to TLS. Never the values."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final, TypeAlias

from watcher.adapters.kubernetes.call import Call
from watcher.adapters.kubernetes.prometheus_facts import PrometheusFacts
from watcher.adapters.kubernetes.reading import Objects
from watcher.adapters.kubernetes.references import (
    Reference,
    key_references,
    mount_references,
    volume_references,
)
from watcher.adapters.kubernetes.resources import CONFIG_MAPS, SECRETS
from watcher.adapters.pems import judged
from watcher.model.facts import Availability, Known, SecretKeys, Unavailable
from watcher.model.kube import KubeObject
from watcher.model.observations import Observation
from watcher.model.pems import Pem
from watcher.operator.certificates import of_jobs, of_resource
from watcher.operator.spots import mounts_in_use
from watcher.operator.volumes import pod_template_mounts, revision_mounts

Verdicts: TypeAlias = Availability[Mapping[str, Pem] | None]

AT_MOST: Final = 128
"""Most Secrets and ConfigMaps that are read in one look: each costs a request, since a list of them
would hold the contents of all others too."""
_TOO_MANY: Final = "not read, because one look may read no more than {} Secrets and ConfigMaps"


class Secrets:
    """Reads the Secrets and ConfigMaps that a Prometheus and its jobs name, each but once.

    A refusal stands for all of that kind in that namespace, any other failure for all there are: a
    watcher without the right asks but once.
    """

    def __init__(self, call: Call, prometheus: PrometheusFacts) -> None:
        self._call = call
        self._prometheus = prometheus
        self._read: dict[Reference, Verdicts] = {}
        self._asked = 0
        self._refused: dict[tuple[str, str], Unavailable] = {}
        self._failed: Unavailable | None = None

    def of_job(self, monitor: KubeObject | None) -> Availability[SecretKeys]:
        """Those that the Prometheus names, has mounted or once had, and those of *monitor*."""
        shared = self._call.once("references", self._shared)
        if isinstance(shared, Unavailable):
            return shared
        own = () if monitor is None else key_references(monitor)
        return Known({_place(each): self._one(each) for each in sorted({*shared.value, *own})})

    def of_certificates(self, observation: Observation | None) -> Availability[SecretKeys]:
        """Those with the certificates that the Prometheus and its running jobs use."""
        prometheus = self._prometheus.resource()
        if isinstance(prometheus, Unavailable):
            return prometheus
        mounts = mounts_in_use(
            _unwrapped(self._prometheus.pods()), _unwrapped(self._prometheus.workloads())
        )
        uses = of_jobs(observation, mounts) if observation else ()
        uses += of_resource(prometheus.value, mounts) if prometheus.value else ()
        found: dict[str, Verdicts] = {}
        for use in uses:
            for spot in use.at:
                found[spot.place] = self._one((spot.kind, spot.namespace, spot.name))
                if isinstance(found[spot.place], Known):
                    break
        return Known(found)

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

    def _one(self, asked: Reference) -> Verdicts:
        if asked not in self._read:
            self._read[asked] = self._ask(asked)
        return self._read[asked]

    def _ask(self, asked: Reference) -> Verdicts:
        kind, namespace, _ = asked
        known = self._failed or self._refused.get((kind, namespace))
        if known is not None:
            return known
        if self._asked >= AT_MOST:
            return Unavailable(_TOO_MANY.format(AT_MOST))
        self._asked += 1
        found = self._call.once(asked, partial(self._verdicts, asked))
        if isinstance(found, Unavailable):
            if found.permission is None:
                self._failed = found
            else:
                self._refused[kind, namespace] = found
        return found

    def _verdicts(self, asked: Reference) -> Verdicts:
        kind, namespace, name = asked
        resource = SECRETS if kind == "secret" else CONFIG_MAPS
        return verdicts(self._call.reading.one(resource, namespace, name))


def verdicts(found: Availability[KubeObject | None]) -> Verdicts:
    """What is kept of a Secret or ConfigMap: its values are dropped here."""
    if isinstance(found, Unavailable):
        return found
    return Known(None if found.value is None else judged(found.value.raw))


def _unwrapped(found: Objects) -> tuple[KubeObject, ...] | Unavailable:
    return found.value if isinstance(found, Known) else found


def _place(reference: Reference) -> str:
    return "/".join(reference)
