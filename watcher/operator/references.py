"""Whether the Secrets and ConfigMaps that a monitor refers to are there, with keys that can be used.

Of what stands under a key only a verdict is known. Texts are those of prometheus-operator v0.93.0,
pkg/assets/store.go and pkg/assets/tls.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watcher.model.facts import Availability, SecretKeys, Unavailable
from watcher.model.kube import JSON, JSONObject, mapping, text
from watcher.model.pems import Pem
from watcher.operator.pairs import pair_fault
from watcher.operator.rejection import Problems, Reason, Rejection, Untold

_NOT_READ: Final = Unavailable("not read")


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What is known of the Secrets and ConfigMaps in the monitor's namespace.

    *keys* is None where none could be read.
    """

    namespace: str
    keys: SecretKeys | None

    def secret(self, selector: JSON) -> Problems:
        """One key of a Secret."""
        yield from self._key("secret", mapping(selector))

    def either(self, selector: JSON) -> Problems:
        """One key of a Secret or of a ConfigMap."""
        kind, found = _chosen(selector)
        if found:
            yield from self._key(kind, found)

    def pems(self, tls: JSON) -> Problems:
        """What stands under the keys of a ``tlsConfig``: a CA, and a certificate beside its key.

        Where one is not there that is told already; what is empty the operator passes over.
        """
        of_ca, of_certificate = mapping(tls, "ca"), mapping(tls, "cert")
        of_key = mapping(tls, "keySecret")
        ca = self._pem(*_chosen(of_ca))
        if ca is not None and not ca.empty and ca.no_ca is not None:
            yield Rejection(Reason.PEM, f"ca {_shown(of_ca)}: {ca.no_ca}")
        certificate, key = self._pem(*_chosen(of_certificate)), self._pem("secret", of_key)
        if certificate is None or key is None or certificate.empty or key.empty:
            return
        if fault := pair_fault(certificate, key):
            named = f"<{text(of_key, 'name')}/{text(of_key, 'key')}>"
            yield Rejection(Reason.PEM, f"cert {_shown(of_certificate)}, key {named}: {fault}")

    def _key(self, kind: str, selector: JSONObject) -> Problems:
        name, key = text(selector, "name") or "", text(selector, "key") or ""
        if not name:  # as Kubernetes's client says before it asks
            said = f'unable to get {kind} "": resource name may not be empty'
            yield Rejection(Reason.REFERENCE_MISSING, said)
            return
        held = self._held(kind, name)
        if isinstance(held, Unavailable):
            said = f"{kind} {name!r} could not be read"
            yield Untold(Reason.REFERENCE_MISSING, said, held)
        elif held.value is None:
            said = f'unable to get {kind} "{name}": {kind}s "{name}" not found'
            yield Rejection(Reason.REFERENCE_MISSING, said)
        elif key not in held.value:
            said = f'key "{key}" in {kind} "{name}" not found'
            yield Rejection(Reason.KEY_MISSING, said)

    def _pem(self, kind: str, selector: JSONObject) -> Pem | None:
        held = self._held(kind, text(selector, "name") or "")
        if isinstance(held, Unavailable) or held.value is None:
            return None
        return held.value.get(text(selector, "key") or "")

    def _held(self, kind: str, name: str) -> Availability[Mapping[str, Pem] | None]:
        known = {} if self.keys is None else self.keys
        return known.get(f"{kind}/{self.namespace}/{name}", _NOT_READ)


def _chosen(selector: JSON) -> tuple[str, JSONObject]:
    """Of a reference to a Secret or a ConfigMap the one that the operator takes."""
    secret = mapping(selector, "secret")
    return ("secret", secret) if secret else ("configmap", mapping(selector, "configMap"))


def _shown(selector: JSON) -> str:
    kind, found = _chosen(selector)
    return f"<{kind}={text(found, 'name')},key={text(found, 'key')}>"
