"""Facts of one job: its monitor, and what there is where its targets are looked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from watcher.adapters.kubernetes.call import ONE_BY_ONE, Call, Spread
from watcher.adapters.kubernetes.discovery import Where, by_configuration, by_monitor
from watcher.adapters.kubernetes.events import events
from watcher.adapters.kubernetes.prometheus_facts import WHOLE, PrometheusFacts
from watcher.adapters.kubernetes.reading import Objects, attempt
from watcher.adapters.kubernetes.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    INGRESSES,
    MONITORS,
    NAMESPACES,
    NETWORK_POLICIES,
    PODS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)
from watcher.adapters.kubernetes.secret_facts import Secrets
from watcher.model import facts
from watcher.model.comparison import JobStatus
from watcher.model.facts import AccessReview, Availability, Known, SecretKeys, Unavailable
from watcher.model.kube import KubeObject, text
from watcher.model.names import MonitorKind
from watcher.model.observations import Observation

NO_MONITOR: Final = Unavailable("the job comes from no monitor")
OBJECTS: Final = {
    facts.SERVICES.name: SERVICES,
    facts.ENDPOINTS.name: ENDPOINTS,
    facts.ENDPOINT_SLICES.name: ENDPOINT_SLICES,
    facts.TARGET_PODS.name: PODS,
    facts.INGRESSES.name: INGRESSES,
    facts.NETWORK_POLICIES.name: NETWORK_POLICIES,
    facts.DEPLOYMENTS.name: DEPLOYMENTS,
    facts.TARGET_STATEFUL_SETS.name: STATEFUL_SETS,
    facts.DAEMON_SETS.name: DAEMON_SETS,
}
"""Facts that are all objects of one resource where the job's targets are looked for."""


class JobFacts:
    """Reads the facts of the jobs of one Prometheus, and each thing but once for all of them."""

    def __init__(
        self,
        call: Call,
        prometheus: PrometheusFacts,
        observation: Observation | None,
        jobs: Sequence[JobStatus],
    ) -> None:
        self._call = call
        self._prometheus = prometheus
        self._observation = observation
        monitors = {job.job.monitor for job in jobs if job.job.monitor}
        self._many = {k for k in MonitorKind if sum(m.kind is k for m in monitors) > ONE_BY_ONE}
        self._many_namespaces = len({m.namespace for m in monitors}) > ONE_BY_ONE
        self._jobs = jobs
        self._secrets = Secrets(call, prometheus)
        self._spread: Spread | None = None
        self.readers: Mapping[str, Callable[[JobStatus], Availability[Any]]] = {
            facts.MONITOR.name: self._monitor,
            facts.NAMESPACE.name: self._namespace,
            facts.MONITOR_EVENTS.name: self._monitor_events,
            facts.SECRET_KEYS.name: self._secret_keys,
            facts.ACCESS.name: self._access,
        } | {name: partial(self._there, resource) for name, resource in OBJECTS.items()}
        """How each of them is read, by the fact's name."""

    def _monitor(self, status: JobStatus) -> Availability[KubeObject | None]:
        """The monitor; where many of a kind are asked for, out of one list of them all."""
        ref = status.job.monitor
        if ref is None:
            return NO_MONITOR
        resource = MONITORS[ref.kind]
        if ref.kind in self._many:
            listed = self._call.everywhere(resource, WHOLE)
            if isinstance(listed, Known):
                names = self._call.once(
                    ("by name", ref.kind), lambda: Known(_by_name(listed.value))
                )
                return Known(
                    None
                    if isinstance(names, Unavailable)
                    else names.value.get((ref.namespace, ref.name))
                )
            if listed.permission is None:
                return listed
        return self._call.one(resource, ref.namespace, ref.name)

    def _namespace(self, status: JobStatus) -> Availability[KubeObject | None]:
        ref = status.job.monitor
        if ref is None:
            return NO_MONITOR
        if self._many_namespaces:
            listed = self._call.everywhere(NAMESPACES)
            if isinstance(listed, Known):
                return Known(next((n for n in listed.value if n.name == ref.namespace), None))
        return self._call.one(NAMESPACES, "", ref.namespace)

    def _monitor_events(self, status: JobStatus) -> Objects:
        ref = status.job.monitor
        if ref is None:
            return NO_MONITOR
        return events(
            self._call, ref.kind, ref.namespace, {ref.name}, at_once=self._many_namespaces
        )

    def _there(self, resource: Resource, status: JobStatus) -> Objects:
        """The objects of *resource* where the job's targets are looked for."""
        found = self._where(status)
        if isinstance(found, Unavailable):
            return found
        if self._spread is None:
            known = [self._where(job) for job in self._jobs]
            self._spread = Spread(
                self._call, [each.value.places for each in known if isinstance(each, Known)]
            )
        return self._spread.of(resource, found.value.places)

    def _where(self, status: JobStatus) -> Availability[Where]:
        """Where its targets are looked for: as its monitor asks, else as it is configured."""
        return self._call.once(("where", status.job.key), partial(self._looked_for, status))

    def _looked_for(self, status: JobStatus) -> Availability[Where]:
        monitor = self._monitor(status)
        if isinstance(monitor, Known) and monitor.value is not None:
            prometheus = self._prometheus.resource()
            known = prometheus.value if isinstance(prometheus, Known) else None
            return Known(by_monitor(monitor.value, known))
        for server in self._observation.readable if self._observation else ():
            if status.pool in server.jobs:
                own = status.job.prometheus.partition("/")[0]
                return Known(by_configuration(server.jobs[status.pool].raw, own))
        if isinstance(monitor, Unavailable) and monitor is not NO_MONITOR:
            return monitor
        return Unavailable("the job is neither declared nor configured, so it looks nowhere")

    def _secret_keys(self, status: JobStatus) -> Availability[SecretKeys]:
        monitor = self._monitor(status)
        return self._secrets.of_job(monitor.value if isinstance(monitor, Known) else None)

    def _access(self, status: JobStatus) -> Availability[tuple[AccessReview, ...]]:
        """Whether the Prometheus's ServiceAccount may list and watch what it must."""
        prometheus, found = self._prometheus.resource(), self._where(status)
        if isinstance(prometheus, Unavailable):
            return prometheus
        if isinstance(found, Unavailable):
            return found
        if prometheus.value is None:
            return Unavailable("there is no resource that names the Prometheus's ServiceAccount")
        name = text(prometheus.value.raw, "spec", "serviceAccountName") or "default"
        account = (prometheus.value.namespace, name)
        reviews: list[AccessReview] = []
        for verb, resource, place in _asked(found.value):
            review = self._call.once(
                ("may", account, verb, resource, place),
                partial(attempt, partial(self._call.api.may, account, verb, resource, place)),
            )
            if isinstance(review, Unavailable):
                return review
            reviews.append(review.value)
        return Known(tuple(reviews))


def _asked(found: Where) -> Iterator[tuple[str, Resource, str]]:
    places = ("",) if found.places is None else found.places
    for resource in found.resources:
        for place in places if resource.namespaced else ("",):
            for verb in ("list", "watch"):
                yield verb, resource, place


def _by_name(monitors: Sequence[KubeObject]) -> Mapping[tuple[str, str], KubeObject]:
    return {(monitor.namespace, monitor.name): monitor for monitor in monitors}
