"""The targets know who asks and do not allow it: HTTP status 403.

## Meaning

The target asks Kubernetes (or its own list) whether Prometheus's account may read the metrics, and the
answer is no. So do the kubelet, the API server and every kube-rbac-proxy. Where the pod has the proxy of
a service mesh, that may be who refuses: Istio by an AuthorizationPolicy, Linkerd by its default policy.

## Evidence

`lastError` says `403 Forbidden`. The account of Prometheus, from its resource.

## Fix

Where the job sends nothing to a component that asks Kubernetes, which takes it for `system:anonymous`: send
Prometheus's token. Else let a ClusterRole of that account `get` the resource `nodes/metrics` (kubelet) or
the nonResourceURL of the path (the others). Takes effect at the next scrape. Before a mesh: let it leave the
port of the metrics alone, or admit Prometheus there.

## Not to be confused with

`unauthorized`: there the target does not know who asks. `discovery-forbidden`: there the API server
does not let Prometheus list its targets.
"""

from collections.abc import Iterator
from shlex import join

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import (
    _advice,
    _bringing_pods,
    _credentials,
    _known_ports,
    _mesh,
    _query_in_path,
    _scrapes,
    _targets,
)
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
    yield from _query_in_path.moved(case)
    if case.job.monitor is None:
        yield FixStep(do="Let the target allow what Prometheus sends, or send other credentials")
    else:
        sent = _credentials.credentials_of(case)
        asks = _credentials.rbac_proxy_of(pod) or _known_ports.asks_api_server(port)
        if asks and sent is None:
            yield from _known_ports.own_token(case)
        yield from _allow(case, port, proven=bool(asks and sent))
    yield _advice.ask(case, found)


def _allow(case: Case, port: int | None, *, proven: bool) -> Iterator[FixStep]:
    """A right for Prometheus's account; *proven* where it is the API server that says no."""
    running = case.running()
    path = running.path if running else "/metrics"
    kubelet = port == _targets.KUBELET
    account = _credentials.account_of(case)
    what = ["nodes", "--subresource=metrics"] if kubelet else [path]
    see = FixStep(
        do=f"Ask whether Prometheus's account may get {'nodes/metrics' if kubelet else path}",
        command=join(["kubectl", "auth", "can-i", "get", *what, f"--as={account}"]),
    )
    namespace, _, name = account.removeprefix("system:serviceaccount:").partition(":")
    role = f"{namespace}-{name}-{'kubelet' if kubelet else 'metrics'}"
    right = "--resource=nodes/metrics" if kubelet else f"--non-resource-url={path}"
    make = ["kubectl", "create", "clusterrole", role, "--verb=get", right]
    bind = ["kubectl", "create", "clusterrolebinding", role, f"--clusterrole={role}"]
    bind.append(f"--serviceaccount={namespace}:{name}")
    add = FixStep(
        do=("Allow it" if proven else "If it may not, allow it")
        + " by a ClusterRole beside those that it has; where the target keeps its own list, add the"
        " account there",
        command=f"{join(make)} && {join(bind)}",
    )
    yield from (add, see) if proven else (see, add)


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PROMETHEUS, *_bringing_pods.NEEDS),
    check=check,
)
