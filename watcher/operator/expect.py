"""Everything that the operator's custom resources ask for, composed from one reading of a cluster.

This is the one public composition of this package; what it composes stands in the other modules.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from watcher.model.expectations import (
    Expectations,
    ExpectedJob,
    Unreadable,
    Unselected,
    WatchedPrometheus,
)
from watcher.model.facts import Known, Unavailable
from watcher.model.kube import FieldError, JSONObject, KubeObject
from watcher.model.names import MonitorKind, MonitorRef
from watcher.model.observations import at_least
from watcher.operator.counts import target_counts
from watcher.operator.grounds import NOT_READ, SETTLE, Grounds, Objects, Sources, grounds
from watcher.operator.jobs import expected_jobs, monitor_ref
from watcher.operator.nearest import nearest
from watcher.operator.prometheuses import Chooser, called, choosers
from watcher.operator.scope import operator_version
from watcher.operator.selection import CannotTell, NotSelected, Selected
from watcher.operator.steering import misheard
from watcher.operator.surroundings import HIDDEN, bad, namespace_labels, operator_scopes
from watcher.operator.target_labels import target_labels

NONE: Final[Known[Sequence[KubeObject]]] = Known(())

"""All objects of one kind, or why they could not be read.

A kind that the API server does not know is ``Known(())``. Each object must have its ``kind``.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One reading of a cluster.

    What is Unavailable is told as unreadable; services, endpoints, slices, target pods, ingresses
    and nodes are then only lacking for the number of targets, which is None. Without workloads it is
    that of the pods there are. ``pods`` are those of
    Prometheuses, at least; ``target_pods`` are all pods where monitors discover.
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
    ingresses: Objects = NOT_READ
    nodes: Objects = NOT_READ
    workloads: Objects = NOT_READ
    """Deployments, StatefulSets and DaemonSets, where monitors look for pods."""
    places: frozenset[str] | None = None
    """The namespaces of which services, endpoints and slices were read, None for all."""
    pod_places: frozenset[str] | None = None
    """The namespaces of which target pods were read, None for all."""
    settle: timedelta = SETTLE
    """How long a workload may take to bring its pods."""


UrlOf: TypeAlias = Callable[[KubeObject, KubeObject], str]
"""The URL of a server, of its pod and its Prometheus resource."""


