"""The operator's checks of relabelings.

Texts are those of prometheus-operator v0.93.0, pkg/prometheus/validation/validator.go.
"""

import re
from collections.abc import Iterator
from typing import Final

from watcher.model.kube import JSON, JSONObject, items, number, objects, text
from watcher.model.observations import at_least
from watcher.operator.patterns import compiles
from watcher.operator.rejection import Problem, Problems, Reason, Rejection, Untold, under

_CASE: Final = frozenset({"lowercase", "uppercase"})
_EQUAL: Final = frozenset({"keepequal", "dropequal"})
_TARGETED: Final = _CASE | _EQUAL | {"replace", "hashmod"}
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TEMPLATE: Final = re.compile(r"(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+", re.ASCII)


def relabeling_problems(raw: JSON, field: str, version: str | None) -> Problems:
    """The relabelings in the list *field* of *raw*, for a Prometheus of *version*."""
    for index, rule in enumerate(objects(raw, field)):
        yield from under(f"[{index}]", _problems(rule, version))


def label_name_is_valid(name: str, version: str | None) -> bool:
    """Whether a label may have this name: since Prometheus 3 any that is not empty."""
    return bool(name) if at_least(version, 3) else bool(_LABEL.fullmatch(name))


def _problems(rule: JSONObject, version: str | None) -> Iterator[Problem]:
    shown = text(rule, "action") or "replace"
    action = shown.lower()
    for said in _refused(rule, shown, action, version):
        yield Rejection(Reason.RELABELING, said)
    pattern = text(rule, "regex") or ""
    place = f"invalid regex {pattern} for relabel configuration"
    match compiles(pattern):
        case False:
            yield Rejection(Reason.RELABELING, f"{place}: error parsing regexp")
        case None:
            yield Untold(Reason.RELABELING, f"{place}: not known")
        case True:
            pass


def _refused(rule: JSONObject, shown: str, action: str, version: str | None) -> Iterator[str]:
    since = "relabel action is only supported from Prometheus version"
    if action in _CASE and not at_least(version, 2, 36):
        yield f"{shown} {since} 2.36.0"
    if action in _EQUAL and not at_least(version, 2, 41):
        yield f"{shown} {since} 2.41.0"
    if action == "hashmod" and not number(rule, "modulus"):
        yield "relabel configuration for hashmod requires non-zero modulus"
    target = text(rule, "targetLabel") or ""
    if action in _TARGETED and not target:
        yield f"relabel configuration for {shown} action needs targetLabel value"
    elif action in _TARGETED and not _target_is_valid(target, action, version):
        yield f"\"{target}\" is invalid 'target_label' for {shown} action"
    replacement = text(rule, "replacement")
    if action in _CASE | _EQUAL and replacement not in {None, "$1"}:
        yield f"'replacement' can not be set for {shown} action"
    if action == "labelmap" and replacement is not None and not _map_is_valid(replacement, version):
        yield f"\"{replacement}\" is invalid 'replacement' for {shown} action"
    if action in _EQUAL and _has_more(rule) | (text(rule, "regex") not in {None, "", "(.*)"}):
        only = "'source_labels' and `target_label`"
        yield f"{shown} action requires only {only}, and no other fields"
    others = bool(items(rule, "sourceLabels")) or bool(target) or _has_more(rule)
    if action in {"labeldrop", "labelkeep"} and others:
        yield f"{shown} action requires only 'regex', and no other fields"


def _has_more(rule: JSONObject) -> bool:
    """Whether fields stand there with other than their defaults."""
    return (
        bool(number(rule, "modulus"))
        or text(rule, "separator") not in {None, ";"}
        or text(rule, "replacement") not in {None, "$1"}
    )


def _target_is_valid(target: str, action: str, version: str | None) -> bool:
    templated = action == "replace" and "$" in target
    return label_name_is_valid(target, version) or (templated and bool(_TEMPLATE.fullmatch(target)))


def _map_is_valid(replacement: str, version: str | None) -> bool:
    return label_name_is_valid(replacement, version) or bool(_TEMPLATE.fullmatch(replacement))
