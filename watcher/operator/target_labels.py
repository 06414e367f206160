"""The labels that all targets of a job carry, as far as what asks for the job tells them alone.

For a job that was lost before anybody saw its targets: its history and its alerts are found by
them. What relabelling may change is left out, so they are few and true. Ground: operator.md 1.3.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from watcher.model.kube import (
    JSON,
    FieldError,
    JSONObject,
    KubeObject,
    mapping,
    objects,
    text,
    texts,
)
from watcher.model.names import MonitorKind
from watcher.operator.discovery import discovery
from watcher.operator.files import scrape_class_of
from watcher.operator.jobs import ENDPOINTS, monitor_ref
from watcher.operator.names import pool_name
from watcher.operator.selectors import Selector, SelectorError, selector
from watcher.operator.shelf import Shelf

Labels: TypeAlias = tuple[tuple[str, str], ...]

PATH: Final = "__metrics_path__"
_HARMLESS: Final = frozenset({"keep", "drop", "keepequal", "dropequal"})
_WRITING: Final = frozenset({"replace", "hashmod", "lowercase", "uppercase"})
_OBJECT: Final = ("sourceLabels", "targetLabel")
_CONFIG: Final = ("source_labels", "target_label")


def target_labels(
    monitor: KubeObject, prometheus: KubeObject, services: Shelf | None
) -> tuple[Labels, ...]:
    """The labels of each job of *monitor*, in the order of ``expected_jobs``.

    Empty where its ``job`` label cannot be known, as of a ServiceMonitor without its *services*
    (None: not read). Raises FieldError for a field of a wrong type.
    """
    ref = monitor_ref(monitor)
    spec = monitor.spec
    scrape_class = scrape_class_of(monitor, prometheus)
    enforced = text(prometheus.raw, "spec", "enforcedNamespaceLabel") or ""
    match ref.kind:
        case MonitorKind.SERVICE_MONITOR | MonitorKind.POD_MONITOR:
            shared = _of_services(monitor, prometheus, services)
            if ref.kind is MonitorKind.POD_MONITOR:
                shared = _of_pods(monitor)
            return tuple(
                _kept(
                    _Known({**shared, **_endpoint(each)}, text(each, "path") or "/metrics"),
                    _steps((scrape_class, "relabelings"), (each, "relabelings"), keys=_OBJECT),
                    without={enforced},
                )
                for each in objects(spec, ENDPOINTS[ref.kind])
            )
        case MonitorKind.PROBE:
            job, path = text(spec, "jobName"), text(spec, "prober", "path") or "/probe"
            static, ingress = mapping(spec, "targets", "staticConfig"), ("targets", "ingress")
            own = (static, "relabelingConfigs") if static else (spec, *ingress, "relabelingConfigs")
            written = set(mapping(static, "labels"))
        case MonitorKind.SCRAPE_CONFIG:
            job, path = text(spec, "jobName"), text(spec, "metricsPath") or "/metrics"
            own = (spec, "relabelings")
            written = {n for s in objects(spec, "staticConfigs") for n in mapping(s, "labels")}
    known = _Known({"job": job or pool_name(ref, None)}, path)
    steps = _steps((scrape_class, "relabelings"), own, keys=_OBJECT)
    return (_kept(known, steps, without={enforced, *written}),)


def configured_labels(raw: JSONObject) -> Labels:
    """The same of a scrape config as Prometheus has it; empty where ``job`` is made of its targets."""
    try:
        known = _Known(
            {"job": text(raw, "job_name") or ""}, text(raw, "metrics_path") or "/metrics"
        )
        written = {n for s in objects(raw, "static_configs") for n in mapping(s, "labels")}
        return _kept(known, _steps((raw, "relabel_configs"), keys=_CONFIG), without=written)
    except FieldError:
        return ()


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of every target before relabelling: *labels*, and the path."""

    labels: dict[str, str]
    path: str


@dataclass(frozen=True, slots=True)
class _Step:
    action: str
    sources: tuple[str, ...]
    target: str
    regex: str
    replacement: str


def _kept(known: _Known, steps: Iterable[_Step], *, without: Iterable[str]) -> Labels:
    labels = dict(known.labels)
    for step in steps:
        if step.action in _HARMLESS:
            continue
        if step.action not in _WRITING or "$" in step.target:
            return ()  # it may write any label
        value = _written(step, known.path)
        labels.pop(step.target, None)
        if value:
            labels[step.target] = value
    for name in without:
        labels.pop(name, None)
    plain = {name: value for name, value in labels.items() if not name.startswith("__")}
    return tuple(sorted(plain.items())) if "job" in plain else ()


def _written(step: _Step, path: str) -> str | None:
    """What a step writes of every target, None where that depends on the target."""
    if step.action != "replace" or step.regex not in {"", "(.*)"}:
        return None
    if not step.sources and "$" not in step.replacement:
        return step.replacement
    return path if step.sources == (PATH,) and step.replacement in {"", "$1", "${1}"} else None


def _steps(*lists: tuple[JSON, *tuple[str, ...]], keys: tuple[str, str]) -> Iterator[_Step]:
    sources, target = keys
    for raw, *where in lists:
        for step in objects(raw, *where):
            yield _Step(
                (text(step, "action") or "replace").lower(),
                tuple(texts(step, sources)),
                text(step, target) or "",
                text(step, "regex") or "",
                text(step, "replacement") or "",
            )


def _of_services(
    monitor: KubeObject, prometheus: KubeObject, services: Shelf | None
) -> dict[str, str]:
    """``job``, ``service`` and ``namespace`` where all Services of the monitor have one of each."""
    spec = monitor.spec
    try:
        wanted = selector(spec, "selector") or Selector()
    except SelectorError:
        return {}
    places = discovery(monitor, prometheus).namespaces
    found = services.matching(wanted, places) if services is not None else None
    named = text(spec, "jobLabel") or ""
    written = {*texts(spec, "targetLabels"), *texts(spec, "podTargetLabels")}
    made: dict[str, set[str]] = {"job": set(), "service": set(), "namespace": set()}
    for service in found or ():
        made["job"].add(service.labels.get(named) or service.name)
        made["service"].add(service.name)
        made["namespace"].add(service.namespace)
    return {
        name: next(iter(values))
        for name, values in made.items()
        if len(values) == 1 and (name == "job" or name not in written)
    }


def _of_pods(monitor: KubeObject) -> dict[str, str]:
    named = text(monitor.spec, "jobLabel")
    return {} if named else {"job": f"{monitor.namespace}/{monitor.name}"}


def _endpoint(endpoint: JSONObject) -> dict[str, str]:
    port = text(endpoint, "port")
    return {"endpoint": port} if port else {}
