"""Prometheus speaks HTTP where the targets speak TLS, or the reverse.

## Meaning

The scheme of the job is not that of the port. Or the port is that of something which speaks no HTTP, or
HTTP/2 without TLS alone, as gRPC does.

## Evidence

Certain: `first record does not look like a TLS handshake`, `server gave HTTP response to HTTPS
client` (https asked, http there), `malformed HTTP response` (something else; an
alert of TLS and the settings of HTTP/2 are known by their first bytes). Likely: plain HTTP is answered
with 400, as Go servers that speak TLS do, or the connection is ended, and the port's name or number shows
that it is for TLS.

## Fix

Set the `scheme` of the endpoint, or the port. The kubelet, the controller manager and the scheduler want
Prometheus's token with it; etcd has its metrics without TLS on 2381.

## Not to be confused with

`server-error`: 400 from a port that nothing shows to be for TLS. `connection-closed`: likewise for a
connection that is ended. `tls-handshake-failed`: there both speak TLS.
"""

from collections.abc import Iterator
from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _known_ports, _scrapes, _targets
from watcher.diagnosis.wording_of_last_errors import LastErrorKind
from watcher.model.facts import MONITOR, PROMETHEUS
from watcher.model.findings import Confidence, Finding, FixStep, Link

_CODE = "protocol-mismatch"
_CERTAIN: Final = frozenset(
    {LastErrorKind.PROTOCOL_MISMATCH, LastErrorKind.TLS_SPOKEN, LastErrorKind.HTTP2_SPOKEN}
)


def check(case: Case) -> Finding | None:
    """Whether most failing targets speak another protocol."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    first = found.first
    port = _targets.port(first.target.url)
    return Finding(
        summary=f"{found.count} of {case.pool} {_said(found, port)}",
        evidence=_scrapes.evidence(case, found),
        fix=(*_fix(case, found, port), _advice.ask(case, found)),
        confidence=Confidence.CERTAIN if first.error.kind in _CERTAIN else Confidence.LIKELY,
        proof=_scrapes.proof(found),
    )


def _said(found: _scrapes.Failures, port: int | None) -> str:
    kind = found.first.error.kind
    if found.first.target.url.startswith("https:"):
        return f"were asked by https on port {port}, where no TLS is spoken"
    if kind is LastErrorKind.HTTP2_SPOKEN:
        return f"speak HTTP/2 without TLS alone on port {port}, as gRPC does"
    if kind is LastErrorKind.PROTOCOL_MISMATCH:
        return "answered with something that is no HTTP"
    seems = "is" if kind is LastErrorKind.TLS_SPOKEN else "seems to be"
    return f"were asked by http on port {port}, where TLS {seems} spoken"


def _fix(case: Case, found: _scrapes.Failures, port: int | None) -> Iterator[FixStep]:
    if found.first.target.url.startswith("https:"):
        yield _scheme(case, "http")
    elif found.first.error.kind in {LastErrorKind.PROTOCOL_MISMATCH, LastErrorKind.HTTP2_SPOKEN}:
        yield _advice.edit_job(case, f"Name the port of the metrics: {port} is not it")
    elif port == _known_ports.ETCD:
        yield _known_ports.of_etcd(case)
    else:
        token = _known_ports.own_token(case) if _known_ports.asks_api_server(port) else ()
        yield next(iter(token), None) or _scheme(case, "https")


def _scheme(case: Case, scheme: str) -> FixStep:
    do = f"Set the scheme of the job to {scheme}"
    step = _advice.set_endpoint(case, "scheme", scheme, f"{do}; Prometheus reloads by itself")
    return step or _advice.edit_job(case, do)


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PROMETHEUS),
    check=check,
)
