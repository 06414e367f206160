"""An object of a cluster as YAML that can be applied again."""

import re
from typing import Any, Final

import yaml

from watcher.adapters import redaction
from watcher.model.kube import JSONObject

_OF_THE_SERVER: Final = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "ownerReferences",  # the owner that is gone would take it away again
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
_TAKEN_OUT: Final = (
    "# <secret> stands where a secret was taken out: write it there before you apply this."
)
_PLAIN: Final = re.compile(r"[A-Za-z_/.][A-Za-z0-9_/.-]*")
_OTHER_THAN_TEXT: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_NUMBERS: Final = re.compile(r"\.(\d|inf|nan)", re.IGNORECASE)


def manifest(raw: JSONObject) -> str:
    """*raw* without its status and what only the API server writes, as one YAML document.

    Secrets are taken out, and where there was one a comment says so. A text that another YAML reader could take for a number, a date or a truth is quoted.
    """
    hidden = redaction.value(raw)
    kept: dict[str, Any] = {key: part for key, part in hidden.items() if key != "status"}
    metadata = kept.get("metadata")
    if isinstance(metadata, dict):
        kept["metadata"] = _slim(metadata)
    order = ("apiVersion", "kind", "metadata", "spec")
    sorted_ = {key: kept[key] for key in order if key in kept} | kept
    text: str = yaml.dump(sorted_, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)
    return f"{_TAKEN_OUT}\n{text}" if "<secret" in text else text


def _slim(metadata: dict[str, Any]) -> dict[str, Any]:
    slim = {key: part for key, part in metadata.items() if key not in _OF_THE_SERVER}
    if slim.get("annotations") == {}:
        del slim["annotations"]
    return slim


class _Dumper(yaml.SafeDumper):
    """Writes lists under their key, and no anchors: one object may stand in two places."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- the form of PyYAML
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style: str | None = "|" if "\n" in text else '"'
    if _PLAIN.fullmatch(text) and not _NUMBERS.match(text) and text.lower() not in _OTHER_THAN_TEXT:
        style = None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
