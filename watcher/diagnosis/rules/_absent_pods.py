"""Pods that a job's workloads ask for and that do not come, and why."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from watcher.diagnosis.rule import Case, Lacking
from watcher.diagnosis.rules import _bringing_pods, _discovery, _pods
from watcher.model.facts import MONITOR, PROMETHEUS, SERVICES, TARGET_PODS
from watcher.model.findings import Evidence, FixStep
from watcher.model.kube import FieldError, KubeObject, number, objects, text
from watcher.operator.discovery import Role
from watcher.operator.selectors import Selector
from watcher.operator.workloads import pods_wanted, selecting, template_labels

NEEDS: Final = (MONITOR, PROMETHEUS, SERVICES, *_bringing_pods.NEEDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Pods that do not come, with the words that say why; *step* is what brings the first."""

    why: str
    evidence: tuple[Evidence, ...]
    step: FixStep


def absent(case: Case, lacking: int) -> Absent | None:
    """Why *lacking* pods of the job do not come; None where nothing here tells."""
    try:
        chosen = tuple(_chosen(case))
    except (Lacking, FieldError):
        return None
    waiting = sorted(_waiting(case, chosen), key=lambda pod: (pod.namespace, pod.name))
    if waiting:
        first = waiting[0]
        return Absent(
            why=f"pod {first.full_name} is {_pods.condition(first)}",
            evidence=tuple(_pods.shown(waiting)),
            step=_bringing_pods.bring(case, first),
        )
    asked = (w for w in _bringing_pods.workloads(case) if any(_makes(w, *each) for each in chosen))
    return next(filter(None, (_unmade(workload, lacking) for workload in asked)), None)


def _unmade(workload: KubeObject, lacking: int) -> Absent | None:
    """Of a workload that made fewer pods than it wants: in its controller's words, by quota mostly."""
    made = "currentNumberScheduled" if workload.kind == "DaemonSet" else "replicas"
    wanted, there = pods_wanted(workload), number(workload.raw, "status", made) or 0
    if there >= wanted:
        return None
    failed = next(
        (
            text(one, "message")
            for one in objects(workload.raw, "status", "conditions")
            if text(one, "type") == "ReplicaFailure" and text(one, "status") == "True"
        ),
        None,
    )
    why = f"{workload.kind} {workload.full_name} wants {wanted} pods and made {there}"
    seen = Evidence(seen=why + (f": {failed}" if failed else ""), where=workload.kubectl())
    step = _bringing_pods.let_make(workload, failed or "", lacking)
    return Absent(why=seen.seen, evidence=(seen,), step=step)


def _chosen(case: Case) -> Iterator[tuple[str, Selector]]:
    """Namespace and selector of the pods that the job asks for."""
    services = _discovery.services(case)
    for service in services.matching if services is not None else ():
        if labels := _pods.service_selector(service):
            yield service.namespace, selecting(labels)
    pods = _discovery.among(case, TARGET_PODS, frozenset({Role.POD.value}))
    if pods is not None:
        for namespace in sorted({pod.namespace for pod in pods.matching}):
            yield namespace, pods.wanted


def _waiting(case: Case, chosen: Sequence[tuple[str, Selector]]) -> Iterator[KubeObject]:
    """Pods that have no address though they are there for longer than a change may take."""
    for pod in _bringing_pods.pods(case):
        try:
            young = pod.created_at is not None and abs(case.now - pod.created_at) < case.settle
            gone = pod.deleted_at is not None or text(pod.raw, "status", "phase") in _pods.OVER
            if young or gone or text(pod.raw, "status", "podIP"):
                continue
            if any(pod.namespace == n and wanted.matches(pod.labels) for n, wanted in chosen):
                yield pod
        except FieldError:
            continue


def _makes(workload: KubeObject, namespace: str, wanted: Selector) -> bool:
    try:
        return workload.namespace == namespace and wanted.matches(template_labels(workload))
    except FieldError:
        return False
