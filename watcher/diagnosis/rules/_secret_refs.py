"""The Secrets from which an endpoint takes what it sends."""

from dataclasses import dataclass
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _advice
from watcher.model.kube import mapping, text

_AUTHORIZATION: Final = (("authorization", "credentials"), ("bearerTokenSecret",))


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKey:
    """A key of a Secret."""

    namespace: str
    name: str
    key: str


def of_authorization(case: Case) -> SecretKey | None:
    """What the job's endpoint sends as ``Authorization``; None where it takes that from no Secret."""
    monitor = _advice.monitor_of(case)
    asks = _advice.endpoint_of(case)
    if monitor is None:
        return None
    if asks is None:
        asks = monitor.spec
    for path in _AUTHORIZATION:
        found = mapping(asks, *path)
        name, key = text(found, "name"), text(found, "key")
        if name and key:
            return SecretKey(namespace=monitor.namespace, name=name, key=key)
    return None


def trim(ref: SecretKey) -> str:
    """The command that takes carriage returns and line feeds out of it, and shows nothing of it."""
    path = "{.data." + ref.key.replace(".", "\\.") + "}"
    there = f"kubectl -n {quote(ref.namespace)}"
    read = f"{there} get secret {quote(ref.name)} -o jsonpath={quote(path)}"
    return (
        f"{read} | base64 -d | tr -d '\\r\\n'"
        f" | {there} create secret generic {quote(ref.name)} --from-file={quote(ref.key)}=/dev/stdin"
        f" --dry-run=client -o json | {there} patch secret {quote(ref.name)} --patch-file=/dev/stdin"
    )
