"""Reads of a cluster in which a failure is an answer: Known, or Unavailable and why.

Also where only some namespaces may be read. What the objects mean is the operator package's.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeAlias, TypeVar

from watcher.adapters.kubernetes.api import ALL, KubeApi, NoSuchResource, Which
from watcher.adapters.kubernetes.followed_lists import FollowedLists, place
from watcher.adapters.kubernetes.resources import (
    DEPLOYMENTS,
    MONITORING,
    NAMESPACES,
    PODS,
    Resource,
)
from watcher.errors import SourceUnavailable
from watcher.model.facts import Availability, Known, Unavailable
from watcher.model.kube import FieldError, KubeObject, objects, text
from watcher.operator.deployments import runs_operator
from watcher.operator.objects import object_name

T = TypeVar("T")
Objects: TypeAlias = Availability[tuple[KubeObject, ...]]

_OWNER_LABEL: Final = "operator.prometheus.io/name"
_POD_LABELS: Final = (_OWNER_LABEL, f"!{_OWNER_LABEL},prometheus")  # before v0.5x the latter alone


class Reading:
    """Reads of one API server; *namespaces* are those to make do with where not all may be read."""

    def __init__(self, api: KubeApi | FollowedLists, namespaces: tuple[str, ...] = ()) -> None:
        self._api = api
        self._namespaces = namespaces
        self.unserved: set[str] = set()
        """Kinds of the operator that the API server was found not to know."""

    def everywhere(self, resource: Resource, which: Which = ALL) -> Objects:
        """The objects of *resource* in all namespaces.

        Without the right to list them there: those of the namespaces in the settings, if each of
        these may be read.
        """
        read = partial(self._list, resource, which=which)
        found = attempt(read)
        if not isinstance(found, Unavailable) or found.permission is None or not self._namespaces:
            return found
        if resource == NAMESPACES:
            each = (self.one(NAMESPACES, "", name) for name in self._namespaces)
            return joined(
                one if isinstance(one, Unavailable) else Known(tuple(filter(None, (one.value,))))
                for one in each
            )
        return joined(attempt(partial(read, namespace)) for namespace in self._namespaces)

    def within(self, resource: Resource, namespaces: Iterable[str], which: Which = ALL) -> Objects:
        """The objects of *resource* in some namespaces."""
        read = partial(self._list, resource, which=which)
        return joined(attempt(partial(read, namespace)) for namespace in sorted(set(namespaces)))

    def one(self, resource: Resource, namespace: str, name: str) -> Availability[KubeObject | None]:
        """One object, ``Known(None)`` when it is not there."""
        try:
            return Known(self._api.get(resource, namespace, name))
        except NoSuchResource as error:
            return Known(None) if resource.group == MONITORING else unavailable(error)
        except SourceUnavailable as error:
            return unavailable(error)

    def prometheus_pods(self) -> Objects:
        """The pods of all Prometheuses that an operator made."""
        found = joined(self.everywhere(PODS, Which(labels=labels)) for labels in _POD_LABELS)
        if isinstance(found, Unavailable):
            return found
        # A pod may carry both labels, and what stands between may not know of selectors.
        return Known(tuple({place(pod): pod for pod in found.value}.values()))

    def operators(self) -> Objects:
        """Deployments of prometheus-operator.

        Of all Deployments: Helm's chart gives another label than kube-prometheus does, and one
        cluster may have an operator of each.
        """
        return self.everywhere(DEPLOYMENTS, Which(keeps=runs_operator))

    def _list(
        self, resource: Resource, namespace: str = "", *, which: Which
    ) -> tuple[KubeObject, ...]:
        try:
            return self._api.list(resource, namespace, which)
        except NoSuchResource:
            if resource.group == MONITORING:
                self.unserved.add(resource.kind)
                return ()  # no such kind, so none of them; the fact CRDS tells it apart
            raise


def attempt(read: Callable[[], T]) -> Availability[T]:
    """What *read* gives, or why it could not be read."""
    try:
        return Known(read())
    except SourceUnavailable as error:
        return unavailable(error)


def unavailable(error: SourceUnavailable) -> Unavailable:
    """The reason of *error* as a value."""
    return Unavailable(error.reason, error.permission)


def joined(found: Iterable[Objects]) -> Objects:
    """All of them together; half of them is nothing."""
    everything: list[KubeObject] = []
    for each in found:
        if isinstance(each, Unavailable):
            return each
        everything += each.value
    return Known(tuple(everything))


def workloads_of(prometheus: KubeObject, workloads: Iterable[KubeObject]) -> tuple[KubeObject, ...]:
    """The StatefulSets (DaemonSets) of *prometheus* among *workloads*, retained shards too.

    One that has no usable name is nobody's.
    """
    name = object_name(prometheus)
    return tuple(
        workload
        for workload in workloads
        for namespace, called in [place(workload)]
        if namespace == prometheus.namespace
        and (called == name or called.startswith(f"{name}-shard-"))
        and _may_own(prometheus, workload)
    )


def owner_names(resource: KubeObject) -> frozenset[tuple[str, str]]:
    """Kind and name of each owner of *resource*; none of a list that is not as it should be."""
    try:
        return frozenset(
            (text(owner, "kind") or "", text(owner, "name") or "")
            for owner in objects(resource.raw, "metadata", "ownerReferences")
        )
    except FieldError:
        return frozenset()


def _may_own(prometheus: KubeObject, workload: KubeObject) -> bool:
    """Whether *workload*'s owner is *prometheus*, or it has none (a hand-made copy, a test)."""
    owners = {(k, n) for k, n in owner_names(workload) if k in ("Prometheus", "PrometheusAgent")}
    return not owners or (prometheus.kind, prometheus.name) in owners
