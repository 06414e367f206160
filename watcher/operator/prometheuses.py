"""Each Prometheus of a cluster, ready to be asked which monitors it selects."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from watcher.model.expectations import ExpectedServer, Unreadable
from watcher.model.facts import Availability
from watcher.model.kube import FieldError, KubeObject, objects
from watcher.model.names import MonitorKind, PrometheusName
from watcher.operator.files import endpoint_files
from watcher.operator.objects import AGENT, replicas, servers, shards, web
from watcher.operator.relabelings import keeps_count
from watcher.operator.scope import OperatorScope
from watcher.operator.selection import (
    CannotTell,
    NamespaceLabels,
    Selection,
    Verdict,
    selection,
)
from watcher.operator.selectors import SelectorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Chooser:
    """One Prometheus and what it selects; an invalid selector stands as CannotTell.

    ``operator`` is the version of the operator that looks after it, None where that is not known.
    """

    name: PrometheusName
    prometheus: KubeObject
    operator: str | None
    selections: Mapping[MonitorKind, Selection | CannotTell]

    def judge(self, kind: MonitorKind, namespace: str, labels: Mapping[str, str]) -> Verdict:
        """Whether it selects a monitor of *kind* with *labels* in *namespace*."""
        found = self.selections[kind]
        return found if isinstance(found, CannotTell) else found.judge(namespace, labels)

    def servers(
        self, pods: Sequence[KubeObject], url_of: Callable[[KubeObject, KubeObject], str]
    ) -> tuple[ExpectedServer, ...]:
        """Its servers: those of *pods* that are its own."""
        return servers(self.prometheus, pods, lambda pod: url_of(pod, self.prometheus))


def choosers(
    resources: Sequence[KubeObject],
    namespaces: Availability[NamespaceLabels],
    operators: Sequence[OperatorScope],
    unreadable: list[Unreadable],
) -> tuple[Chooser, ...]:
    """One per usable resource, by name; what is wrong with the others goes to *unreadable*."""
    usable = []
    for resource in resources:
        try:
            _ = resource.kind  # by which it is called
            _read(resource)
            usable.append(resource)
        except FieldError as error:
            problem = f"{error}; correct the object"
            unreadable.append(
                Unreadable(source=called(resource), error=problem, hides=("Prometheus",))
            )
    names = prometheus_names(usable)
    found = [
        Chooser(
            name=names[resource.kind, resource.full_name],
            prometheus=resource,
            operator=version_for(resource, operators),
            selections=_selections(resource, namespaces, operators, unreadable),
        )
        for resource in usable
    ]
    return tuple(sorted(found, key=lambda chooser: chooser.name))


def version_for(resource: KubeObject, operators: Sequence[OperatorScope]) -> str | None:
    """The version of the operator that looks after *resource*, None where that is not known."""
    versions = {scope.version for scope in operators if scope.disowns(resource) is None}
    return versions.pop() if len(versions) == 1 else None


def prometheus_names(
    resources: Sequence[KubeObject],
) -> Mapping[tuple[str, str], PrometheusName]:
    """What each Prometheus is called, by kind and ``namespace/name``.

    ``namespace/name``; an agent gets `` (agent)`` where a Prometheus has the same name there.
    """
    taken = Counter(resource.full_name for resource in resources)
    names = {}
    for resource in resources:
        shared = resource.kind == AGENT and taken[resource.full_name] > 1
        name = f"{resource.full_name} (agent)" if shared else resource.full_name
        names[resource.kind, resource.full_name] = PrometheusName(name)
    return names


def called(resource: KubeObject) -> str:
    """Kind, namespace and name, as far as they can be read."""
    metadata = resource.raw.get("metadata")
    found = metadata if isinstance(metadata, Mapping) else {}
    parts = [found.get("namespace"), found.get("name") or "?"]
    return f"{resource.raw.get('kind') or '?'} {'/'.join(str(part) for part in parts if part)}"


def _selections(
    resource: KubeObject,
    namespaces: Availability[NamespaceLabels],
    operators: Sequence[OperatorScope],
    unreadable: list[Unreadable],
) -> Mapping[MonitorKind, Selection | CannotTell]:
    found: dict[MonitorKind, Selection | CannotTell] = {}
    for kind in MonitorKind:
        try:
            found[kind] = selection(resource, kind, namespaces, operators)
        except SelectorError as error:
            problem = f"{error}; correct the object"
            unreadable.append(Unreadable(source=called(resource), error=problem, hides=(kind,)))
            found[kind] = CannotTell(reason=f"{called(resource)}: {error}")
    return found


def _read(resource: KubeObject) -> None:
    """Read every field that its monitors' jobs depend on, so that no monitor is blamed for it."""
    _ = resource.labels, resource.annotations, resource.full_name
    _ = shards(resource), replicas(resource), web(resource)
    for scrape_class in objects(resource.raw, "spec", "scrapeClasses"):
        endpoint_files({}, scrape_class)
        keeps_count(objects(scrape_class, "relabelings"))
