"""Facts that all jobs of one Prometheus share: its resource, its pods, what it was made of."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from watcher.adapters.kubernetes.api import ManagedFields, Which
from watcher.adapters.kubernetes.call import Call
from watcher.adapters.kubernetes.events import events
from watcher.adapters.kubernetes.reading import (
    Objects,
    attempt,
    joined,
    owner_names,
    workloads_of,
)
from watcher.adapters.kubernetes.resources import (
    AGENTS,
    DAEMON_SETS,
    MONITORING,
    MONITORS,
    NAMESPACES,
    NODES,
    PODS,
    PROMETHEUSES,
    REVISIONS,
    STATEFUL_SETS,
)
from watcher.adapters.wording.operator_log import operator_lines
from watcher.adapters.wording.reloader_log import last_failure
from watcher.model import facts
from watcher.model.expectations import WatchedPrometheus
from watcher.model.facts import Availability, Known, OperatorLine, ReloaderLine, Unavailable
from watcher.model.kube import KubeObject, objects, text
from watcher.operator.deployments import RELOADERS, operator_container
from watcher.operator.objects import daemon_set_mode, pods_of
from watcher.operator.selectors import selector

LOG_LINES: Final = 5000
LOG_BYTES: Final = 4 * 1024 * 1024
"""How much is read of the log of an operator's pod, or of a reloader: its last lines, and no more bytes of them."""

WHOLE: Final = Which(managed_fields=ManagedFields.ALL)
WHO: Final = Which(managed_fields=ManagedFields.WHO)


