"""The targets take the connection and end it without an answer.

## Meaning

Something listens, and hangs up: a process that is overloaded or crashes while it answers, a load
balancer without a backend, or a server that speaks another protocol.

## Evidence

`lastError` says `EOF`, `connection reset by peer` or `broken pipe`, over plain HTTP and on a port
that nothing shows to be one for TLS.

## Fix

Ask the target by hand, and read its own log at that moment. If it answers to `https://`, set the
scheme.

## Not to be confused with

`protocol-mismatch`: there the port's name or number shows that it speaks TLS. `tls-handshake-failed`:
there it is hung up while TLS is negotiated.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes, _targets
from watcher.model.facts import MONITOR, TARGET_PODS
from watcher.model.findings import Confidence, Finding, FixStep, Link

_CODE = "connection-closed"


def check(case: Case) -> Finding | None:
    """Whether most failing targets hang up."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    pod = _targets.pod_of(case, found.first.target)
    trouble = () if pod is None else tuple(_targets.trouble_of(pod))
    return Finding(
        summary=f"{found.count} of {case.pool} took the connection and ended it without an answer",
        evidence=(*_scrapes.evidence(case, found), *trouble),
        fix=tuple(_fix(case, found)),
        confidence=Confidence.LIKELY,
        proof=_scrapes.proof(found),
    )


def _fix(case: Case, found: _scrapes.Failures) -> Iterator[FixStep]:
    yield _advice.ask(case, found)
    url = found.first.target.url.replace("http:", "https:", 1)
    yield FixStep(
        do="See whether it speaks TLS; if so, set the scheme of the job to https",
        command=_targets.look_at(url),
    )
    if (pod := _targets.pod_of(case, found.first.target)) is not None:
        yield FixStep(
            do="Read what the target itself says at that moment",
            command=f"kubectl -n {quote(pod.namespace)} logs {quote(pod.name)} --all-containers --tail=50",
        )


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(TARGET_PODS, MONITOR),
    check=check,
)
