"""The server's pod is not the one that the StatefulSet would make now.

## Meaning

A rollout that is stuck leaves pods on an old revision, with old mounts, arguments and sidecars: what
changed since does not reach them. Most often one pod cannot start (a Secret of the resource is not
there, no node has room, it crashes) and the others wait for it.

## Evidence

The revision of the pod against `status.updateRevision` of the StatefulSet, and what holds the pods
that are not ready: their state and their last warning.

## Fix

Fix what holds the pod that is not ready. The rollout continues by itself.

## Not to be confused with

`reload-failing`: there the pod is of today and refuses the configuration. `hand-patch-reverted`: there the
StatefulSet itself changed.
"""

from collections.abc import Iterator, Sequence
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor
from watcher.diagnosis.rules._files import stateful_set_of
from watcher.model.facts import POD_EVENTS, PODS, STATEFUL_SETS, Unavailable
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject, moment, objects, text
from watcher.secrecy import clipped

_HASH = "controller-revision-hash"


def check(case: Case) -> Finding | None:
    """Compare the revisions on the servers that lack the job."""
    if not _monitor.concerned(case) or _monitor.of_no_cluster(case, PODS):
        return None
    pods = case.read(PODS)
    for server in case.servers():
        pod = next((p for p in pods if p.name == server.server.name), None)
        if pod is None or not case.read(STATEFUL_SETS):
            continue
        owner = stateful_set_of(case, server)
        wanted = text(owner.raw, "status", "updateRevision") if owner else None
        has = pod.labels.get(_HASH)
        if owner is not None and wanted and has and wanted != has:
            return _finding(case, pod, owner, pods)
    return None


def _finding(case: Case, pod: KubeObject, owner: KubeObject, pods: Sequence[KubeObject]) -> Finding:
    wanted = text(owner.raw, "status", "updateRevision")
    held = [p for p in pods if p.name.rpartition("-")[0] == owner.name and not _ready(p)]
    stuck = held[0] if held else pod
    return Finding(
        summary=f"pod {pod.full_name} is still of revision {pod.labels[_HASH]}, and"
        f" {owner.kind} {owner.full_name} wants {wanted}"
        + (f"; pod {stuck.name} holds the rollout up" if held else ""),
        evidence=(
            Evidence(
                seen=f"pod {pod.full_name} has revision {pod.labels[_HASH]}",
                where=pod.kubectl("--show-labels"),
                at=moment(pod.raw, "status", "startTime"),
            ),
            Evidence(
                seen=f"{owner.kind} {owner.full_name} has updateRevision {wanted}",
                where=owner.kubectl("-o jsonpath='{.status}'"),
            ),
            *_holding(case, held),
        ),
        fix=(
            FixStep(
                do="Fix what holds the pod up; the rollout continues by itself",
                command=f"kubectl -n {quote(stuck.namespace)} describe pod {quote(stuck.name)}",
            ),
        ),
        proof=owner.full_name,
    )


def _ready(pod: KubeObject) -> bool:
    conditions = objects(pod.raw, "status", "conditions")
    return any(text(c, "type") == "Ready" and text(c, "status") == "True" for c in conditions)


def _holding(case: Case, held: Sequence[KubeObject]) -> Iterator[Evidence]:
    """Why each pod that is not ready is so: its containers, and its last warning."""
    events = case.look(POD_EVENTS)
    for pod in held:
        reasons = [
            f"{text(status, 'name')} {reason}"
            for status in objects(pod.raw, "status", "containerStatuses")
            if (reason := text(status, "state", "waiting", "reason"))
        ]
        warnings = [
            event
            for event in (() if isinstance(events, Unavailable) else events)
            if text(event.raw, "involvedObject", "name") == pod.name
            and text(event.raw, "type") == "Warning"
        ]
        last = max(warnings, key=_when, default=None)
        words = f"; {text(last.raw, 'reason')}: {text(last.raw, 'message')}" if last else ""
        phase = text(pod.raw, "status", "phase") or "not ready"
        yield Evidence(
            seen=f"pod {pod.full_name} is {phase} {', '.join(reasons)}".strip()
            + clipped(words, 300),
            where=f"kubectl -n {quote(pod.namespace)} describe pod {quote(pod.name)}",
            at=moment(last.raw, "lastTimestamp") if last else None,
        )


def _when(event: KubeObject) -> float:
    at = moment(event.raw, "lastTimestamp")
    return at.timestamp() if at else 0.0


RULE = Rule(
    code="server-not-rolled-out",
    link=Link.LOADED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(PODS, STATEFUL_SETS, POD_EVENTS),
    check=check,
    refines=frozenset({"reloader-broken", "reload-pending", "not-in-configuration"}),
)
