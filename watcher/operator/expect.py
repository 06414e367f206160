"""Everything that the operator's custom resources ask for, composed from one reading of a cluster.

This is the one public composition of this package; what it composes stands in the other modules.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from watcher.model.expectations import Expectations
from watcher.model.facts import Availability, Known, Unavailable
from watcher.model.kube import KubeObject
from watcher.model.names import MonitorKind

NOT_READ: Final = Unavailable("not asked for")
NONE: Final[Known[Sequence[KubeObject]]] = Known(())

Objects = Availability[Sequence[KubeObject]]
"""All objects of one kind, or why they could not be read.

A kind that the API server does not know is ``Known(())``. Each object must have its ``kind``.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One reading of a cluster.

    What is Unavailable is told as unreadable; services, endpoints, slices and target pods are then
    only lacking for the number of targets, which is None. ``pods`` are those of Prometheuses, at
    least; ``target_pods`` are all pods where monitors discover.
    """

    prometheuses: Objects
    agents: Objects = NONE
    monitors: Mapping[MonitorKind, Objects] = field(default_factory=dict)
    namespaces: Objects = NOT_READ
    operators: Objects = NOT_READ
    """Deployments of prometheus-operator."""
    pods: Objects = NOT_READ
    services: Objects = NOT_READ
    endpoints: Objects = NOT_READ
    endpoint_slices: Objects = NOT_READ
    target_pods: Objects = NOT_READ


UrlOf = Callable[[KubeObject, KubeObject], str]
"""The URL of a server, of its pod and its Prometheus resource."""


def expect(cluster: Cluster, now: datetime, url_of: UrlOf) -> Expectations:
    """What *cluster* asks for, as of *now*.

    One bad object costs only itself and stands, with its field, in ``unreadable``; so does every
    kind that could not be read. Never raises for what a cluster holds.
    """
    raise NotImplementedError
