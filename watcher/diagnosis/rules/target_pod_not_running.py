"""The pods behind the targets do not run.

## Meaning

The target is made, as its pod has an address, and nothing answers there, as a container of the pod
waits, crashes or was killed. The words of the failing scrape (refused, timed out, reset, a proxy's 503)
tell only that; the pod says why.

## Evidence

Targets that fail, and the status of their pods: `ImagePullBackOff`, `CrashLoopBackOff` with how the last
run ended and its last words where the kubelet keeps them, `OOMKilled`, `CreateContainerConfigError`, an init
container that does not end, `Evicted`; or the node, which is not ready. Of several containers the one
that declares the target's port counts. Pods on their way (younger than `settle`, or being deleted)
do not.

## Fix

What the pod's own reason asks for: the image, the object that is not there, more memory, the last words of
the container. Prometheus scrapes again by itself.

## Not to be confused with

`connection-refused`, `connection-timeout`: there the pod runs, and does not listen or is not reached.
`pods-not-running`, `no-ready-endpoints`: there no target is made at all.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _bringing_pods, _nodes, _pod_trouble, _scrapes, _targets
from watcher.diagnosis.wording_of_last_errors import LastErrorKind
from watcher.model.facts import MONITOR, TARGET_PODS
from watcher.model.findings import Confidence, Evidence, Finding, Link
from watcher.model.kube import FieldError

_CODE = "target-pod-not-running"
_K = LastErrorKind
_UNANSWERED = frozenset(
    {
        _K.CONNECTION_REFUSED,
        _K.CONNECTION_TIMEOUT,
        _K.CONNECTION_CLOSED,
        _K.NETWORK_UNREACHABLE,
    }
)
_SILENT = frozenset({_K.CONNECTION_TIMEOUT, _K.NETWORK_UNREACHABLE})
"""What a target on a node that is away says."""
_PROXIED = (502, 503, 504)
"""What a sidecar answers for a container that does not."""
_SHOWN = 3


def check(case: Case) -> Finding | None:
    """Whether most failing targets are of pods that do not run."""
    failures = _scrapes.every(case)
    whose = {f.target.url: (f, t) for f in failures if (t := _trouble(case, f)) is not None}
    if not whose or 2 * len(whose) < len({f.target.url for f in failures}):
        return None
    failure, first = next(iter(whose.values()))
    troubles = {trouble.pod.full_name: trouble for _, trouble in whose.values()}
    alike = len(troubles) > 1 and len({each.reason for each in troubles.values()}) == 1
    said = Evidence(
        seen=f"{failure.target.url}: {failure.error.text}",
        where=_targets.where(case, failure.server),
    )
    away = first.reason == _nodes.NOT_READY
    return Finding(
        summary=f"{_count(case, len(whose))} of {case.pool}"
        f" {'does' if len(whose) == 1 else 'do'} not answer, as {_which(len(troubles))} not run:"
        f" {first.pod.full_name}: {first.said}",
        evidence=(said, *(each.evidence() for each in [*troubles.values()][:_SHOWN])),
        fix=(_nodes.look(first.pod) if away else _bringing_pods.let_run(case, first),),
        confidence=Confidence.CERTAIN
        if all(each.sure for each in troubles.values())
        else Confidence.LIKELY,
        proof=first.reason if alike else first.pod.full_name,
    )


def _which(number: int) -> str:
    return "its pod does" if number == 1 else f"{number} pods do"


def _count(case: Case, number: int) -> str:
    active = case.status.targets.active or number
    if number >= active:
        return "the only target" if number == 1 else f"all {number} targets"
    return f"{number} of {active} targets"


def _trouble(case: Case, failure: _scrapes.Failure) -> _pod_trouble.Trouble | None:
    """What is wrong with the pod of a target that does not answer."""
    error = failure.error
    if error.kind not in _UNANSWERED and error.status not in _PROXIED:
        return None
    pod = _targets.pod_of(case, failure.target)
    if pod is None:
        if case.job.monitor is not None:
            case.read(TARGET_PODS)
        return None
    try:
        port = _targets.port(failure.target.url)
        own = _pod_trouble.trouble(pod, port, case.now, case.settle)
        return _nodes.trouble(case, pod) if own is None and error.kind in _SILENT else own
    except FieldError:
        return None


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, TARGET_PODS, *_bringing_pods.NEEDS),
    check=check,
    refines=_scrapes.FAILURES,
)
