"""Nodes that are not ready, and the pods on them."""

from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules._pod_trouble import Trouble
from watcher.model.facts import NODES
from watcher.model.findings import FixStep
from watcher.model.kube import KubeObject, moment, objects, text
from watcher.secrecy import clipped

NOT_READY: Final = "NodeNotReady"


def trouble(case: Case, pod: KubeObject) -> Trouble | None:
    """The node of *pod*, where that is not ready; None where it is. Raises FieldError and Lacking."""
    name = text(pod.raw, "spec", "nodeName")
    for node in case.read(NODES) if name else ():
        if node.name != name:
            continue
        for condition in objects(node.raw, "status", "conditions"):
            if text(condition, "type") == "Ready" and text(condition, "status") != "True":
                said = text(condition, "message") or text(condition, "reason") or "no word"
                at = moment(condition, "lastTransitionTime")
                return Trouble(
                    pod=pod,
                    reason=NOT_READY,
                    said=f"its node {node.name} is not ready: {clipped(said, 200)}",
                    at=at,
                )
    return None


def look(pod: KubeObject) -> FixStep:
    """Look at the node of *pod*."""
    name = text(pod.raw, "spec", "nodeName") or ""
    return FixStep(
        do=f"Bring node {name} back, or drain it so that its pods start elsewhere: its conditions and"
        " events say what it lacks",
        command=f"kubectl describe node {quote(name)}",
    )
