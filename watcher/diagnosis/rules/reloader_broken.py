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

from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor, _reloader
from watcher.model.facts import PODS
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import JSONObject, KubeObject, mapping, number, text


def check(case: Case) -> Finding | None:
    """Read the state of the sidecar on the servers that lack the job."""
    if not _monitor.concerned(case) or _monitor.of_no_cluster(case, PODS):
        return None
    found = _reloader.not_ready(case)
    return None if found is None else _finding(case, *found)


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
                command=f"kubectl -n {quote(pod.namespace)} logs {quote(pod.name)} -c {quote(str(name))} --tail=50",
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
