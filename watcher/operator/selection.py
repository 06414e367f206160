"""Which monitors one Prometheus selects, and what the others lack.

Ground: prometheus-operator v0.93.0, pkg/prometheus/resource_selector.go (selectObjects) and
pkg/operator/operator.go (SelectNamespacesFromCache). What is selected may still be rejected: that
is validation's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from watcher.model.facts import Availability, Unavailable
from watcher.model.kube import KubeObject
from watcher.model.names import MonitorKind
from watcher.operator.objects import daemon_set_mode
from watcher.operator.scope import OperatorScope
from watcher.operator.selectors import Lack, Selector, SelectorError, lacking, selector

FIELDS: Final = {
    MonitorKind.SERVICE_MONITOR: "serviceMonitor",
    MonitorKind.POD_MONITOR: "podMonitor",
    MonitorKind.PROBE: "probe",
    MonitorKind.SCRAPE_CONFIG: "scrapeConfig",
}
"""Beginning of the two selector fields of each kind in a Prometheus's spec."""

NamespaceLabels: TypeAlias = Mapping[str, Mapping[str, str] | None]
"""Labels of each namespace by its name; None for one whose labels have a wrong form."""


class Cause(StrEnum):
    """Why a monitor is not selected; codes of the catalogue of causes."""

    SELECTOR_NULL = "selector-null"
    LABELS = "labels-not-selected"
    NAMESPACE = "namespace-not-selected"
    SCOPE = "outside-operator-scope"
    NO_PROMETHEUS = "no-prometheus-selects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The Prometheus takes the monitor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSelected:
    """The Prometheus does not take the monitor.

    ``lacks`` tells everything that lacks, ``cause`` is the first of it. ``labels`` would have to be
    set on the monitor, ``namespace_labels`` on its namespace; None where labels alone cannot fix
    that part, an empty mapping where that part is well. ``gaps`` counts what lacks: the nearest
    Prometheus is the one with the fewest.
    """

    cause: Cause
    lacks: str
    labels: Mapping[str, str] | None
    namespace_labels: Mapping[str, str] | None
    gaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CannotTell:
    """Something that decides could not be read, or the selector itself is invalid."""

    reason: str


Verdict: TypeAlias = Selected | NotSelected | CannotTell
_Reason: TypeAlias = tuple[Cause, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What one Prometheus says of one kind of monitor; made once, asked for many.

    ``scopes`` are the operators that look after the Prometheus; none known means no restriction,
    unless ``disowned`` says why every known operator ignores it. ``podmonitors_only``: it is an
    agent in DaemonSet mode, which has no selector for any other kind.
    """

    prometheus: str
    own_namespace: str
    kind: MonitorKind
    objects: Selector | None
    namespaces: Selector | None
    known: Availability[NamespaceLabels]
    scopes: tuple[OperatorScope, ...] = ()
    disowned: str | None = None
    podmonitors_only: bool = False

    def judge(self, namespace: str, labels: Mapping[str, str]) -> Verdict:
        """Whether a monitor with *labels* in *namespace* is selected."""
        reasons: list[_Reason] = []
        if self.disowned is not None:
            reasons.append((Cause.SCOPE, self.disowned))
        elif self.scopes and not any(scope.sees(namespace) for scope in self.scopes):
            flags = "; ".join(f"{s.name}: {s.blind_to(namespace)}" for s in self.scopes)
            reasons.append((Cause.SCOPE, f"no operator sees namespace {namespace} ({flags})"))
        lack = self._lack(labels, reasons)
        place = self._namespace(namespace)
        if isinstance(place, Lack):
            reasons.append((Cause.NAMESPACE, place.words))
        elif not reasons:
            return place or Selected()
        return NotSelected(
            cause=reasons[0][0],
            lacks="; ".join(words for _, words in reasons),
            labels={} if lack is None else lack.labels,
            namespace_labels=place.labels if isinstance(place, Lack) else {},
            gaps=len(reasons),
        )

    def _lack(self, labels: Mapping[str, str], reasons: list[_Reason]) -> Lack | None:
        if self.objects is None:
            words = (
                f"{self.prometheus} is an agent in DaemonSet mode, which takes only PodMonitors"
                if self.podmonitors_only
                else f"spec.{FIELDS[self.kind]}Selector of {self.prometheus} is null, which selects"
                " nothing"
            )
            reasons.append((Cause.SELECTOR_NULL, words))
            return Lack(words=words)
        lack = lacking(self.objects, labels)
        if lack is not None:
            reasons.append((Cause.LABELS, lack.words))
        return lack

    def _namespace(self, namespace: str) -> Lack | CannotTell | None:
        """What the monitor's namespace lacks, None when it is selected."""
        field = f"spec.{FIELDS[self.kind]}NamespaceSelector of {self.prometheus}"
        if self.namespaces is None:
            if namespace == self.own_namespace:
                return None
            only = f"{field} is null, which selects only its own namespace {self.own_namespace}"
            return Lack(words=f"{only}, not {namespace}")
        if not self.namespaces.requirements:
            return None
        if isinstance(self.known, Unavailable):
            return CannotTell(reason=f"labels of namespace {namespace}: {self.known.reason}")
        # A namespace that is not there (yet) would at least get this label from the API server.
        implied = {"kubernetes.io/metadata.name": namespace}
        labels = self.known.value.get(namespace, implied)
        if labels is None:
            return CannotTell(reason=f"labels of namespace {namespace} have a wrong form")
        lack = lacking(self.namespaces, labels)
        return lack and Lack(words=f"namespace {namespace}: {lack.words}", labels=lack.labels)


def selection(
    prometheus: KubeObject,
    kind: MonitorKind,
    namespaces: Availability[NamespaceLabels],
    operators: Sequence[OperatorScope] = (),
) -> Selection:
    """What *prometheus* says of monitors of *kind*.

    *operators* are the scopes of all operators that are known. An agent in DaemonSet mode has no
    selectors but that of PodMonitors. Raises SelectorError for an invalid
    selector, for which the operator fails the whole sync, FieldError for a wrong type.
    """
    words = {scope.name: scope.disowns(prometheus) for scope in operators}
    owners = tuple(scope for scope in operators if words[scope.name] is None)
    disowned = "; ".join(f"operator {name} ignores it: {why}" for name, why in words.items())
    field = FIELDS[kind]
    podmonitors_only = daemon_set_mode(prometheus)
    own_kind = kind is MonitorKind.POD_MONITOR or not podmonitors_only
    return Selection(
        prometheus=prometheus.full_name,
        own_namespace=prometheus.namespace,
        kind=kind,
        objects=selector(prometheus.raw, "spec", f"{field}Selector") if own_kind else None,
        namespaces=selector(prometheus.raw, "spec", f"{field}NamespaceSelector"),
        known=namespaces,
        scopes=owners,
        disowned=disowned if operators and not owners else None,
        podmonitors_only=podmonitors_only,
    )


def verdict(
    monitor: KubeObject,
    prometheus: KubeObject,
    namespaces: Availability[NamespaceLabels],
    operators: Sequence[OperatorScope] = (),
) -> Verdict:
    """Whether *prometheus* selects *monitor*: for one pair, as rules and commands ask."""
    try:
        chosen = selection(prometheus, MonitorKind(monitor.kind), namespaces, operators)
    except SelectorError as error:
        return CannotTell(reason=f"{prometheus.kind} {prometheus.full_name}: {error}")
    return chosen.judge(monitor.namespace, monitor.labels)
