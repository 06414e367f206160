"""Kubernetes label selectors: which labels match, and what others lack.

Semantics of ``metav1.LabelSelectorAsSelector`` and ``labels.Parse`` (Kubernetes 1.3x).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watcher.model.kube import JSON, FieldError, objects, text, text_map, texts, value

_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_DOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_OUTSIDE_BRACKETS: Final = re.compile(r",(?![^(]*\))")
_SET: Final = re.compile(r"(?P<key>[^\s!=<>,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)")
_COMPARED: Final = re.compile(r"(?P<key>[^\s!=<>,()]+)\s*(?P<op>==|!=|=)\s*(?P<value>[^\s,()=]*)")
_PRESENT: Final = re.compile(r"(?P<no>!?)\s*(?P<key>[^\s!=<>,()]+)")
_LONGEST_PREFIX: Final = 253
_ANY: Final = ("true", "enabled", "yes")
"""Values for a label of which only the key is asked for; several, as one may be excluded."""


class SelectorError(ValueError):
    """A label selector that Kubernetes refuses; the message names the field and what it wants."""


class Operator(StrEnum):
    """How a requirement compares, as in ``matchExpressions``."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one label."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether *labels* satisfy it; NotIn is satisfied by an absent label too."""
        match self.operator:
            case Operator.IN:
                return self.key in labels and labels[self.key] in self.values
            case Operator.NOT_IN:
                return self.key not in labels or labels[self.key] not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels

    def __str__(self) -> str:
        match self.operator:
            case Operator.IN if len(self.values) == 1:
                return f"{self.key}={self.values[0]}"
            case Operator.NOT_IN if len(self.values) == 1:
                return f"{self.key}!={self.values[0]}"
            case Operator.IN:
                return f"{self.key} in ({', '.join(self.values)})"
            case Operator.NOT_IN:
                return f"{self.key} notin ({', '.join(self.values)})"
            case Operator.EXISTS:
                return self.key
            case Operator.DOES_NOT_EXIST:
                return f"!{self.key}"


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector: all requirements must hold; none at all (``{}``) matches everything.

    A selector that is null is no Selector but None: it matches nothing.
    """

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether *labels* are selected."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        """As ``kubectl get -l`` takes it; empty for everything."""
        return ",".join(map(str, self.requirements))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What labels lack to be selected: in words, and as labels to set.

    ``labels`` make it match when set over the present ones. None where only a wider selector helps:
    a present label is excluded (somebody may have put it there to that end), or no labels at all
    could satisfy the selector.
    """

    words: str
    labels: Mapping[str, str] | None = None


def selector(raw: JSON, *path: str) -> Selector | None:
    """The label selector that stands at *path*; None for null, which selects nothing.

    Raises SelectorError for what Kubernetes refuses and for fields of a wrong type.
    """
    try:
        found = value(raw, *path)
        return None if found is None else Selector((*_labels(found), *_expressions(found)))
    except FieldError as error:
        raise SelectorError(str(error.below(*(path or ("selector",))))) from None
    except SelectorError as error:
        raise SelectorError(f"{'.'.join(path) or 'selector'}: {error}") from None


def parse_selector(words: str) -> Selector:
    """A selector as flags and ``kubectl -l`` take it: ``a=b,c in (d,e),!f``; empty for everything.

    Raises SelectorError for what ``labels.Parse`` refuses.
    """
    parts = _OUTSIDE_BRACKETS.split(words) if words.strip() else []
    return Selector(tuple(_parsed(part.strip()) for part in parts))


def lacking(wanted: Selector, labels: Mapping[str, str]) -> Lack | None:
    """What *labels* lack to match *wanted*, None when they match."""
    unmet = [r for r in wanted.requirements if not r.matches(labels)]
    if not unmet:
        return None
    words = "; ".join(_words(requirement, labels) for requirement in unmet)
    return Lack(words=words, labels=_cure(wanted, unmet))


