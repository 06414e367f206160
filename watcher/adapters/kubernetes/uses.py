"""In which namespaces the facts of a cluster are read, and for whom: there alone a right matters."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Final, TypeAlias

from watcher.adapters.kubernetes.discovery import by_monitor
from watcher.adapters.kubernetes.job_facts import OBJECTS
from watcher.adapters.kubernetes.references import key_references
from watcher.adapters.kubernetes.resources import NETWORK_POLICIES
from watcher.adapters.kubernetes.targets import WORKLOADS
from watcher.model import facts
from watcher.model.expectations import Expectations, ExpectedJob
from watcher.model.kube import FieldError, KubeObject

User: TypeAlias = tuple[str, str]
"""A Prometheus or an operator, and the pool of one job of it, empty for all of it."""

Uses: TypeAlias = Mapping[str, Mapping[str, AbstractSet[User]]]
"""By the name of a fact and the namespace (empty for all of them) in which it is read."""

_Read: TypeAlias = Iterator[tuple[str, str, User]]

EVERYWHERE: Final = ""

_OF_PROMETHEUS: Final = (
    facts.STATEFUL_SETS,
    facts.REVISIONS,
    facts.POD_EVENTS,
    facts.LOGS,
    facts.RELOADER_LOG,
    facts.SECRET_KEYS,
    facts.CERTIFICATES,
)
"""Read in the namespace of a Prometheus."""

_OF_OPERATOR: Final = (facts.OPERATOR_PODS, facts.OPERATOR_LOG)
"""Read in the namespace of an operator."""

_OF_JOB: Final = (facts.MONITOR_EVENTS.name, *OBJECTS)
"""Read in the namespace of a monitor, or where it looks for its targets."""

IN_NAMESPACES: Final = frozenset({*_OF_JOB, *(f.name for f in (*_OF_PROMETHEUS, *_OF_OPERATOR))})
"""Names of the facts that are read where they are needed; all others are read everywhere."""


def uses(expectations: Expectations, operators: Iterable[KubeObject]) -> Uses:
    """Where what is expected, and *operators*, have facts read; those of ``IN_NAMESPACES``."""
    found: dict[str, dict[str, set[User]]] = defaultdict(lambda: defaultdict(set))
    resources = {
        watched.name: KubeObject(watched.resource)
        for watched in expectations.prometheuses
        if watched.resource is not None
    }
    everything = [(_of_prometheus(name, resource)) for name, resource in resources.items()]
    everything += [_of_operator(each) for each in operators]
    everything += [
        _of_job(job, expectations, resources.get(job.prometheus))
        for job in expectations.jobs
        if job.gone_since is None
    ]
    for each in everything:
        with suppress(FieldError):  # the snapshot says which field of which object is wrong
            for fact, namespace, user in each:
                found[fact][namespace].add(user)
    return found


def _of_prometheus(name: str, resource: KubeObject) -> _Read:
    for fact in _OF_PROMETHEUS:
        yield fact.name, resource.namespace, (name, "")


def _of_operator(operator: KubeObject) -> _Read:
    for fact in _OF_OPERATOR:
        yield fact.name, operator.namespace, (f"operator {operator.full_name}", "")


def _of_job(job: ExpectedJob, expected: Expectations, prometheus: KubeObject | None) -> _Read:
    raw = expected.objects.get(job.monitor) if job.monitor is not None else None
    if job.monitor is None or raw is None:
        return
    user, monitor = (job.prometheus, job.pool), KubeObject(raw)
    yield facts.MONITOR_EVENTS.name, job.monitor.namespace, user
    for kind, namespace, _ in key_references(monitor):
        if kind == "secret":
            yield facts.SECRET_KEYS.name, namespace, user
    where = by_monitor(monitor, prometheus)
    for fact, resource in OBJECTS.items():
        if resource in (NETWORK_POLICIES, *WORKLOADS, *where.resources):
            for namespace in (EVERYWHERE,) if where.places is None else where.places:
                yield fact, namespace, user
