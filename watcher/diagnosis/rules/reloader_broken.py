"""The config-reloader beside Prometheus does not run.

## Meaning

The sidecar unpacks the configuration that the operator wrote and tells Prometheus to reload. While it
does not run, Prometheus goes on with what it has.

## Evidence

The state of the container in the server's pod. Whether it reaches Prometheus stands only in its log.

## Fix

Read why it does not run.

## Not to be confused with

`reload-failing`: there the sidecar does its work and Prometheus refuses. `server-not-rolled-out`: there
the whole pod is behind.
"""

from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor
from watcher.model.facts import PODS
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import JSONObject, KubeObject, flag, mapping, number, objects, text

NAMES: Final = ("config-reloader", "prometheus-config-reloader")
"""What the container is called, and was until v0.42."""


def check(case: Case) -> Finding | None:
    """Read the state of the sidecar on the servers that lack the job."""
    if not _monitor.concerned(case) or _monitor.of_no_cluster(case, PODS):
        return None
    names = {server.server.name for server in case.servers()}
    for pod in case.read(PODS):
        status = _status(pod) if pod.name in names else None
        if status is not None and not flag(status, "ready"):
            return _finding(case, pod, status)
    return None


def _status(pod: KubeObject) -> JSONObject | None:
    every = objects(pod.raw, "status", "containerStatuses")
    return next((s for s in every if text(s, "name") in NAMES), None)


def _finding(case: Case, pod: KubeObject, status: JSONObject) -> Finding:
    name = text(status, "name")
    state = mapping(status, "state")
    word = next((f"{key} {text(state, key, 'reason') or ''}".strip() for key in state), "not ready")
    restarts = number(status, "restartCount") or 0
    return Finding(
        summary=f"the {name} of pod {pod.full_name} does not run ({word}), so {case.pool} does not"
        " arrive",
        evidence=(
            Evidence(
                seen=f"container {name} is {word}, restarted {restarts} times",
                where=pod.kubectl("-o jsonpath='{.status.containerStatuses}'"),
            ),
        ),
        fix=(
            FixStep(
                do="Read why it does not run",
                command=f"kubectl -n {pod.namespace} logs {pod.name} -c {name} --tail=50",
            ),
        ),
        confidence=Confidence.LIKELY,
        proof=pod.full_name,
    )


RULE = Rule(
    code="reloader-broken",
    link=Link.LOADED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(PODS),
    check=check,
    refines=frozenset({"reload-pending", "not-in-configuration"}),
)