def _parsed(part: str) -> Requirement:
    if found := _SET.fullmatch(part):
        operator = Operator.IN if found["op"] == "in" else Operator.NOT_IN
        values = tuple(value.strip() for value in found["values"].split(","))
        requirement = Requirement(found["key"], operator, values)
    elif found := _COMPARED.fullmatch(part):
        operator = Operator.NOT_IN if found["op"] == "!=" else Operator.IN
        requirement = Requirement(found["key"], operator, (found["value"],))
    elif found := _PRESENT.fullmatch(part):
        operator = Operator.DOES_NOT_EXIST if found["no"] else Operator.EXISTS
        requirement = Requirement(found["key"], operator)
    else:
        raise SelectorError(f"{part!r} is no part of a label selector; correct it")
    _check_key(requirement.key)
    _check_values(requirement.key, requirement.values)
    return requirement


def _labels(found: JSON) -> Iterator[Requirement]:
    for key, wanted in sorted(text_map(found, "matchLabels").items()):
        _check_key(key)
        _check_values(key, (wanted,))
        yield Requirement(key, Operator.IN, (wanted,))


def _expressions(found: JSON) -> Iterator[Requirement]:
    for expression in objects(found, "matchExpressions"):
        key = text(expression, "key") or ""
        word = text(expression, "operator") or ""
        values = texts(expression, "values")
        _check_key(key)
        try:
            operator = Operator(word)
        except ValueError:
            wanted = ", ".join(Operator)
            raise SelectorError(
                f"{word!r} is not a valid label selector operator of key {key!r}; use {wanted}"
            ) from None
        if (operator in {Operator.IN, Operator.NOT_IN}) != bool(values):
            wanted = "no values" if values else "at least one value"
            raise SelectorError(f"operator {operator} of key {key!r} takes {wanted}; correct it")
        _check_values(key, values)
        yield Requirement(key, operator, values)


def _check_key(key: str) -> None:
    prefix, slash, name = key.rpartition("/")
    if not _NAME.fullmatch(name) or (
        slash and not (_DOMAIN.fullmatch(prefix) and len(prefix) <= _LONGEST_PREFIX)
    ):
        raise SelectorError(f"{key!r} is no key of a label; correct it")


def _check_values(key: str, values: tuple[str, ...]) -> None:
    for wanted in values:
        if wanted and not _NAME.fullmatch(wanted):
            raise SelectorError(f"{wanted!r} is no value that label {key!r} can have; correct it")


def _words(requirement: Requirement, labels: Mapping[str, str]) -> str:
    key, present = requirement.key, labels.get(requirement.key)
    but = "" if present is None else f", it is {present or 'empty'}"
    match requirement.operator:
        case Operator.IN if len(requirement.values) == 1:
            return f"label {key}={requirement.values[0]} is lacking{but}"
        case Operator.IN:
            return f"label {key} with one of {', '.join(requirement.values)} is lacking{but}"
        case Operator.EXISTS:
            return f"label {key} with any value is lacking"
        case Operator.NOT_IN | Operator.DOES_NOT_EXIST:
            return f"label {key}={present} is excluded by {requirement}"


def _cure(wanted: Selector, unmet: list[Requirement]) -> Mapping[str, str] | None:
    """Labels to set; tried on the whole selector, because requirements can contradict."""
    cure: dict[str, str] = {}
    for requirement in unmet:
        if requirement.operator in {Operator.NOT_IN, Operator.DOES_NOT_EXIST}:
            return None
        rivals = [r for r in wanted.requirements if r.key == requirement.key]
        choices = (*(v for r in rivals if r.operator is Operator.IN for v in r.values), *_ANY)
        fits = (v for v in choices if all(r.matches({requirement.key: v}) for r in rivals))
        chosen = next(fits, None)
        if chosen is None:
            return None
        cure[requirement.key] = chosen
    return cure
