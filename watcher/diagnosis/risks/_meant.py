"""What a monitor that never found a target seems to mean: a Service with a near label, or its port.

Only what somebody may have mistyped counts: a Service that has every name that the selector asks for, under
another key that names things, with a letter wrong, or with another version or release; addresses stand behind
it, and no other monitor selects it. All else is idle on purpose, for all that can be seen: siblings of a
chart are called alike.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watcher.diagnosis.risks._services import looked_for
from watcher.model.kube import FieldError, JSONObject, KubeObject, objects, value
from watcher.model.names import MonitorKind
from watcher.operator.addresses import addresses, wanted_port
from watcher.operator.discovery import Discovery, Role
from watcher.operator.jobs import ENDPOINTS as LISTS
from watcher.operator.selectors import Operator, Requirement, Selector

_NAMING: Final = frozenset(
    {
        "app",
        "app.kubernetes.io/component",
        "app.kubernetes.io/name",
        "component",
        "k8s-app",
        "name",
    }
)
"""Labels that say what something is; others (a version, a release, a team) say something about it."""
_LONG: Final = 4
"""Shorter names differ by a letter though nobody mistyped one."""


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
    """Labels of the Service that would select it, where it has every name that is asked for.

    A name is the value of a label that names what something is; it may stand under another such key,
    or be mistyped. Labels that name nothing (a version, a release) may be others, or not there.
    """
    instead: dict[str, str] = {}
    names = 0
    for requirement in wanted.requirements:
        if requirement.operator is not Operator.IN or len(requirement.values) != 1:
            return None
        names += requirement.key in _NAMING
        if requirement.matches(labels):
            instead[requirement.key] = labels[requirement.key]
        elif requirement.key in _NAMING:
            key = _key_near(requirement, labels)
            if key is None:
                return None
            instead[key] = labels[key]
    met = all(requirement.matches(labels) for requirement in wanted.requirements)
    return None if met or not names else instead


def _key_near(requirement: Requirement, labels: Mapping[str, str]) -> str | None:
    """The naming label that *requirement* may mean: the same value elsewhere, or a mistyped one."""
    asked, there = requirement.values[0], labels.get(requirement.key)
    if there is not None and _mistyped(asked, there):
        return requirement.key
    named = (key for key in sorted(labels) if key in _NAMING)
    return next((key for key in named if labels[key] == asked), None)


def _mistyped(one: str, other: str) -> bool:
    """Whether one letter was left out, added, taken for another or swapped with its neighbour.

    Not at the end, where names of siblings differ (``redis-a``, ``redis-b``), nor in short names.
    """
    if min(len(one), len(other)) < _LONG or one[-1] != other[-1]:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return False
    rest, its = one[start:], other[start:]
    swapped = rest[:2] == its[1::-1] and rest[2:] == its[2:]
    return swapped or rest[1:] == its[1:] or rest[1:] == its or rest == its[1:]


def _said(wanted: Selector, labels: Mapping[str, str]) -> str:
    return " and ".join(_each(wanted, labels))


def _each(wanted: Selector, labels: Mapping[str, str]) -> Iterator[str]:
    for requirement in wanted.requirements:
        if requirement.matches(labels):
            continue
        asked = f"{requirement.key}={requirement.values[0]}"
        near = _key_near(requirement, labels) if requirement.key in _NAMING else None
        key = near or requirement.key
        there = f"{key}={labels[key]}" if key in labels else f"no label {key}"
        yield f"{there} instead of {asked}"
