"""Whether the Secrets and ConfigMaps that a monitor refers to are there, with their keys.

Only names of keys are looked at. Texts are those of prometheus-operator, pkg/assets/store.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from watcher.model.kube import JSON, mapping, text
from watcher.operator.rejection import Problems, Reason, Rejection, Untold

Keys: TypeAlias = Mapping[str, tuple[str, ...] | None]
"""Names of keys by ``secret/NS/NAME`` or ``configmap/NS/NAME``; None for one that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What is known of the Secrets and ConfigMaps in the monitor's namespace.

    *keys* is None where none could be read.
    """

    namespace: str
    keys: Keys | None

    def secret(self, selector: JSON) -> Problems:
        """One key of a Secret."""
        return self._key("secret", text(selector, "name") or "", text(selector, "key") or "")

    def either(self, selector: JSON) -> Problems:
        """One key of a Secret or of a ConfigMap."""
        if mapping(selector, "secret"):
            yield from self.secret(mapping(selector, "secret"))
        elif found := mapping(selector, "configMap"):
            yield from self._key("configmap", text(found, "name") or "", text(found, "key") or "")

    def _key(self, kind: str, name: str, key: str) -> Problems:
        place = f"{kind}/{self.namespace}/{name}"
        if self.keys is None or place not in self.keys:
            yield Untold(Reason.REFERENCE_MISSING, f"{kind} {name!r} could not be read")
            return
        found = self.keys[place]
        if found is None:
            said = f'unable to get {kind} "{name}": {kind}s "{name}" not found'
            yield Rejection(Reason.REFERENCE_MISSING, said)
        elif key not in found:
            said = f'key "{key}" in {kind} "{name}" not found'
            yield Rejection(Reason.KEY_MISSING, said)
