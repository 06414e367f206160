"""What the rules of the link *accepted* share: the operator's own word, and our re-validation."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watcher.diagnosis.rule import Case, Lacking
from watcher.diagnosis.rules import _selection
from watcher.model.facts import MONITOR_EVENTS, SECRET_KEYS, Unavailable
from watcher.model.findings import Evidence, Finding, FixStep
from watcher.model.kube import KubeObject, moment, number, objects, text
from watcher.operator.rejection import Reason, Rejection
from watcher.operator.selection import NotSelected
from watcher.operator.steering import changed_at
from watcher.operator.validation import Validation, validate

INVALID: Final = "InvalidConfiguration"
_REFERENCE: Final = re.compile(r'(?P<kind>secret|configmap) "(?P<name>[^"]+)"')
_KEY: Final = re.compile(r'key "(?P<key>[^"]+)" in ')


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the operator itself says of the monitor, for one Prometheus; *at* may not be known."""

    message: str
    where: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A Secret or ConfigMap that the monitor refers to; *key* is None where it is not there."""

    kind: str
    namespace: str
    name: str
    key: str | None
    text: str


def taken(case: Case) -> _selection.Pair | None:
    """The monitor and its Prometheus, None where it is not selected or known to be accepted."""
    found = _selection.pair(case)
    if found is None or found.says.objects is None:
        return None
    if _selection.refused_for_labels(found) is not None or accepted(found):
        return None
    verdict = _selection.refused_for_namespace(case, found)
    return None if isinstance(verdict, NotSelected) else found


def accepted(found: _selection.Pair) -> bool:
    """Whether the operator wrote that it accepts the monitor as it stands now."""
    return any(
        text(condition.raw, "status") == "True" and _is_current(condition, found.monitor)
        for condition in _conditions(found)
    )


def word_of_operator(case: Case, found: _selection.Pair) -> Word | None:
    """The operator's refusal: from the monitor's status, else from its Events.

    Raises Lacking when the Events could not be read.
    """
    for condition in _conditions(found):
        if text(condition.raw, "status") == "False" and _is_current(condition, found.monitor):
            return Word(
                message=text(condition.raw, "message") or "no message",
                where=found.monitor.kubectl("-o jsonpath='{.status.bindings}'"),
                at=moment(condition.raw, "lastTransitionTime"),
            )
    changed = changed_at(found.monitor)
    told = [
        (at, event)
        for event in case.read(MONITOR_EVENTS)
        if text(event.raw, "reason") == INVALID and _concerns(event, found)
        if (at := _time(event)) is None or changed is None or at >= changed
    ]
    if not told:
        return None
    at, last = max(told, key=lambda pair: pair[0].timestamp() if pair[0] else 0.0)
    words = text(last.raw, "message") or "no message"
    return Word(
        message=words.partition("invalid configuration: ")[2] or words,
        where=f"kubectl -n {found.monitor.namespace} get events --field-selector"
        f" involvedObject.name={found.monitor.name},reason={INVALID}",
        at=at,
    )


def validation(case: Case, found: _selection.Pair) -> Validation:
    """Our own re-validation, as far as the names of keys could be read."""
    keys = case.look(SECRET_KEYS)
    known = None if isinstance(keys, Unavailable) else keys
    return validate(found.monitor, found.prometheus, known)


def references(case: Case, reason: Reason) -> tuple[_selection.Pair, list[Reference]] | None:
    """What the monitor refers to and is not there, or lacks its key.

    Raises Lacking when the names of keys could not be read and the monitor refers to some.
    """
    found = taken(case)
    if found is None:
        return None
    said = validation(case, found)
    lacking = [_reference(r, found.monitor) for r in said.rejections if r.reason is reason]
    keys = case.look(SECRET_KEYS)
    if not lacking and said.untold and isinstance(keys, Unavailable):
        raise Lacking(SECRET_KEYS.name, keys)
    return (found, lacking) if lacking else None


def finding(lacks: str, found: _selection.Pair, first: Reference, fix: FixStep) -> Finding:
    """A finding about one reference; jobs with the same are one problem."""
    place = f"{first.namespace}/{first.name}"
    return Finding(
        summary=f"the operator rejects {found.monitor.kind} {found.monitor.full_name}: {lacks}",
        evidence=(
            Evidence(
                seen=first.text,
                where=f"kubectl -n {first.namespace} describe {first.kind} {first.name}",
            ),
            Evidence(
                seen=f"{found.monitor.kind} {found.monitor.full_name} refers to it",
                where=found.monitor.kubectl(),
            ),
        ),
        fix=(fix,),
        proof=f"{first.kind} {place}",
    )


def _conditions(found: _selection.Pair) -> list[KubeObject]:
    return [
        KubeObject(condition)
        for binding in _selection.bindings(found.monitor, found.prometheus)
        for condition in objects(binding, "conditions")
        if text(condition, "type") == "Accepted"
    ]


def _is_current(condition: KubeObject, monitor: KubeObject) -> bool:
    return (number(condition.raw, "observedGeneration") or 0) >= monitor.generation


def _concerns(event: KubeObject, found: _selection.Pair) -> bool:
    """Whether it is about this Prometheus; before v0.86 Events did not say about which."""
    name = text(event.raw, "related", "name")
    return name is None or name == found.prometheus.name


def _time(event: KubeObject) -> datetime | None:
    times = (
        moment(event.raw, "series", "lastObservedTime"),
        moment(event.raw, "lastTimestamp"),
        moment(event.raw, "eventTime"),
        moment(event.raw, "metadata", "creationTimestamp"),
    )
    return next((at for at in times if at is not None), None)


def _reference(rejection: Rejection, monitor: KubeObject) -> Reference:
    named = _REFERENCE.search(rejection.text)
    key = _KEY.search(rejection.text)
    return Reference(
        kind=named["kind"] if named else "secret",
        namespace=monitor.namespace,
        name=named["name"] if named else "<secret>",
        key=key["key"] if key else None,
        text=rejection.text,
    )
