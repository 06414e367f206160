"""Nothing listens where Prometheus looks for the targets.

## Meaning

The address answers and refuses: no process listens on that port there. The process is down, listens
on another port, or only on 127.0.0.1 and so takes connections from its own host alone. The last is
how kube-controller-manager, kube-scheduler, etcd and kube-proxy are often set up.

## Evidence

`lastError` of the targets says `connect: connection refused` with the address that was dialled. The
state of the pod behind it, and the ports that it declares, where they can be read.

## Fix

Let the process run, listen on the port that the monitor names, and on an address that others reach:
`--bind-address=0.0.0.0` for the control plane, `metricsBindAddress: 0.0.0.0:10249` for kube-proxy.

## Not to be confused with

`connection-timeout`: there nothing answers at all, as behind a firewall or a NetworkPolicy.
`port-not-found`: there no target is made, because no port has the name. `target-pod-not-running`: there
the container behind the port does not run.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _known_ports, _scrapes, _targets
from watcher.model.facts import MONITOR, TARGET_PODS
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject, flag
from watcher.operator.addresses import container_ports

_CODE = "connection-refused"


def check(case: Case) -> Finding | None:
    """Whether most failing targets refuse the connection."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    first = found.first
    if first.error.via_proxy:
        return _by_proxy(case, found)
    pod = _targets.pod_of(case, first.target)
    address = first.error.address or f"{_targets.host(first.target.url)}"
    return Finding(
        summary=f"{found.count} of {case.pool} refused the connection: nothing listens on {address}",
        evidence=(*_scrapes.evidence(case, found), *_of_pod(pod, _targets.port(first.target.url))),
        fix=tuple(_fix(case, found, pod)),
        proof=_scrapes.proof(found),
    )


def _by_proxy(case: Case, found: _scrapes.Failures) -> Finding:
    return Finding(
        summary=f"the proxy through which {case.pool} is scraped refuses the connection",
        evidence=_scrapes.evidence(case, found),
        fix=(_advice.edit_job(case, "Correct proxyUrl (proxy_url), or let the proxy run"),),
        proof=found.first.error.address or "",
    )


def _of_pod(pod: KubeObject | None, port: int | None) -> Iterator[Evidence]:
    if pod is None:
        return
    yield from _targets.trouble_of(pod)
    declared = sorted({number for _, number in container_ports(pod) if number is not None})
    if declared and port is not None and port not in declared:
        yield Evidence(
            seen=f"pod {pod.full_name} declares the ports {', '.join(map(str, declared))},"
            f" and not {port}",
            where=pod.kubectl(),
        )


def _fix(case: Case, found: _scrapes.Failures, pod: KubeObject | None) -> Iterator[FixStep]:
    port = _targets.port(found.first.target.url)
    if (step := _known_ports.refused(port)) is not None:
        yield step
    if (where := _known_ports.moved(port)) is not None:
        yield _advice.edit_job(case, where)
    own = "" if pod is None or not flag(pod.raw, "spec", "hostNetwork") else " of its node"
    yield FixStep(
        do=f"Let the process listen on port {port} of an address{own} that Prometheus reaches, not"
        " on 127.0.0.1 alone (control plane: --bind-address=0.0.0.0; kube-proxy:"
        " metricsBindAddress: 0.0.0.0:10249)",
        command=None
        if pod is None
        else f"kubectl -n {quote(pod.namespace)} get pod {quote(pod.name)}"
        " -o jsonpath='{.spec.containers[*].command} {.spec.containers[*].args}'",
    )
    yield _advice.edit_job(case, "Or name the port on which it does listen")
    yield _advice.ask(case, found)


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(TARGET_PODS, MONITOR),
    check=check,
)
