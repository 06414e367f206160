"""Takes secrets out of what was read, before it is kept. Pure.

What Prometheus and Kubernetes hide already (``<secret>``) stays as it is. Names of Secrets and of
files, and the keys of Secrets, are no secrets: causes are found by them. So are verdicts on what stands
under these keys, which are kept in its place: what was judged once is judged the same again.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import yaml

from watcher import decoding
from watcher.adapters.pems import as_kept, judged
from watcher.secrecy import HIDDEN, TELLING, without_secrets

_NAME: Final = re.compile(
    rf"(?:__param_)?(?:(?:[\w-]*[_-])?(?:{TELLING})|auth|sig|jwt)", re.IGNORECASE
)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_EMPTIED: Final = frozenset({"Secret", "ConfigMap"})
_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def body(content: bytes) -> bytes:
    """An answer without secrets: JSON by its fields, anything else as text."""
    try:
        decoded = decoding.plain(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return without_secrets(content.decode("utf-8", "replace")).encode()
    return msgspec.json.encode(value(decoded)) if isinstance(decoded, dict | list) else content


def value(raw: Any) -> Any:
    """Decoded JSON or YAML without secrets."""
    match raw:
        case Mapping():
            kind = raw.get("kind")
            if isinstance(kind, str) and kind in _EMPTIED:
                raw = _emptied(raw)
            return {name: _field(name, held) for name, held in raw.items() if name != _APPLIED}
        case list() | tuple():
            return [value(each) for each in raw]
        case str():
            return without_secrets(raw)
        case _:
            return raw


def _field(name: Any, held: Any) -> Any:
    if name == "env" and isinstance(held, list):
        return [_variable(each) for each in held]
    if isinstance(name, str) and _is_secret(name):
        if isinstance(held, str) and held:
            return HIDDEN
        if isinstance(held, list):
            return [HIDDEN if isinstance(each, str) else value(each) for each in held]
    if name == "yaml" and isinstance(held, str):
        return _configuration(held)
    return value(held)


def _is_secret(name: str) -> bool:
    return _NAME.fullmatch(_CAMEL.sub("_", name)) is not None


def _variable(raw: Any) -> Any:
    """An environment variable: its value may be a secret whatever it is called."""
    hidden = value(raw)
    return {**hidden, "value": HIDDEN} if isinstance(hidden, dict) and "value" in hidden else hidden


def _emptied(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret or ConfigMap of which only the keys are left, each with the verdict on its value."""
    kept = {name: raw[name] for name in ("apiVersion", "kind", "type") if name in raw}
    metadata = raw.get("metadata")
    if isinstance(metadata, Mapping):
        kept["metadata"] = {n: metadata[n] for n in ("name", "namespace") if n in metadata}
    verdicts = judged(raw)
    for part in ("data", "stringData", "binaryData"):
        if isinstance(raw.get(part), Mapping):
            kept[part] = {key: as_kept(verdicts[str(key)]) for key in raw[part]}
    return kept


def _configuration(content: str) -> str:
    """The running configuration, which Prometheus shows as YAML; as it is where it is none."""
    try:
        decoded = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return without_secrets(content)
    if not isinstance(decoded, dict):
        return without_secrets(content)
    hidden = value(decoded)
    if hidden == decoded:
        return content
    return str(yaml.dump(hidden, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))
