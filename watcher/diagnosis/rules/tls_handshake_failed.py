"""The targets and Prometheus come to no agreement on TLS.

## Meaning

The target refuses Prometheus: it demands a client certificate and gets none, one that it does not
trust or one that has expired; or both have no version or cipher in common.

## Evidence

`lastError` says `remote error: tls: …`, which is the target's own verdict (certain); or the target
hangs up while TLS is negotiated (likely): a server that demands client certificates does so too, and
the same fault can read `broken pipe` at one scrape and `unknown certificate authority` at the next.

## Fix

Give the job the client certificate and key that the target takes, by `tlsConfig.cert` and
`tlsConfig.keySecret`; or allow a version that both speak.

## Not to be confused with

`certificate-untrusted`, `certificate-expired`: there Prometheus finds the target's certificate bad.
`protocol-mismatch`: there one of both speaks no TLS at all.
"""

from collections.abc import Iterator

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _known_ports, _scrapes, _targets, _where
from watcher.diagnosis.wording_of_last_errors import LastErrorKind
from watcher.model.facts import MONITOR
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import mapping, text

_CODE = "tls-handshake-failed"


def check(case: Case) -> Finding | None:
    """Whether most failing targets refuse the handshake."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    running = case.running()
    tls = mapping(running.raw, "tls_config") if running else {}
    certificate = text(tls, "cert_file") or ("one given in place" if tls.get("cert") else None)
    kind = found.first.error.kind
    closed = kind is LastErrorKind.CONNECTION_CLOSED
    sends = f"sends the client certificate {certificate}" if certificate else "sends none"
    return Finding(
        summary=f"{found.count} of {case.pool} {_verdict(kind)}; the job {sends}",
        evidence=(
            *_scrapes.evidence(case, found),
            Evidence(
                seen=f"the running configuration of {case.pool} names"
                f" {certificate or 'no client certificate'}",
                where=_where.asked(found.first.server, "status/config"),
            ),
        ),
        fix=(
            _fix(case, kind, certificate),
            *_of_etcd(case, found),
            _advice.ask(case, found),
        ),
        confidence=Confidence.LIKELY if closed else Confidence.CERTAIN,
        proof=_scrapes.proof(found),
    )


def _of_etcd(case: Case, found: _scrapes.Failures) -> Iterator[FixStep]:
    if _targets.port(found.first.target.url) == _known_ports.ETCD:
        yield _known_ports.of_etcd(case)


def _verdict(kind: LastErrorKind) -> str:
    if kind is LastErrorKind.CLIENT_CERTIFICATE_REQUIRED:
        return "demanded a client certificate"
    if kind is LastErrorKind.CLIENT_CERTIFICATE_REJECTED:
        return "refused the client certificate"
    if kind is LastErrorKind.CONNECTION_CLOSED:
        return "hung up while TLS was negotiated, as a server does that wants a client certificate"
    return "did not agree on TLS"


def _fix(case: Case, kind: LastErrorKind, certificate: str | None) -> FixStep:
    if kind is LastErrorKind.TLS_HANDSHAKE:
        return _advice.edit_job(case, "Allow a version that both speak: tlsConfig.minVersion")
    if certificate:
        do = f"Give the job a client certificate that the target takes, instead of {certificate}"
        return _advice.edit_job(case, do)
    return _advice.edit_job(
        case, "Give the job a client certificate: tlsConfig.cert and tlsConfig.keySecret"
    )


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
