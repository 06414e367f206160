"""The targets' certificate has expired, or is not valid yet.

## Meaning

Prometheus checks the target's certificate and finds it out of its time: nobody renewed it, the target
has not loaded the renewed one, or a clock is wrong.

## Evidence

`lastError` says `certificate has expired or is not yet valid` with the date. Connections that are
kept alive hide this until they break, so targets fail one after the other.

## Fix

Renew the certificate and let the target load it (many need a restart). Do not switch the check off.

## Not to be confused with

`tls-handshake-failed`: there the target finds Prometheus's own certificate bad. `certificate-untrusted`:
there nobody known has signed it.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Rule
from watcher.diagnosis.rules import _scrapes, _targets
from watcher.diagnosis.wording_of_last_errors import LastErrorKind
from watcher.model.findings import Finding, FixStep, Link

_CODE = "certificate-expired"


def check(case: Case) -> Finding | None:
    """Whether most failing targets have a certificate out of its time."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    error = found.first.error
    early = error.kind is LastErrorKind.CERTIFICATE_NOT_YET_VALID
    if early:
        when = f"is not valid before {error.date}" if error.date else "is not valid yet"
    else:
        when = f"expired at {error.date}" if error.date else "has expired"
    host, port = _targets.host(found.first.target.url), _targets.port(found.first.target.url)
    return Finding(
        summary=f"the certificate of {found.count} of {case.pool} {when}",
        evidence=_scrapes.evidence(case, found),
        fix=(
            FixStep(
                do="See its dates, and who issues it",
                command=f"openssl s_client -connect {quote(f'{host}:{port}')} </dev/null 2>/dev/null"
                " | openssl x509 -noout -dates -issuer -subject",
            ),
            FixStep(
                do="Correct the clock of the host that is wrong, else issue the certificate again"
                if early
                else "Renew the certificate, and let the target load it (mostly by a restart)"
            ),
        ),
        proof=_scrapes.proof(found),
    )


RULE = Rule(code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=frozenset(), check=check)
