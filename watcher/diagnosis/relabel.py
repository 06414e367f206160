"""Replays relabelling: what the steps of a running configuration make of a discovered target.

Ground: prometheus model/relabel/relabel.go, 2.42 to 3.5: regular
expressions are RE2 and fully anchored; a label that is not there is the empty string. It does not
judge what the steps are for.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from watcher.diagnosis.relabel_template import expanded
from watcher.model.kube import FieldError, JSONObject, number, text, texts
from watcher.operator.patterns import PatternError, PatternUnknownError, Regex, compiled

_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_DIGITS: Final = frozenset("0123456789")


class StepError(ValueError):
    """A relabelling step that cannot be replayed; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One item of ``relabel_configs``, with Prometheus's defaults filled in."""

    action: str = "replace"
    source_labels: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    modulus: int = 0
    target_label: str = ""
    replacement: str = "$1"

    def value(self, labels: Mapping[str, str]) -> str:
        """What it matches: the source labels' values, joined."""
        return self.separator.join(labels.get(name, "") for name in self.source_labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the steps made of a target: ``labels`` at the end, or before the step that dropped it.

    ``dropped_by`` is the index of that step, None for a target that is kept.
    """

    labels: Mapping[str, str]
    dropped_by: int | None = None


def steps(scrape_config: JSONObject) -> tuple[Step, ...]:
    """The relabelling steps of a scrape config, as ``/api/v1/status/config`` shows it.

    Raises StepError for a field of a wrong type.
    """
    try:
        listed = scrape_config.get("relabel_configs") or ()
        if isinstance(listed, str) or not isinstance(listed, list | tuple):
            raise StepError("relabel_configs is no list")
        return tuple(_step(raw) for raw in listed if isinstance(raw, Mapping))
    except FieldError as error:
        raise StepError(f"relabel_configs: {error}") from None


def replay(labels: Mapping[str, str], chain: Iterable[Step], *, modern: bool = True) -> Outcome:
    """Apply *chain* to a discovered target's *labels*.

    *modern*: as Prometheus 3 does, in which a dot matches line breaks too and a label's name may be
    any text. Raises StepError for a step that it cannot replay.
    """
    now = {name: value for name, value in labels.items() if value}
    for index, step in enumerate(chain):
        after = _applied(step, now, modern=modern)
        if after is None:
            return Outcome(labels=now, dropped_by=index)
        now = {name: value for name, value in after.items() if value}
    return Outcome(labels=now)


def matches(regex: str, value: str, *, modern: bool = True) -> bool:
    """Whether all of *value* matches. Raises StepError for something that is not RE2."""
    return _compiled(regex, modern=modern).search(value) is not None


def _step(raw: JSONObject) -> Step:
    """One step. That answer writes defaults out and leaves out what is empty (2.42 to 3.5)."""
    return Step(
        action=(text(raw, "action") or "replace").lower(),
        source_labels=texts(raw, "source_labels"),
        separator=text(raw, "separator") or "",
        regex=text(raw, "regex") or "",
        modulus=number(raw, "modulus") or 0,
        target_label=text(raw, "target_label") or "",
        replacement=text(raw, "replacement") or "",
    )


def _applied(step: Step, labels: Mapping[str, str], *, modern: bool) -> Mapping[str, str] | None:
    """The labels after one step, None where it drops the target."""
    if step.action in _DROPPING:
        keeps = _DROPPING[step.action](step, labels, modern)
        return labels if keeps else None
    change = _CHANGING.get(step.action)
    if change is None:
        raise StepError(f"action {step.action!r} is not known; see the documentation of Prometheus")
    return change(step, labels, modern)


def _keep(step: Step, labels: Mapping[str, str], modern: bool) -> bool:  # noqa: FBT001 -- a table's form
    return matches(step.regex, step.value(labels), modern=modern)


def _keep_equal(step: Step, labels: Mapping[str, str], modern: bool) -> bool:  # noqa: ARG001, FBT001
    return labels.get(step.target_label, "") == step.value(labels)


def _replace(step: Step, labels: Mapping[str, str], modern: bool) -> Mapping[str, str]:  # noqa: FBT001
    found = _compiled(step.regex, modern=modern).search(step.value(labels))
    if found is None:
        return labels
    target = expanded(step.target_label, found)
    if not (target if modern else _plain(target)):
        return labels
    return {**labels, target: expanded(step.replacement, found)}


def _hashmod(step: Step, labels: Mapping[str, str], modern: bool) -> Mapping[str, str]:  # noqa: ARG001, FBT001
    """The last 8 bytes of the MD5, big-endian, by the modulus."""
    if step.modulus <= 0:
        raise StepError("hashmod needs a modulus above zero")
    digest = hashlib.md5(step.value(labels).encode(), usedforsecurity=False).digest()
    return {**labels, step.target_label: str(int.from_bytes(digest[8:], "big") % step.modulus)}


def _map(step: Step, labels: Mapping[str, str], modern: bool) -> Mapping[str, str]:  # noqa: FBT001
    regex = _compiled(step.regex, modern=modern)
    mapped = dict(labels)
    for name, value in sorted(labels.items()):
        found = regex.search(name)
        if found is not None:
            mapped[expanded(step.replacement, found)] = value
    return mapped


def _drop_labels(step: Step, labels: Mapping[str, str], modern: bool) -> Mapping[str, str]:  # noqa: FBT001
    return {n: v for n, v in labels.items() if not matches(step.regex, n, modern=modern)}


def _keep_labels(step: Step, labels: Mapping[str, str], modern: bool) -> Mapping[str, str]:  # noqa: FBT001
    return {n: v for n, v in labels.items() if matches(step.regex, n, modern=modern)}


_DROPPING: Final[Mapping[str, Callable[[Step, Mapping[str, str], bool], bool]]] = {
    "keep": _keep,
    "drop": lambda step, labels, modern: not _keep(step, labels, modern),
    "keepequal": _keep_equal,
    "dropequal": lambda step, labels, modern: not _keep_equal(step, labels, modern),
}
_CHANGING: Final[Mapping[str, Callable[[Step, Mapping[str, str], bool], Mapping[str, str]]]] = {
    "replace": _replace,
    "hashmod": _hashmod,
    "labelmap": _map,
    "labeldrop": _drop_labels,
    "labelkeep": _keep_labels,
    "lowercase": lambda s, labels, _: {**labels, s.target_label: s.value(labels).lower()},
    "uppercase": lambda s, labels, _: {**labels, s.target_label: s.value(labels).upper()},
}


def _compiled(regex: str, *, modern: bool) -> Regex:
    pattern = f"^(?s:{regex})$" if modern else f"^(?:{regex})$"
    try:
        return compiled(pattern)
    except (PatternError, PatternUnknownError) as error:
        raise StepError(f"{pattern}: no regular expression of RE2: {error}") from None


def _plain(name: str) -> bool:
    """Whether *name* is a label's name as Prometheus 2 has them."""
    return bool(name) and name[0] in _LETTERS and set(name) <= _LETTERS | _DIGITS
