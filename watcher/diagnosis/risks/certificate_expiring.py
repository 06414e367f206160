"""A client certificate that jobs present to their targets ends soon.

## Meaning

Certificates end on a known day, and then every target that demands one refuses the scrape. Nothing
in Prometheus tells the day.

## Evidence

The `notAfter` of the certificates in the Secrets that the jobs name. The watcher reads no contents of
Secrets, so this stays undecided, and says so, wherever a job has a client certificate.

## Fix

Renew the certificate; Prometheus reads it anew by itself.

## Not to be confused with

`certificate-expired`: there it has ended, and targets say so.
"""

from datetime import timedelta
from typing import Final

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.model.facts import CERTIFICATES
from watcher.model.findings import Evidence, Risk

SOON: Final = timedelta(days=21)


def check(ground: Ground) -> tuple[Risk, ...]:
    """Look at when the certificates end; with no client certificate there is nothing to ask."""
    if not any(_presents_one(ground, status.pool) for status in ground.statuses):
        return ()
    return tuple(
        risk(
            ground,
            RULE.code,
            summary=f"the certificate {name} ends on {ends:%Y-%m-%d %H:%M} UTC",
            evidence=(
                Evidence(
                    seen=f"notAfter of {name} is {ends.isoformat()}",
                    where=f"kubectl -n {name.partition('/')[0]} describe secret {name.split('/')[1]}",
                    at=ends,
                ),
            ),
            proof=name,
        )
        for name, ends in sorted(ground.read(CERTIFICATES).items())
        if ends - ground.now < SOON
    )


def _presents_one(ground: Ground, pool: str) -> bool:
    for server in ground.observation.readable if ground.observation else ():
        for job in server.jobs.values():
            if job.name == pool and any(f.field.endswith("cert_file") for f in job.files):
                return True
    return False


RULE = RiskRule(code="certificate-expiring", needs=needing(CERTIFICATES), check=check)
