"""Takes secrets out of what was read, before it is kept. Pure.

What Prometheus and Kubernetes hide already (``<secret>``) stays as it is. Names of Secrets and of
files, and the keys of Secrets, are no secrets: causes are found by them. So are verdicts on what stands
under these keys, which are kept in its place: what was judged once is judged the same again.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import yaml

from watcher import decoding, yaml_text
from watcher.adapters.configuration.written import AS_WRITTEN
from watcher.adapters.pems import as_kept, judged
from watcher.secrecy import (
    HIDDEN,
    is_flag_of_secret,
    is_secret,
    parameter_without_secret,
    without_secrets,
    without_user,
)

_PARAMETERS: Final = frozenset({"params", "endpoint_params", "endpointParams"})
_HEADERS: Final = frozenset({"headers", "http_headers", "httpHeaders"})
_ARGUMENTS: Final = frozenset({"args", "command"})
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
            hidden = {name: _field(name, held) for name, held in raw.items() if name != _APPLIED}
            return _relabelled(hidden)
        case list() | tuple():
            return [value(each) for each in raw]
        case str():
            return without_secrets(raw)
        case _:
            return raw


def _field(name: Any, held: Any) -> Any:
    match held:
        case list():
            return _listed(name, held)
        case str():
            return _text(str(name), held)
        case Mapping() if name in _BY_NAME:
            return _BY_NAME[name](held)
        case Mapping() if name in _PARAMETERS:
            return {key: _parameter(str(key), each) for key, each in held.items()}
        case _:
            return value(held)


def _managed(held: Any) -> Any:
    """Who owns which field: what is owned of a list stands in the names (``k:{…}``, ``v:"…"``)."""
    if not isinstance(held, Mapping):
        return value(held)
    return {name[:2] + without_secrets(name[2:]): _managed(held[name]) for name in map(str, held)}


def _text(name: str, held: str) -> str:
    if is_secret(name):
        return held and HIDDEN
    return _configuration(held) if name == "yaml" else without_secrets(held)


def _listed(name: Any, held: list[Any]) -> list[Any]:
    if name == "env":
        return [_variable(each) for each in held]
    if name in _ARGUMENTS:
        return _arguments(held)
    is_hidden = is_secret(str(name))
    return [HIDDEN if is_hidden and isinstance(each, str) else value(each) for each in held]


def _parameter(name: str, held: Any) -> Any:
    if isinstance(held, list):
        return [_parameter(name, each) for each in held]
    return parameter_without_secret(name, held) if isinstance(held, str) else value(held)


def _prober(held: Mapping[Any, Any]) -> dict[Any, Any]:
    """That the URL of a prober has a user is a cause, who it is a secret."""
    url = held.get("url")
    has_user = isinstance(url, str) and "@" in url
    kept = {"url": without_user(str(url), f"{HIDDEN}@")} if has_user else {}
    return {**value(held), **kept}


def _header(held: Any) -> Any:
    """What a header holds may be a secret whatever it is called; names of files are none."""
    match held:
        case str():
            return HIDDEN
        case list():
            return [_header(each) for each in held]
        case Mapping():
            return {k: value(v) if k == "files" else _header(v) for k, v in held.items()}
        case _:
            return held


def _arguments(held: list[Any]) -> list[Any]:
    """The arguments of a program: what follows a flag such as ``--password`` is a secret too."""
    return [
        HIDDEN if isinstance(flag, str) and is_flag_of_secret(flag) else value(each)
        for flag, each in zip(("", *held), held, strict=False)
    ]


def _relabelled(rule: dict[Any, Any]) -> dict[Any, Any]:
    """A step of relabelling that gives a label which is a secret."""
    label = rule.get("target_label", rule.get("targetLabel"))
    if isinstance(label, str) and is_secret(label) and isinstance(rule.get("replacement"), str):
        return {**rule, "replacement": HIDDEN}
    return rule


_BY_NAME: Final[Mapping[Any, Callable[[Any], Any]]] = {
    "prober": _prober,
    "fieldsV1": _managed,
    **dict.fromkeys(_HEADERS, _header),
}
"""Mappings that are read in a way of their own."""


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
        decoded = yaml_text.load(content, as_written=AS_WRITTEN)
    except yaml_text.NotYaml:
        return without_secrets(content)
    if not isinstance(decoded, dict):
        return without_secrets(content)
    hidden = value(decoded)
    if hidden == decoded:
        return content
    return str(yaml.dump(hidden, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))
