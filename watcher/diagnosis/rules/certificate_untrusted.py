"""Nobody whom Prometheus trusts has signed the targets' certificate.

## Meaning

The job has no CA, or the wrong one: the target's certificate is signed by itself, by a private CA, or
by a CA that was renewed meanwhile.

## Evidence

`lastError` says `x509: certificate signed by unknown authority` or the like. Which CA the running job
names.

## Fix

Let the job name the CA that has signed it: `tlsConfig.ca` with a Secret or ConfigMap in the monitor's
namespace. `insecureSkipVerify` gives up knowing who answers.

## Not to be confused with

`certificate-name-mismatch`: there the CA is right and the name is not. `certificate-expired`: there
its time is over.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes, _targets, _where
from watcher.model.facts import MONITOR
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import mapping, text

_CODE = "certificate-untrusted"


def check(case: Case) -> Finding | None:
    """Whether most failing targets have a certificate of an unknown issuer."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    running = case.running()
    tls = mapping(running.raw, "tls_config") if running else {}
    ca = text(tls, "ca_file") or ("one given in place" if tls.get("ca") else None)
    named = f"the CA that it names ({ca}) has not signed it" if ca else "it names no CA"
    host, port = _targets.host(found.first.target.url), _targets.port(found.first.target.url)
    return Finding(
        summary=f"{found.count} of {case.pool} showed a certificate of an unknown issuer: the job"
        f" trusts {ca or 'only the CAs of the image'}",
        evidence=(
            *_scrapes.evidence(case, found),
            Evidence(
                seen=f"the running configuration of {case.pool}: {named}",
                where=_where.asked(found.first.server, "status/config"),
            ),
        ),
        fix=(
            FixStep(
                do="See who has signed it",
                command=f"openssl s_client -showcerts -connect {quote(f'{host}:{port}')} </dev/null"
                " 2>/dev/null | openssl x509 -noout -issuer -subject",
            ),
            _advice.edit_job(case, "Name that CA in tlsConfig.ca (tls_config.ca_file)"),
        ),
        proof=_scrapes.proof(found),
    )


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
