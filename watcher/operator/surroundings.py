"""What stands around the Prometheuses of a cluster and decides with them: namespaces, operators.

Also how a bad object is named: it costs only itself.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from watcher.model.expectations import Unreadable
from watcher.model.facts import Availability, Known, Unavailable
from watcher.model.kube import FieldError, KubeObject
from watcher.model.names import MonitorKind
from watcher.operator.prometheuses import called, version_for
from watcher.operator.scope import OperatorScope, operator_scope
from watcher.operator.selection import NamespaceLabels
from watcher.operator.selectors import SelectorError

HIDDEN: Final = {
    "prometheuses": ("Prometheus",),
    "prometheusagents": ("Prometheus",),
    **{kind.plural: (kind.value,) for kind in MonitorKind},
    "namespaces": tuple(MonitorKind),
    "pods of Prometheus": ("Pod",),
}
"""What is not known of the expectation, by the source that could not be read."""


def operator_scopes(
    operators: Availability[Sequence[KubeObject]], unreadable: list[Unreadable]
) -> tuple[OperatorScope, ...]:
    """What each operator may see; none where their Deployments could not be read."""
    scopes = []
    for deployment in operators.value if isinstance(operators, Known) else ():
        try:
            scopes.append(operator_scope(deployment))
        except (FieldError, SelectorError) as error:
            unreadable.append(bad(deployment, error))
    return tuple(scopes)


def version_judging(
    prometheus: KubeObject, operators: Availability[Sequence[KubeObject]]
) -> str | None:
    """The version of the operator that looks after *prometheus*, None where that is not known."""
    return version_for(prometheus, operator_scopes(operators, []))


def namespace_labels(
    namespaces: Availability[Sequence[KubeObject]], unreadable: list[Unreadable]
) -> Availability[NamespaceLabels]:
    """Labels of each namespace; one with a field of a wrong type is named in *unreadable*."""
    if isinstance(namespaces, Unavailable):
        return namespaces
    labels: dict[str, Mapping[str, str] | None] = {}
    for namespace in namespaces.value:
        try:
            name = namespace.name
            labels[name] = None
            labels[name] = namespace.labels
        except FieldError as error:
            unreadable.append(bad(namespace, error))
    return Known(labels)


def bad(resource: KubeObject, error: ValueError) -> Unreadable:
    """An object that cannot be used, with what of the expectation it hides."""
    source = called(resource)
    kind = source.partition(" ")[0]
    return Unreadable(
        source=source,
        error=f"{error}; correct the object",
        hides=(source,) if kind in set(MonitorKind) else HIDDEN.get(f"{kind.lower()}s", ()),
    )
