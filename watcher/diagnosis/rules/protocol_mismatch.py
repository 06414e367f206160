"""Prometheus speaks HTTP where the targets speak TLS, or the reverse.

## Meaning

The scheme of the job is not that of the port. Or the port is that of something which speaks no HTTP.

## Evidence

Certain: `first record does not look like a TLS handshake`, `server gave HTTP response to HTTPS
client` (https asked, http there), `malformed HTTP response` (something else). Likely: plain HTTP is
answered with 400, as Go servers that speak TLS do, or the connection is ended, and the port's name or
number shows that it is for TLS.

## Fix

Set the `scheme` of the endpoint, or the port.

## Not to be confused with

`server-error`: 400 from a port that nothing shows to be for TLS. `connection-closed`: likewise for a
connection that is ended. `tls-handshake-failed`: there both speak TLS.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes, _targets
from watcher.diagnosis.wording_of_last_errors import LastErrorKind
from watcher.model.facts import MONITOR
from watcher.model.findings import Confidence, Finding, FixStep, Link

_CODE = "protocol-mismatch"


def check(case: Case) -> Finding | None:
    """Whether most failing targets speak another protocol."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    first = found.first
    certain = first.error.kind is LastErrorKind.PROTOCOL_MISMATCH
    https = first.target.url.startswith("https:")
    port = _targets.port(first.target.url)
    if certain and not https:
        summary = f"{found.count} of {case.pool} answered with something that is no HTTP"
        fix = [_advice.edit_job(case, f"Name the port of the metrics: {port} is not it")]
    else:
        asked, there = ("https", "http") if https else ("http", "https")
        summary = f"{found.count} of {case.pool} were asked by {asked} on port {port}, where"
        summary += " no TLS is spoken" if https else " TLS seems to be spoken"
        fix = [_scheme(case, there)]
    return Finding(
        summary=summary,
        evidence=_scrapes.evidence(case, found),
        fix=(*fix, _advice.ask(case, found)),
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        proof=_scrapes.proof(found),
    )


def _scheme(case: Case, scheme: str) -> FixStep:
    do = f"Set the scheme of the job to {scheme}"
    step = _advice.set_endpoint(case, "scheme", scheme, f"{do}; Prometheus reloads by itself")
    return step or _advice.edit_job(case, do)


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
