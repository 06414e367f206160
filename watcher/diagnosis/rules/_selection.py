"""What the rules of the link *selected* share: each judges one of the conditions by itself."""

from dataclasses import dataclass, replace
from shlex import quote

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _monitor
from watcher.model import shell
from watcher.model.comparison import JobState
from watcher.model.facts import LAST_MONITOR, NAMESPACE, PROMETHEUS, Known, Unavailable
from watcher.model.findings import Evidence, FixStep
from watcher.model.kube import JSONObject, KubeObject, mapping, objects, text
from watcher.model.names import MonitorKind
from watcher.operator.selection import NotSelected, Selection, selection
from watcher.operator.selectors import Selector, SelectorError, selector

EVERYTHING = Selector()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A monitor, the Prometheus that should take it, and what that says of monitors of its kind."""

    monitor: KubeObject
    prometheus: KubeObject
    says: Selection


def pair(case: Case) -> Pair | None:
    """The job's monitor and its Prometheus; None where one is gone or the selector is invalid.

    An invalid selector fails the whole sync: that is ``reconcile-failing``'s. Raises Lacking.
    """
    if case.state is not JobState.MISSING:
        return None
    monitor = _monitor.monitor_of(case)
    if monitor is None:
        return None
    prometheus = case.read(PROMETHEUS)
    if prometheus is None:
        return None
    try:
        says = selection(prometheus, MonitorKind(monitor.kind), Known({}))
    except SelectorError:
        return None
    return Pair(monitor=monitor, prometheus=prometheus, says=says)


def refused_for_labels(found: Pair) -> NotSelected | None:
    """What the monitor's labels lack, whatever its namespace; None when they match."""
    return for_labels(found.says, found.monitor)


def for_labels(says: Selection, monitor: KubeObject) -> NotSelected | None:
    """What the labels of *monitor* lack for *says*, whatever its namespace; None when they match."""
    verdict = replace(says, namespaces=EVERYTHING).judge(monitor.namespace, monitor.labels)
    return verdict if isinstance(verdict, NotSelected) else None


def refused_for_namespace(case: Case, found: Pair) -> NotSelected | None:
    """What the monitor's namespace lacks; its labels are read only where the selector asks."""
    says = replace(found.says, objects=EVERYTHING)
    if says.namespaces is not None and says.namespaces.requirements:
        namespace = case.read(NAMESPACE)
        labels = {found.monitor.namespace: namespace.labels} if namespace is not None else {}
        says = replace(says, known=Known(labels))
    verdict = says.judge(found.monitor.namespace, found.monitor.labels)
    return verdict if isinstance(verdict, NotSelected) else None


def bound(found: Pair) -> bool:
    """Whether the operator itself wrote into the monitor that this Prometheus takes it.

    ``status.bindings``, since v0.86 and only with its feature gate.
    """
    return any(
        text(condition, "type") == "Accepted"
        for binding in bindings(found.monitor, found.prometheus)
        for condition in objects(binding, "conditions")
    )


def bindings(monitor: KubeObject, prometheus: KubeObject) -> tuple[JSONObject, ...]:
    """The entries of *monitor*'s ``status.bindings`` about *prometheus*."""
    return tuple(
        binding
        for binding in objects(monitor.raw, "status", "bindings")
        if (text(binding, "namespace"), text(binding, "name"))
        == (prometheus.namespace, prometheus.name)
    )


def selector_evidence(found: Pair, field: str) -> Evidence:
    """The selector of the Prometheus as it stands, and who wrote the resource last."""
    at, who = _monitor.last_write(found.prometheus)
    raw = mapping(found.prometheus.raw, "spec", field)
    return Evidence(
        seen=f"spec.{field} of {found.prometheus.kind} {found.prometheus.full_name} is"
        f" {_shown(found.prometheus, field, raw)}"
        + (f"; {who} wrote the resource last" if who else ""),
        where=found.prometheus.kubectl(f"-o jsonpath='{{.spec.{field}}}'"),
        at=at,
    )


def labels_evidence(resource: KubeObject) -> Evidence:
    """The labels of a monitor or a namespace, and who wrote it last."""
    at, who = _monitor.last_write(resource)
    listed = ", ".join(f"{k}={v}" for k, v in sorted(resource.labels.items())) or "no labels"
    return Evidence(
        seen=f"{resource.kind} {resource.full_name} has {listed}"
        + (f"; {who} wrote it last" if who else ""),
        where=resource.kubectl("--show-labels"),
        at=at,
    )


def before_evidence(case: Case, found: Pair) -> tuple[Evidence, ...]:
    """Which labels the monitor had when this watcher last saw it selected, where they differ."""
    last = case.look(LAST_MONITOR)
    if isinstance(last, Unavailable) or last is None or case.job.gone_since is None:
        return ()
    gone = {k: v for k, v in last.labels.items() if found.monitor.labels.get(k) != v}
    if not gone:
        return ()
    listed = ", ".join(f"{k}={v}" for k, v in sorted(gone.items()))
    return (
        Evidence(
            seen=f"when it was last seen selected it had {listed}",
            where=f"watcher expect {shell.job(case.pool)} --manifest",
            at=case.job.gone_since,
        ),
    )


def edit(resource: KubeObject, do: str) -> FixStep:
    """Open *resource* in an editor, where no patch can be proven."""
    scope = f"-n {quote(resource.namespace)} " if resource.namespace else ""
    return FixStep(
        do=do, command=f"kubectl {scope}edit {resource.kind.lower()} {quote(resource.name)}"
    )


def _shown(prometheus: KubeObject, field: str, raw: JSONObject) -> str:
    if not raw:
        return "{}" if field in prometheus.spec and prometheus.spec[field] is not None else "null"
    return str(selector(prometheus.raw, "spec", field))
