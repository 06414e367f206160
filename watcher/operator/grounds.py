"""The objects among which targets are counted, laid out once for all monitors."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from watcher.model.facts import Availability, Unavailable
from watcher.model.kube import FieldError, KubeObject, text
from watcher.operator.selectors import Selector
from watcher.operator.shelf import Bad, Item, Key, Shelf, grouped, shelve
from watcher.operator.workloads import Workloads, workloads

SERVICE_OF_SLICE: Final = "kubernetes.io/service-name"
"""Label of an EndpointSlice that names its Service."""

Objects: TypeAlias = Availability[Sequence[KubeObject]]
NOT_READ: Final = Unavailable("not asked for")
Places: TypeAlias = frozenset[str] | None
_ByService: TypeAlias = Mapping[Key, Sequence[KubeObject]]


class Unknown(Exception):  # noqa: N818 -- it ends one count, it is no error of anybody
    """The number cannot be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The objects among which targets are found; None for a kind that could not be read.

    ``places`` are the namespaces that were read (of pods: ``pod_places``), None for all: nothing
    can be counted beyond. ``bad`` are objects of which a field has a wrong type; it grows while targets are counted.
    """

    services: Shelf | None
    endpoints: _ByService | None
    slices: _ByService | None
    pods: Shelf | None
    ingresses: Shelf | None = None
    nodes: Shelf | None = None
    workloads: Workloads | None = None
    places: Places = None
    pod_places: Places = None
    bad: list[Bad] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The objects of each kind among which targets are found, as they were read."""

    services: Objects = NOT_READ
    endpoints: Objects = NOT_READ
    slices: Objects = NOT_READ
    pods: Objects = NOT_READ
    ingresses: Objects = NOT_READ
    nodes: Objects = NOT_READ
    workloads: Objects = NOT_READ


SETTLE: Final = timedelta(minutes=5)
"""So long pods may take to come, where nobody says otherwise."""


def grounds(
    read: Sources,
    *,
    now: datetime | None = None,
    settle: timedelta = SETTLE,
    places: Places = None,
    pod_places: Places = None,
) -> Grounds:
    """Lay out what was read, once for all monitors; workloads only where it is known when."""
    bad: list[Bad] = []
    wanting = None
    if now is not None and not isinstance(read.workloads, Unavailable):
        wanting = workloads(read.workloads.value, now, settle)
        bad.extend(wanting.shelf.bad)
    return Grounds(
        services=_shelf(read.services, bad),
        endpoints=_grouped(read.endpoints, bad, sliced=False),
        slices=_grouped(read.slices, bad, sliced=True),
        pods=_shelf(read.pods, bad),
        ingresses=_shelf(read.ingresses, bad),
        nodes=_shelf(read.nodes, bad),
        workloads=wanting,
        places=places,
        pod_places=pod_places,
        bad=bad,
    )


def matching(
    shelf: Shelf | None, wanted: Selector, namespaces: tuple[str, ...] | None, read: Places = None
) -> tuple[Item, ...]:
    """What *wanted* selects on the *shelf* in *namespaces*, of which *read* were read.

    Raises Unknown where some of them were not, or an object there could not be.
    """
    inside = read is None or (namespaces is not None and read.issuperset(namespaces))
    items = shelf.matching(wanted, namespaces) if shelf is not None and inside else None
    if items is None:
        raise Unknown
    return items


@contextmanager
def naming(resource: KubeObject, found: Grounds) -> Iterator[None]:
    """A field of a wrong type in a target's object costs the count, not the monitor."""
    try:
        yield
    except FieldError as error:
        if all(bad.resource is not resource for bad in found.bad):
            found.bad.append(Bad(resource, error))
        raise Unknown from None


def _shelf(found: Objects, bad: list[Bad]) -> Shelf | None:
    if isinstance(found, Unavailable):
        return None
    shelf = shelve(found.value)
    bad.extend(shelf.bad)
    return shelf


def _grouped(found: Objects, bad: list[Bad], *, sliced: bool) -> _ByService | None:
    if isinstance(found, Unavailable):
        return None
    by_service, unreadable = grouped(found.value, _service_of_slice if sliced else _service)
    bad.extend(unreadable)
    return None if unreadable else by_service


def _service(endpoints: KubeObject) -> Key:
    return endpoints.namespace, endpoints.name


def _service_of_slice(endpoint_slice: KubeObject) -> Key:
    name = text(endpoint_slice.raw, "metadata", "labels", SERVICE_OF_SLICE)
    return endpoint_slice.namespace, name or ""
