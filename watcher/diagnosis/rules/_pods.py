"""What the rules about discovery say of pods: which a selector means, and why they do not run."""

from collections.abc import Iterable, Mapping
from typing import Final

from watcher.model.findings import Evidence
from watcher.model.kube import FieldError, KubeObject, objects, text, text_map
from watcher.secrecy import clipped

OVER: Final = frozenset({"Succeeded", "Failed"})
"""Phases of a pod that will not run again."""

_SHOWN: Final = 3


def selected(
    pods: Iterable[KubeObject], namespace: str, labels: Mapping[str, str]
) -> list[KubeObject]:
    """The pods of *namespace* with all of *labels*, by name."""
    found = []
    for pod in pods:
        try:
            if pod.namespace == namespace and labels.items() <= pod.labels.items():
                found.append(pod)
        except FieldError:
            continue
    return sorted(found, key=lambda pod: pod.name)


def service_selector(service: KubeObject) -> Mapping[str, str]:
    """The labels by which a Service selects its pods; none where somebody else keeps addresses."""
    try:
        return text_map(service.raw, "spec", "selector")
    except FieldError:
        return {}


def condition(pod: KubeObject) -> str:
    """The state of a pod in the words of its status: ``Pending: Unschedulable: 0/3 nodes …``."""
    try:
        phase = text(pod.raw, "status", "phase") or "no status yet"
        return clipped(": ".join([phase, *_reasons(pod)]), 300)
    except FieldError:
        return "a status of a wrong form"


def shown(pods: Iterable[KubeObject]) -> list[Evidence]:
    """A few pods with their state."""
    return [
        Evidence(seen=f"Pod {pod.full_name} is {condition(pod)}", where=pod.kubectl())
        for pod in list(pods)[:_SHOWN]
    ]


def _reasons(pod: KubeObject) -> list[str]:
    for key in ("initContainerStatuses", "containerStatuses"):
        for status in objects(pod.raw, "status", key):
            for state in ("waiting", "terminated"):
                reason = text(status, "state", state, "reason")
                if reason and reason != "Completed":
                    message = text(status, "state", state, "message")
                    return [f"container {text(status, 'name')} {reason}", *filter(None, [message])]
    for one in objects(pod.raw, "status", "conditions"):
        if text(one, "status") == "False" and (reason := text(one, "reason")):
            return [reason, *filter(None, [text(one, "message")])]
    return []
