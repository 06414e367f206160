"""The operator's checks of relabelings.

Texts are those of prometheus-operator v0.93.0, pkg/prometheus/validation/validator.go.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from watcher.model.kube import JSON, JSONObject, items, number, objects, text
from watcher.operator.patterns import compiles
from watcher.operator.rejection import Problem, Problems, Reason, Rejection, Untold, under
from watcher.operator.versions import Versions

_CASE: Final = frozenset({"lowercase", "uppercase"})
_EQUAL: Final = frozenset({"keepequal", "dropequal"})
_TARGETED: Final = _CASE | _EQUAL | {"replace", "hashmod"}
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TEMPLATE: Final = re.compile(r"(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+", re.ASCII)

_FIRST_WHOLE: Final = 68
"""The operator's version since which it looks at every relabeling, and keeps what it finds."""


def relabeling_problems(raw: JSON, field: str, versions: Versions) -> Problems:
    """The relabelings in the list *field* of *raw*."""
    for index, rule in enumerate(objects(raw, field)):
        yield from under(f"[{index}]", _problems(rule, versions))


def endpoint_relabeling_problems(
    endpoints: Sequence[JSONObject], endpoint: JSONObject, versions: Versions
) -> Problems:
    """Both lists of relabelings of *endpoint*, one of *endpoints*.

    Before v0.68 the operator passed over steps without an action, and forgot what was wrong at the
    next thing that it looked at: only the last list of the last endpoint counted.
    """
    fields: tuple[str, ...] = ("relabelings", "metricRelabelings")
    if not versions.operator_is(_FIRST_WHOLE):
        judged = [f for f in fields if any(text(s, "action") for s in objects(endpoint, f))]
        fields = tuple(judged[-1:]) if endpoint is endpoints[-1] else ()
    for field in fields:
        place = field.replace("elabelings", "elabelConfigs")
        yield from under(place, relabeling_problems(endpoint, field, versions))


def label_name_is_valid(name: str, versions: Versions) -> bool:
    """Whether a label may have this name: since Prometheus 3 any that is not empty.

    Operators before v0.86 ask for the names of Prometheus 2 whatever runs.
    """
    if versions.prometheus_is(3) and versions.operator_is(87):
        return bool(name)
    return bool(_LABEL.fullmatch(name))


def _problems(rule: JSONObject, versions: Versions) -> Iterator[Problem]:
    shown = text(rule, "action") or ""
    if not versions.operator_is(_FIRST_WHOLE):
        if not shown:
            return
        action = shown
    else:
        shown = shown or "replace"
        action = shown.lower()
    for said in _refused(rule, shown, action, versions):
        yield Rejection(Reason.RELABELING, said)
    pattern = text(rule, "regex") or ""
    place = f"invalid regex {pattern} for relabel configuration"
    match compiles(pattern, short_names=versions.operator_is(72)):  # since which Go 1.22 builds it
        case False:
            yield Rejection(Reason.RELABELING, f"{place}: error parsing regexp")
        case None:
            yield Untold(Reason.RELABELING, f"{place}: not known")
        case True:
            pass


def _refused(rule: JSONObject, shown: str, action: str, versions: Versions) -> Iterator[str]:
    since = "relabel action is only supported from Prometheus version"
    if action in _CASE and not versions.prometheus_is(2, 36):
        yield f"{shown} {since} 2.36.0"
    if action in _EQUAL and not versions.prometheus_is(2, 41):
        yield f"{shown} {since} 2.41.0"
    if action == "hashmod" and not number(rule, "modulus"):
        yield "relabel configuration for hashmod requires non-zero modulus"
    target = text(rule, "targetLabel") or ""
    if action in _TARGETED and not target:
        yield f"relabel configuration for {shown} action needs targetLabel value"
    elif action in _TARGETED and not _target_is_valid(target, action, versions):
        yield f"\"{target}\" is invalid 'target_label' for {shown} action"
    replacement = _replacement(rule, versions)
    if action in _CASE | _EQUAL and replacement not in {None, "$1"}:
        yield f"'replacement' can not be set for {shown} action"
    if (
        action == "labelmap"
        and replacement is not None
        and not _map_is_valid(replacement, versions)
    ):
        yield f"\"{replacement}\" is invalid 'replacement' for {shown} action"
    more = _has_more(rule, versions)
    if action in _EQUAL and more | (text(rule, "regex") not in {None, "", "(.*)"}):
        only = "'source_labels' and `target_label`"
        yield f"{shown} action requires only {only}, and no other fields"
    others = bool(items(rule, "sourceLabels")) or bool(target) or more
    if action in {"labeldrop", "labelkeep"} and others:
        yield f"{shown} action requires only 'regex', and no other fields"


def _has_more(rule: JSONObject, versions: Versions) -> bool:
    """Whether fields stand there with other than their defaults."""
    separator = text(rule, "separator")
    if separator == "" and not versions.operator_is(73):
        separator = None  # which is the same to it
    return (
        bool(number(rule, "modulus"))
        or separator not in {None, ";"}
        or _replacement(rule, versions) not in {None, "$1"}
    )


def _replacement(rule: JSONObject, versions: Versions) -> str | None:
    """The replacement; before v0.74 an empty one is the same as none."""
    found = text(rule, "replacement")
    return None if found == "" and not versions.operator_is(74) else found


def _target_is_valid(target: str, action: str, versions: Versions) -> bool:
    if versions.operator_is(87) or action == "hashmod":
        return label_name_is_valid(target, versions)
    return bool(_TEMPLATE.fullmatch(target))


def _map_is_valid(replacement: str, versions: Versions) -> bool:
    if versions.operator_is(87) and not (
        versions.operator_is(90) and not versions.prometheus_is(3)
    ):
        return label_name_is_valid(replacement, versions)
    return bool(_TEMPLATE.fullmatch(replacement))
