"""The targets' certificate is for another name.

## Meaning

Prometheus asks for the target by its address (or by `serverName`), and the certificate does not hold
that name. Discovered targets are IP addresses, which few certificates hold.

## Evidence

`lastError` says `certificate is valid for A, not B`, `doesn't contain any IP SANs`, or that it has a
Common Name only, which Go does not look at.

## Fix

Set `tlsConfig.serverName` to a name that the certificate holds, or issue one that holds the right
name as a subject alternative name.

## Not to be confused with

`certificate-untrusted`: there the issuer is not known.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes, _targets
from watcher.model.facts import MONITOR
from watcher.model.findings import Finding, FixStep, Link

_CODE = "certificate-name-mismatch"


def check(case: Case) -> Finding | None:
    """Whether most failing targets show a certificate of another name."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    error = found.first.error
    wanted = error.wanted or _targets.host(found.first.target.url)
    names = f"for {error.names}" if error.names else "without names that count"
    return Finding(
        summary=f"the certificate of {found.count} of {case.pool} is {names}, not for {wanted}",
        evidence=_scrapes.evidence(case, found),
        fix=(*_fix(case, error.names), _issue(wanted)),
        proof=_scrapes.proof(found),
    )


def _fix(case: Case, names: str | None) -> tuple[FixStep, ...]:
    """Ask for a name that the certificate holds, where it holds one only and no pattern."""
    only = names if names and "," not in names and "*" not in names else None
    if only is None:
        do = "Ask for a name that it holds, by tlsConfig.serverName (tls_config.server_name)"
        return (_advice.edit_job(case, do),) if names else ()
    do = f"Ask for the name that it holds, {only}; Prometheus reloads by itself"
    step = _advice.set_endpoint(case, "tlsConfig/serverName", only, do) or _advice.set_endpoint(
        case, "tlsConfig", {"serverName": only}, do
    )
    edit = f"Ask for the name that it holds, by tlsConfig.serverName: {only}"
    return (step or _advice.edit_job(case, edit),)


def _issue(wanted: str) -> FixStep:
    return FixStep(
        do=f"Or issue a certificate that holds {wanted} as a subject alternative name",
    )


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
