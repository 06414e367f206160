"""What a monitor that never found a target seems to mean: a Service with a near label, or its port.

Only what somebody may have mistyped counts: a label of the same value under another key or of a value
that is nearly the same, and addresses behind the Service, which no other monitor selects. A selector of
which nothing there has anything is idle on purpose, for all that can be seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from watcher.diagnosis.risks._services import looked_for
from watcher.model.kube import FieldError, JSONObject, KubeObject, objects, value
from watcher.model.names import MonitorKind
from watcher.operator.addresses import addresses, wanted_port
from watcher.operator.discovery import Discovery, Role
from watcher.operator.jobs import ENDPOINTS as LISTS
from watcher.operator.selectors import Operator, Requirement, Selector

_ALIKE: Final = 0.8
"""How alike two values are that may be one mistyped: most letters, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A Service that the selector nearly means; ``labels`` are those that would select it."""

    service: KubeObject
    labels: Mapping[str, str]
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port that the Services which are selected do not have; ``names`` are those that they have.

    ``number`` is the asked port where it is a number in quotes.
    """

    service: KubeObject
    field: str
    asked: str | int
    names: tuple[str, ...]
    number: int | None = None


def near_service(
    monitors: Sequence[KubeObject],
    prometheus: KubeObject,
    wanted: Selector,
    place: Discovery,
    filled: Sequence[KubeObject],
) -> Near | None:
    """The one Service of *filled* that *wanted* nearly selects, and that no monitor does select."""
    found = []
    for service in filled:
        try:
            labels = _nearly(wanted, service.labels)
            if labels is None or not place.reaches(service.namespace):
                continue
            if not any(_selects(monitor, prometheus, service) for monitor in monitors):
                found.append(
                    Near(service=service, labels=labels, said=_said(wanted, service.labels))
                )
        except FieldError:
            continue
    return found[0] if len(found) == 1 else None


def lacking_port(
    monitor: KubeObject, endpoint: int, matching: Sequence[KubeObject], ends: Sequence[KubeObject]
) -> Port | None:
    """The port that an endpoint of *monitor* asks for, where no Service of *matching* has it.

    Addresses must stand behind them: *ends* are all Endpoints.
    """
    asks = _endpoint(monitor, endpoint)
    try:
        port = wanted_port(asks)
    except LookupError:
        return None
    quoted = value(asks, "targetPort")
    if port is None:
        return None
    names = {(s.namespace, s.name) for s in matching}
    there = [
        a for e in ends if (e.namespace, e.name) in names for a in addresses(Role.ENDPOINTS, e)
    ]
    if not there:
        return None
    known = tuple(sorted({a.port_name for a in there if a.port_name}))
    if port.field == "targetPort" and isinstance(quoted, str) and quoted.isdigit():
        return Port(
            service=matching[0], field="targetPort", asked=quoted, names=known, number=int(quoted)
        )
    if port.field != "port" or any(port.takes(a.port_name, a.port) for a in there):
        return None
    number = int(port.port) if str(port.port).isdigit() else None
    return Port(service=matching[0], field="port", asked=port.port, names=known, number=number)


def _endpoint(monitor: KubeObject, number: int) -> JSONObject:
    listed = tuple(objects(monitor.raw, "spec", LISTS[MonitorKind(monitor.kind)]))
    return listed[number] if number < len(listed) else {}


def _selects(monitor: KubeObject, prometheus: KubeObject, service: KubeObject) -> bool:
    looked = looked_for(monitor, prometheus)
    return (
        looked is not None
        and looked[1].reaches(service.namespace)
        and looked[0].matches(service.labels)
    )


def _nearly(wanted: Selector, labels: Mapping[str, str]) -> Mapping[str, str] | None:
    """Labels of the Service that would select it, where every requirement that it lacks is near one."""
    instead: dict[str, str] = {}
    unmet = [r for r in wanted.requirements if not r.matches(labels)]
    for requirement in wanted.requirements:
        if requirement.operator is not Operator.IN or len(requirement.values) != 1:
            return None
        key = requirement.key if requirement not in unmet else _key_near(requirement, labels)
        if key is None:
            return None
        instead[key] = labels[key]
    return instead if unmet else None


def _key_near(requirement: Requirement, labels: Mapping[str, str]) -> str | None:
    """The label that *requirement* may mean: the same value elsewhere, or nearly it in its place."""
    asked = requirement.values[0]
    there = labels.get(requirement.key)
    if there is not None and SequenceMatcher(None, asked, there).ratio() >= _ALIKE:
        return requirement.key
    return next((key for key, word in sorted(labels.items()) if word == asked), None)


def _said(wanted: Selector, labels: Mapping[str, str]) -> str:
    return " and ".join(_each(wanted, labels))


def _each(wanted: Selector, labels: Mapping[str, str]) -> Iterator[str]:
    for requirement in wanted.requirements:
        key = None if requirement.matches(labels) else _key_near(requirement, labels)
        if key is not None:
            yield f"{key}={labels[key]} instead of {requirement.key}={requirement.values[0]}"
