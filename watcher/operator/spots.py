"""Where a file of Prometheus's container stands in the cluster: under which key of which Secret.

Ground: prometheus-operator v0.93.0, pkg/assets/tls.go: what monitors refer to is copied into a Secret
of the operator's, under a key that names where it came from.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Final

from watcher.model import shell
from watcher.model.facts import Availability, Known, SecretKeys, Unavailable
from watcher.model.kube import KubeObject
from watcher.model.pems import Pem
from watcher.operator.volumes import (
    SERVICE_ACCOUNT,
    Mount,
    covers,
    key_of,
    pod_mounts,
    pod_template_mounts,
)

_ASSETS: Final = "tls-assets"
_COPY: Final = re.compile(
    r"(?P<kind>0|1|secret|configmap)_(?P<namespace>[^_]+)_(?P<name>[^_]+)_(?P<key>.+)"
)
_KINDS: Final = {"0": "secret", "1": "configmap"}
_NOWHERE: Final = Unavailable("it stands in no Secret or ConfigMap that is known to be mounted")
_NOT_READ: Final = Unavailable("not read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One key of a Secret or ConfigMap; *kind* is ``secret`` or ``configmap``."""

    kind: str
    namespace: str
    name: str
    key: str

    @property
    def place(self) -> str:
        """What holds the key, as facts name it."""
        return f"{self.kind}/{self.namespace}/{self.name}"

    def __str__(self) -> str:
        what = "Secret" if self.kind == "secret" else "ConfigMap"
        return f"{what} {self.namespace}/{self.name}"

    def describe(self) -> str:
        """The command that shows which keys there are, and how large each is."""
        return f"kubectl -n {quote(self.namespace)} describe {shell.resource(self.kind, self.name)}"

    def certificate(self) -> str:
        """The command that shows whose the certificate is and when it is valid."""
        return f"{self._value()} | openssl x509 -noout -subject -dates"

    def certificates(self) -> str:
        """The same of every certificate that stands there."""
        listed = "openssl storeutl -noout -text -certs /dev/stdin"
        return f"{self._value()} | {listed} | grep -E 'Subject:|Not After'"

    def _value(self) -> str:
        decoded = " | base64decode" if self.kind == "secret" else ""
        shown = quote(f'{{{{index .data "{self.key}"{decoded}}}}}')
        where = f"kubectl -n {quote(self.namespace)} get {shell.resource(self.kind, self.name)}"
        return f"{where} -o go-template={shown}"


def mounts_in_use(
    pods: Sequence[KubeObject] | Unavailable, workloads: Sequence[KubeObject] | Unavailable
) -> tuple[Mount, ...] | None:
    """The mounts of a Prometheus's *pods*; where there are none, of what would make them.

    None where neither is known.
    """
    unknown = False
    for found, mounts in ((pods, pod_mounts), (workloads, pod_template_mounts)):
        if isinstance(found, Unavailable):
            unknown = True
        elif there := tuple(mount for each in found for mount in mounts(each)):
            return tuple(dict.fromkeys(there))
    return None if unknown else ()


def spots(file: str, mounts: Iterable[Mount], namespace: str) -> tuple[Spot, ...]:
    """Where *file* stands, in the pods of *namespace*: what is mounted, then what it is a copy of.

    None where it is mounted from elsewhere, or is part of the image.
    """
    mount = covers(mounts, file)
    return () if mount is None else tuple(_behind(mount, key_of(mount, file), namespace))


def of_the_cluster(file: str, mounts: Iterable[Mount]) -> bool:
    """Whether Kubernetes itself puts *file* into every pod, and keeps it fresh."""
    return covers(mounts, file) is SERVICE_ACCOUNT


def standing(found: Sequence[Spot], keys: SecretKeys) -> Availability[tuple[Spot, Pem] | None]:
    """What stands at the first of these spots that may be read; None where nothing does."""
    lacking = _NOWHERE
    for spot in found:
        held = keys.get(spot.place, _NOT_READ)
        if isinstance(held, Known):
            pem = (held.value or {}).get(spot.key)
            return Known(None if pem is None else (spot, pem))
        lacking = held if lacking is _NOWHERE else lacking
    return lacking


def _behind(mount: Mount, key: str, namespace: str) -> Iterator[Spot]:
    if mount.secret is not None:
        yield Spot(kind="secret", namespace=namespace, name=mount.secret, key=key)
    elif mount.config_map is not None:
        yield Spot(kind="configmap", namespace=namespace, name=mount.config_map, key=key)
    copied = _COPY.fullmatch(key) if mount.volume == _ASSETS else None
    if copied is not None:
        kind = _KINDS.get(copied["kind"], copied["kind"])
        place, name = copied["namespace"], copied["name"]
        yield Spot(kind=kind, namespace=place, name=name, key=copied["key"])
