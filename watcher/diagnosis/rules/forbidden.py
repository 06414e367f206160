"""The targets know who asks and do not allow it: HTTP status 403.

## Meaning

The target asks Kubernetes (or its own list) whether Prometheus's account may read the metrics, and the
answer is no. So do the kubelet, the API server and every kube-rbac-proxy. Where the pod has the proxy of
a service mesh, that may be who refuses: Istio by an AuthorizationPolicy, Linkerd by its default policy.

## Evidence

`lastError` says `403 Forbidden`. The account of Prometheus, from its resource.

## Fix

Let a ClusterRole of that account `get` the resource `nodes/metrics` (kubelet) or the
nonResourceURL of the path (the others). Takes effect at the next scrape. Before a mesh: let it leave the
port of the metrics alone, or admit Prometheus there.

## Not to be confused with

`unauthorized`: there the target does not know who asks. `discovery-forbidden`: there the API server
does not let Prometheus list its targets.
"""

import json
import shlex
from collections.abc import Iterator

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _bringing_pods, _credentials, _mesh, _scrapes, _targets
from watcher.model.facts import MONITOR, PROMETHEUS
from watcher.model.findings import Evidence, Finding, FixStep, Link

_CODE = "forbidden"


def check(case: Case) -> Finding | None:
    """Whether most failing targets refuse with 403."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    return Finding(
        summary=f"{found.count} of {case.pool} answered 403 Forbidden: Prometheus is not allowed to read the"
        " metrics",
        evidence=(*_scrapes.evidence(case, found), *_of_mesh(case, found)),
        fix=tuple(_fix(case, found)),
        proof=_scrapes.proof(found),
    )


def _of_mesh(case: Case, found: _scrapes.Failures) -> Iterator[Evidence]:
    pod = _targets.pod_of(case, found.first.target)
    if pod and (mesh := _mesh.mesh_of(pod, _targets.port(found.first.target.url))):
        yield _mesh.evidence(pod, mesh)


def _fix(case: Case, found: _scrapes.Failures) -> Iterator[FixStep]:
    port, pod = _targets.port(found.first.target.url), _targets.pod_of(case, found.first.target)
    if pod and port and (mesh := _mesh.mesh_of(pod, port)):
        yield _mesh.past(case, pod, mesh, port)
    if case.job.monitor is None:
        yield FixStep(do="Let the target allow what Prometheus sends, or send other credentials")
        yield _advice.ask(case, found)
        return
    account = shlex.quote(_credentials.account_of(case))
    running = case.running()
    path = running.path if running else "/metrics"
    kubelet = _targets.port(found.first.target.url) == _targets.KUBELET
    what = "nodes/metrics" if kubelet else path
    yield FixStep(
        do=f"Ask whether Prometheus's account may get {what}",
        command=f"kubectl auth can-i get {shlex.quote(what)} --as={account}",
    )
    rule = (
        {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]}
        if kubelet
        else {"nonResourceURLs": [path], "verbs": ["get"]}
    )
    yield FixStep(
        do=f"If not, append {json.dumps(rule)} to the rules of that account's ClusterRole (its name"
        " is not proven, so put it for <clusterrole>); where the target keeps its own list, add the"
        " account there",
        command="kubectl edit clusterrole '<clusterrole>'",
    )
    yield _advice.ask(case, found)


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PROMETHEUS, *_bringing_pods.NEEDS),
    check=check,
)
