"""The operator's own word on a monitor: in the monitor's status, in its Events, or in the log.

Events are gone after an hour by default; the status has it only with a feature gate (reason since
v0.71, status since v0.86); the log has it as long as it reaches back.
"""

from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Lacking
from watcher.diagnosis.rules import _operator_log, _selection
from watcher.model.facts import MONITOR_EVENTS, PROMETHEUSES, Known, OperatorWord
from watcher.model.kube import FieldError, KubeObject, moment, number, objects, text
from watcher.model.names import MonitorKind
from watcher.operator.selection import selection
from watcher.operator.selectors import SelectorError
from watcher.operator.steering import changed_at

INVALID: Final = "InvalidConfiguration"

_CONTROLLERS: Final = {
    "prometheus-controller": "Prometheus",
    "prometheusagent-controller": "PrometheusAgent",
}
"""The kind that each controller of the operator looks after, as Events name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the operator itself says of the monitor, for one Prometheus; *at* may not be known."""

    message: str
    where: str
    at: datetime | None


def accepted(found: _selection.Pair) -> bool:
    """Whether the operator wrote that it accepts the monitor as it stands now."""
    return any(
        text(condition.raw, "status") == "True" and _is_current(condition, found.monitor)
        for condition in _conditions(found)
    )


def word_of_operator(case: Case, found: _selection.Pair) -> Word | None:
    """The operator's refusal: from the monitor's status, else from its Events, else from the log.

    Raises Lacking when the Events could not be read and the log has no word either.
    """
    for condition in _conditions(found):
        if text(condition.raw, "status") == "False" and _is_current(condition, found.monitor):
            return Word(
                message=text(condition.raw, "message") or "no message",
                where=found.monitor.kubectl("-o jsonpath='{.status.bindings}'"),
                at=moment(condition.raw, "lastTransitionTime"),
            )
    logged = _in_log(case, found)
    try:
        return _in_events(case, found) or logged
    except Lacking:
        if logged is None:
            raise
        return logged


def _in_log(case: Case, found: _selection.Pair) -> Word | None:
    line = _operator_log.last(
        case,
        OperatorWord.SKIPPED,
        found.monitor.full_name,
        prometheus=found.prometheus.full_name,
        since=changed_at(found.monitor),
    )
    if line is None or line.kind != found.monitor.kind.lower():
        return None
    return Word(message=line.text, where=_operator_log.where(line), at=line.at)


def _in_events(case: Case, found: _selection.Pair) -> Word | None:
    changed = changed_at(found.monitor)
    told = [
        (at, event)
        for event in case.read(MONITOR_EVENTS)
        if text(event.raw, "reason") == INVALID and _concerns(case, event, found)
        if (at := _time(event)) is None or changed is None or at >= changed
    ]
    if not told:
        return None
    at, last = max(told, key=lambda pair: pair[0].timestamp() if pair[0] else 0.0)
    words = text(last.raw, "message") or "no message"
    return Word(
        message=words.partition("invalid configuration: ")[2] or words,
        where=f"kubectl -n {quote(found.monitor.namespace)} get events --field-selector"
        f" involvedObject.name={quote(found.monitor.name)},reason={INVALID}",
        at=at,
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


def _concerns(case: Case, event: KubeObject, found: _selection.Pair) -> bool:
    """Whether it is about this Prometheus; before v0.86 Events said only by which controller.

    One that does not say it may be about any that takes the monitor. Raises Lacking.
    """
    ours = found.prometheus
    controller = text(event.raw, "reportingComponent") or text(event.raw, "source", "component")
    if _CONTROLLERS.get(controller or "", ours.kind) != ours.kind:
        return False
    own = {"name": ours.name, "namespace": ours.namespace, "kind": ours.kind}
    said = {field: text(event.raw, "related", field) for field in own}
    if not all(value is None or value == own[field] for field, value in said.items()):
        return False
    return said["name"] is not None or not any(
        _may_select(other, found.monitor)
        for other in case.read(PROMETHEUSES)
        if other.kind == ours.kind and other.full_name != ours.full_name
    )


def _may_select(prometheus: KubeObject, monitor: KubeObject) -> bool:
    """Whether its selector takes the monitor's labels; that of namespaces is not looked at."""
    try:
        says = selection(prometheus, MonitorKind(monitor.kind), Known({}))
    except (SelectorError, FieldError):
        return False
    return _selection.for_labels(says, monitor) is None


def _time(event: KubeObject) -> datetime | None:
    times = (
        moment(event.raw, "series", "lastObservedTime"),
        moment(event.raw, "lastTimestamp"),
        moment(event.raw, "eventTime"),
        moment(event.raw, "metadata", "creationTimestamp"),
    )
    return next((at for at in times if at is not None), None)
