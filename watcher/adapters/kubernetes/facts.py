"""The facts that a cluster knows, for the rules: gathered once for all jobs of a Prometheus.

What the objects mean is for the rules and the operator package to say.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias

from watcher.adapters.kubernetes.api import KubeApi
from watcher.adapters.kubernetes.call import Call
from watcher.adapters.kubernetes.job_facts import OBJECTS, JobFacts
from watcher.adapters.kubernetes.prometheus_facts import PrometheusFacts
from watcher.adapters.kubernetes.secret_facts import Secrets
from watcher.model import facts
from watcher.model.comparison import JobStatus
from watcher.model.expectations import WatchedPrometheus
from watcher.model.facts import Availability, Facts, Known, Unavailable
from watcher.model.kube import FieldError
from watcher.model.names import JobKey
from watcher.model.observations import Observation
from watcher.operator.selectors import SelectorError

CLUSTER: Final = frozenset(
    fact.name
    for fact in (
        facts.PROMETHEUS,
        facts.PROMETHEUSES,
        facts.MONITOR,
        facts.MONITORS,
        facts.NAMESPACE,
        facts.NAMESPACES,
        facts.MONITOR_EVENTS,
        facts.CRDS,
        facts.OPERATOR,
        facts.OPERATOR_PODS,
        facts.OPERATOR_LOG,
        facts.STATEFUL_SETS,
        facts.REVISIONS,
        facts.PODS,
        facts.POD_EVENTS,
        facts.RELOADER_LOG,
        facts.SERVICES,
        facts.ENDPOINTS,
        facts.ENDPOINT_SLICES,
        facts.TARGET_PODS,
        facts.NODES,
        facts.INGRESSES,
        facts.NETWORK_POLICIES,
        facts.DEPLOYMENTS,
        facts.TARGET_STATEFUL_SETS,
        facts.DAEMON_SETS,
        facts.SECRET_KEYS,
        facts.ACCESS,
        facts.CERTIFICATES,
    )
)
"""Names of the facts that come from a cluster."""

NO_API: Final = Unavailable("no Kubernetes API is configured")


class ClusterFacts:
    """Fits the port FactGatherer, for the facts of the cluster alone.

    *namespaces* are those to make do with where not all may be read.
    """

    def __init__(self, api: KubeApi | None, namespaces: tuple[str, ...] = ()) -> None:
        self._api = api
        self._namespaces = namespaces

    def gather(
        self,
        prometheus: WatchedPrometheus,
        observation: Observation,
        needs: Mapping[JobKey, frozenset[str]],
        jobs: Sequence[JobStatus],
        now: datetime,
    ) -> Mapping[JobKey, Facts]:
        """The facts of the cluster that each of *jobs* needs; others are left out."""
        del now
        if self._api is None:
            return {job.job.key: _without_api(needs[job.job.key]) for job in jobs}
        call = Call(self._api, self._namespaces)
        shared = PrometheusFacts(call, prometheus)
        of_job = JobFacts(call, shared, observation, jobs)
        found = {}
        for job in jobs:
            own = {name: partial(read, job) for name, read in of_job.readers.items()}
            found[job.job.key] = _facts({**shared.readers, **own}, needs[job.job.key])
        return found

    def gather_prometheus(
        self,
        prometheus: WatchedPrometheus,
        observation: Observation | None,
        needs: frozenset[str],
        now: datetime,
    ) -> Facts:
        """The facts of the cluster that concern a whole Prometheus.

        Of facts that are about where a job looks for its targets, what there is everywhere.
        """
        del now
        if self._api is None:
            return _without_api(needs)
        call = Call(self._api, self._namespaces)
        shared = PrometheusFacts(call, prometheus)
        everywhere = {name: partial(call.everywhere, what) for name, what in OBJECTS.items()}
        of_certificates = partial(Secrets(call, shared).of_certificates, observation)
        own = {facts.CERTIFICATES.name: of_certificates}
        return _facts({**everywhere, **own, **shared.readers}, needs)


Readers: TypeAlias = Mapping[str, Callable[[], Availability[Any]]]


def _facts(readers: Readers, needs: frozenset[str]) -> Facts:
    return Facts({name: _read(name, readers[name]) for name in sorted(needs & readers.keys())})


def _read(name: str, read: Callable[[], Availability[Any]]) -> Known[object] | Unavailable:
    """What *read* gives; one object of a wrong form costs the fact, and nothing else."""
    try:
        return read()
    except (FieldError, SelectorError) as error:
        return Unavailable(f"{name}: {error}; correct the object")


def _without_api(needs: frozenset[str]) -> Facts:
    return Facts(dict.fromkeys(sorted(needs & CLUSTER), NO_API))