def expect(cluster: Cluster, now: datetime, url_of: UrlOf) -> Expectations:
    """What *cluster* asks for, as of *now*.

    One bad object costs only itself and stands, with its field, in ``unreadable``; so does every
    kind that could not be read. Never raises for what a cluster holds.
    """
    unreadable = list(_unread(cluster))
    resources = (*_known(cluster.prometheuses), *_known(cluster.agents))
    found = choosers(
        resources,
        namespace_labels(cluster.namespaces, unreadable),
        operator_scopes(cluster.operators, unreadable),
        unreadable,
    )
    targets = Sources(
        services=cluster.services,
        endpoints=cluster.endpoints,
        slices=cluster.endpoint_slices,
        pods=cluster.target_pods,
        ingresses=cluster.ingresses,
        nodes=cluster.nodes,
        workloads=cluster.workloads,
    )
    laid = grounds(
        targets,
        now=now,
        settle=cluster.settle,
        places=cluster.places,
        pod_places=cluster.pod_places,
    )
    seen = _Seen(choosers=found, grounds=laid, named_probes=not _settled(cluster.operators))
    for kind, monitors in cluster.monitors.items():
        for monitor in _known(monitors):
            _add(kind, monitor, seen, unreadable)
    unreadable += [bad(each.resource, each.error) for each in laid.bad]
    both_read = isinstance(cluster.prometheuses, Known) and isinstance(cluster.agents, Known)
    complete = both_read and len(found) == len(resources)
    return Expectations(
        taken_at=now,
        prometheuses=tuple(_watched(cluster.pods, found, url_of, unreadable)),
        jobs=tuple(sorted(seen.jobs, key=lambda job: (job.prometheus, job.pool, job.key))),
        objects=seen.objects,
        unselected=tuple(sorted(seen.unselected, key=_by_monitor)) if complete else (),
        unreadable=tuple(unreadable),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What has been made of the monitors so far; the lists grow."""

    choosers: tuple[Chooser, ...]
    grounds: Grounds
    named_probes: bool
    """Whether a Probe's pool may still have the bare name that it had until v0.42."""
    jobs: list[ExpectedJob] = field(default_factory=list)
    objects: dict[MonitorRef, JSONObject] = field(default_factory=dict)
    unselected: list[Unselected] = field(default_factory=list)


def _add(kind: MonitorKind, monitor: KubeObject, seen: _Seen, unreadable: list[Unreadable]) -> None:
    """One monitor; a field of a wrong type anywhere in it costs all of it, and nothing else."""
    try:
        ref, labels = monitor_ref(monitor), monitor.labels
        verdicts = [(c, c.judge(kind, ref.namespace, labels)) for c in seen.choosers]
        jobs: list[ExpectedJob] = []
        for chooser, verdict in verdicts:
            match verdict:
                case Selected():
                    jobs += _jobs(monitor, chooser, seen)
                case NotSelected() | CannotTell():
                    pass
    except FieldError as error:
        unreadable.append(bad(monitor, error))
        return
    if jobs and (faults := misheard(monitor)):
        told = f"{'; '.join(faults)}; correct the object"
        unreadable.append(Unreadable(source=called(monitor), error=told))
    seen.objects[ref] = monitor.raw
    seen.jobs.extend(jobs)
    refused = [(c.name, v) for c, v in verdicts if isinstance(v, NotSelected)]
    if len(refused) == len(verdicts):
        seen.unselected.append(nearest(ref, refused))


def _jobs(monitor: KubeObject, chooser: Chooser, seen: _Seen) -> Iterator[ExpectedJob]:
    jobs = expected_jobs(monitor, chooser.prometheus, name=chooser.name)
    counts = target_counts(monitor, chooser.prometheus, seen.grounds)
    services = seen.grounds.services if seen.grounds.places is None else None
    carried = target_labels(monitor, chooser.prometheus, services)
    for job, count, labels in zip(jobs, counts, carried, strict=True):
        aliases = tuple(a for a in job.aliases if seen.named_probes or "/" in a)
        yield replace(job, targets=count, aliases=aliases, labels=labels)


def _watched(
    pods: Objects, found: tuple[Chooser, ...], url_of: UrlOf, unreadable: list[Unreadable]
) -> Iterator[WatchedPrometheus]:
    usable = []
    for pod in _known(pods):
        try:
            _ = pod.namespace, pod.name, pod.labels
            usable.append(pod)
        except FieldError as error:
            unreadable.append(bad(pod, error))
    for chooser in found:
        yield WatchedPrometheus(
            name=chooser.name,
            servers=chooser.servers(usable, url_of),
            resource=chooser.prometheus.raw,
        )


def _settled(operators: Objects) -> bool:
    """Whether every operator is known to be of v0.43 or later."""
    try:
        versions = [operator_version(deployment) for deployment in _known(operators)]
    except FieldError:
        return False
    return bool(versions) and all(at_least(version, 0, 43) for version in versions)


def _unread(cluster: Cluster) -> Iterator[Unreadable]:
    """The kinds that were asked for and could not be read."""
    kinds: dict[str, Objects] = {
        "prometheuses": cluster.prometheuses,
        "prometheusagents": cluster.agents,
        **{kind.plural: found for kind, found in cluster.monitors.items()},
        "namespaces": cluster.namespaces,
        "deployments of prometheus-operator": cluster.operators,
        "pods of Prometheus": cluster.pods,
        "services": cluster.services,
        "endpoints": cluster.endpoints,
        "endpointslices": cluster.endpoint_slices,
        "pods": cluster.target_pods,
        "ingresses": cluster.ingresses,
        "nodes": cluster.nodes,
        "deployments, statefulsets and daemonsets": cluster.workloads,
    }
    for source, found in kinds.items():
        if isinstance(found, Unavailable) and found is not NOT_READ:
            yield Unreadable(
                source=source,
                error=found.reason,
                permission=found.permission,
                hides=HIDDEN.get(source, ()),
            )


def _known(found: Objects) -> Sequence[KubeObject]:
    return () if isinstance(found, Unavailable) else found.value


def _by_monitor(unselected: Unselected) -> MonitorRef:
    return unselected.monitor