class PrometheusFacts:
    """Reads the facts of one Prometheus."""

    def __init__(self, call: Call, watched: WatchedPrometheus) -> None:
        self._call = call
        self._watched = watched
        self.readers: Mapping[str, Callable[[], Availability[Any]]] = {
            facts.PROMETHEUS.name: self.resource,
            facts.PROMETHEUSES.name: self._prometheuses,
            facts.MONITORS.name: self._monitors,
            facts.NAMESPACES.name: lambda: call.everywhere(NAMESPACES),
            facts.CRDS.name: self._crds,
            facts.OPERATOR.name: self._operators,
            facts.OPERATOR_PODS.name: self._operator_pods,
            facts.OPERATOR_LOG.name: lambda: call.once("operator log", self._operator_log),
            facts.STATEFUL_SETS.name: self.workloads,
            facts.REVISIONS.name: self.revisions,
            facts.PODS.name: self.pods,
            facts.POD_EVENTS.name: self._pod_events,
            facts.RELOADER_LOG.name: self._reloader_log,
            facts.NODES.name: lambda: call.everywhere(NODES),
        }
        """How each of them is read, by the fact's name."""

    def resource(self) -> Availability[KubeObject | None]:
        """The Prometheus's resource, None for one that is known by its URL alone."""
        namespace, slash, name = self._watched.name.partition("/")
        if not slash:
            return Known(None)
        plain = name.removesuffix(" (agent)")  # so called where a Prometheus has the same name
        known = self._watched.resource
        kind = None if known is None else known.get("kind")
        kinds = {PROMETHEUSES.kind: (PROMETHEUSES,), AGENTS.kind: (AGENTS,)}
        found: Availability[KubeObject | None] = Known(None)
        for resource in kinds.get(str(kind), (PROMETHEUSES, AGENTS)):
            found = self._call.one(resource, namespace, plain)
            if isinstance(found, Unavailable) or found.value is not None:
                return found
        return found

    def workloads(self) -> Objects:
        """Its StatefulSets and, of an agent, DaemonSets."""

        def of(prometheus: KubeObject) -> Objects:
            resource = DAEMON_SETS if daemon_set_mode(prometheus) else STATEFUL_SETS
            found = self._call.within(resource, prometheus.namespace, WHOLE)
            if isinstance(found, Unavailable):
                return found
            return Known(workloads_of(prometheus, found.value))

        return self._by_resource(of)

    def revisions(self) -> Objects:
        """ControllerRevisions of its workloads."""
        workloads = self.workloads()
        if isinstance(workloads, Unavailable) or not workloads.value:
            return workloads
        found = self._call.within(REVISIONS, workloads.value[0].namespace)
        if isinstance(found, Unavailable):
            return found
        owners = {(workload.kind, workload.name) for workload in workloads.value}
        return Known(tuple(r for r in found.value if owners & owner_names(r)))

    def pods(self) -> Objects:
        """Its pods."""

        def of(prometheus: KubeObject) -> Objects:
            found = self._call.once("pods", self._call.reading.prometheus_pods)
            if isinstance(found, Unavailable):
                return found
            return Known(pods_of(prometheus, found.value))

        return self._by_resource(of)

    def _by_resource(self, of: Callable[[KubeObject], Objects]) -> Objects:
        """What *of* reads for the resource; nothing for a Prometheus that has none."""
        resource = self.resource()
        if isinstance(resource, Unavailable):
            return resource
        return Known(()) if resource.value is None else of(resource.value)

    def _prometheuses(self) -> Objects:
        return joined(self._call.everywhere(resource, WHO) for resource in (PROMETHEUSES, AGENTS))

    def _monitors(self) -> Objects:
        return joined(self._call.everywhere(resource, WHO) for resource in MONITORS.values())

    def _crds(self) -> Availability[Mapping[str, bool]]:
        found: dict[str, bool] = {}
        for kind, resource in MONITORS.items():
            version = resource.version
            served = self._call.once(
                ("served", version),
                lambda v=version: attempt(lambda: self._call.api.plurals(MONITORING, v)),  # type: ignore[misc]
            )
            if isinstance(served, Unavailable):
                return served
            found[kind.value] = resource.plural in served.value
        return Known(found)

    def _operators(self) -> Objects:
        return self._call.once("operators", self._call.reading.operators)

    def _operator_pods(self) -> Objects:
        operators = self._operators()
        if isinstance(operators, Unavailable):
            return operators
        found = []
        for deployment in operators.value:
            wanted = selector(deployment.raw, "spec", "selector")
            if wanted is not None and wanted.requirements:
                which = Which(labels=str(wanted))
                found.append(self._call.within(PODS, deployment.namespace, which))
        return joined(found)

    def _operator_log(self) -> Availability[tuple[OperatorLine, ...]]:
        pods = self._operator_pods()
        if isinstance(pods, Unavailable):
            return pods
        found: list[OperatorLine] = []
        for pod in pods.value:
            said = self._log(pod, operator_container(pod))
            if isinstance(said, Unavailable):
                return said
            found += (replace(line, pod=pod.full_name) for line in operator_lines(said.value))
        return Known(tuple(found))

    def _log(self, pod: KubeObject, container: str) -> Availability[str]:
        read = partial(
            self._call.api.log,
            pod.namespace,
            pod.name,
            container,
            last_lines=LOG_LINES,
            limit_bytes=LOG_BYTES,
        )
        return attempt(read)

    def _reloader_log(self) -> Availability[tuple[ReloaderLine, ...]]:
        pods = self.pods()
        if isinstance(pods, Unavailable):
            return pods
        found: list[ReloaderLine] = []
        for pod in pods.value:
            names = (text(each, "name") for each in objects(pod.raw, "spec", "containers"))
            for container in RELOADERS.intersection(filter(None, names)):
                said = self._call.once(
                    ("reloader log", pod.full_name), partial(self._log, pod, container)
                )
                if isinstance(said, Unavailable):
                    return said
                if (line := last_failure(said.value)) is not None:
                    found.append(replace(line, pod=pod.full_name, container=container))
        return Known(tuple(found))

    def _pod_events(self) -> Objects:
        pods = self.pods()
        if isinstance(pods, Unavailable) or not pods.value:
            return pods
        names = {pod.name for pod in pods.value}
        return events(self._call, "Pod", pods.value[0].namespace, names)
