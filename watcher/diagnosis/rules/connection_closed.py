"""The targets take the connection and end it without an answer.

## Meaning

Something listens, and hangs up: a process that is overloaded or crashes while it answers, a load
balancer without a backend, a server that speaks another protocol, or the proxy of a service mesh that
takes only what comes from within the mesh (mutual TLS).

## Evidence

`lastError` says `EOF`, `connection reset by peer` or `broken pipe`, over plain HTTP and on a port
that nothing shows to be one for TLS.

## Fix

Where a mesh stands before the pod: let it leave the port of the metrics alone. Else ask the target by hand,
and read its own log at that moment. If it answers to `https://`, set the scheme.

## Not to be confused with

`protocol-mismatch`: there the port's name or number shows that it speaks TLS. `tls-handshake-failed`:
there it is hung up while TLS is negotiated.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _bringing_pods, _mesh, _scrapes, _targets
from watcher.model.facts import MONITOR
from watcher.model.findings import Confidence, Finding, FixStep, Link

_CODE = "connection-closed"


def check(case: Case) -> Finding | None:
    """Whether most failing targets hang up."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    pod = _targets.pod_of(case, found.first.target)
    trouble = [] if pod is None else [*_targets.trouble_of(pod)]
    mesh = _mesh.mesh_of(pod, _targets.port(found.first.target.url))
    if pod and mesh:
        trouble.append(_mesh.evidence(pod, mesh))
    return Finding(
        summary=f"{found.count} of {case.pool} took the connection and ended it without an answer"
        + (f", as {mesh.name} does with who is not of the mesh" if mesh else ""),
        evidence=(*_scrapes.evidence(case, found), *trouble),
        fix=tuple(_fix(case, found)),
        confidence=Confidence.LIKELY,
        proof=_scrapes.proof(found),
    )


def _fix(case: Case, found: _scrapes.Failures) -> Iterator[FixStep]:
    port, pod = _targets.port(found.first.target.url), _targets.pod_of(case, found.first.target)
    if pod and port and (mesh := _mesh.mesh_of(pod, port)):
        yield _mesh.past(case, pod, mesh, port)
    yield _advice.ask(case, found)
    url = found.first.target.url.replace("http:", "https:", 1)
    yield FixStep(
        do="See whether it speaks TLS; if so, set the scheme of the job to https",
        command=_targets.look_at(url),
    )
    if pod is not None:
        yield FixStep(
            do="Read what the target itself says at that moment",
            command=f"kubectl -n {quote(pod.namespace)} logs {quote(pod.name)} --all-containers --tail=50",
        )


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, *_bringing_pods.NEEDS),
    check=check,
)
