"""What the rules about removed objects share: that the monitor is gone, and how it comes back."""

from collections.abc import Iterator
from typing import Final

from watcher.diagnosis.rule import Case
from watcher.model import shell
from watcher.model.expectations import Origin
from watcher.model.facts import LAST_MONITOR, MONITOR, NAMESPACE, Unavailable
from watcher.model.findings import Evidence, FixStep
from watcher.model.kube import KubeObject
from watcher.model.names import MonitorRef

_KEEPERS: Final = (
    ("Helm release", "annotations", "meta.helm.sh/release-name"),
    ("Argo CD application", "annotations", "argocd.argoproj.io/tracking-id"),
    ("Flux Kustomization", "labels", "kustomize.toolkit.fluxcd.io/name"),
    ("Flux HelmRelease", "labels", "helm.toolkit.fluxcd.io/name"),
)


def is_gone(case: Case) -> bool:
    """Whether the job's monitor is gone, told from its namespace where that alone is known."""
    if case.job.monitor is None:
        return False
    monitor = case.look(MONITOR)
    if not isinstance(monitor, Unavailable):
        return monitor is None
    namespace = case.look(NAMESPACE)
    if not isinstance(namespace, Unavailable) and namespace is None:
        return True
    return case.read(MONITOR) is None


def gone_evidence(case: Case, ref: MonitorRef) -> Iterator[Evidence]:
    """That the monitor is gone, since when, and what is known of the last object."""
    since = case.job.gone_since
    if case.job.origin is Origin.MANIFESTS:
        seen = f"{ref} is in the manifests and not in the cluster"
    else:
        seen = f"{ref} is not in the cluster"
    yield Evidence(
        seen=seen + (", first seen by the snapshot of this time" if since else ""),
        where=ref.kubectl,
        at=since,
    )
    last = case.look(LAST_MONITOR)
    if not isinstance(last, Unavailable) and last is not None:
        made = f", made {last.created_at:%Y-%m-%d}" if last.created_at else ""
        yield Evidence(
            seen=f"as last seen: generation {last.generation or 'not known'}{made}{keeper(last)}",
            where=f"watcher expect {shell.job(case.pool)} --manifest",
        )


def keeper(last: KubeObject) -> str:
    """Who kept the object, in words, where its labels or annotations tell."""
    found = {"labels": last.labels, "annotations": last.annotations}
    for words, where, key in _KEEPERS:
        if key in found[where]:
            return f", kept by {words} {found[where][key]}: it may have been taken out there"
    return ""


def restore_steps(case: Case) -> tuple[FixStep, ...]:
    """Put the last seen object back, or take the removal as meant."""
    last = case.look(LAST_MONITOR)
    known = not isinstance(last, Unavailable) and last is not None
    if case.job.origin is Origin.MANIFESTS:
        accept = FixStep(do="If it is to be gone: take it out of the manifests too")
        command = None if known else "kubectl apply -f <manifests>"
    else:
        accept = accept_step(case)
        command = None
    back = FixStep(
        do="If it was not: put it back"
        + ("" if known or command else " from where it is kept; this watcher has no copy of it"),
        command=f"watcher expect {shell.job(case.pool)} --manifest | kubectl apply -f -"
        if known
        else command,
    )
    return accept, back


def accept_step(case: Case) -> FixStep:
    """Take the removal as meant, which can be done of what a snapshot has seen to be gone."""
    if case.job.gone_since is None:
        return FixStep(do="If the removal was meant: accept it when the next snapshot has seen it")
    return FixStep(
        do="If the removal was meant: accept it, and it is expected no more",
        command=f"watcher accept {shell.job(case.pool)}",
    )
