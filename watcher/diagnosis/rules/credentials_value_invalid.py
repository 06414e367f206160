"""A credential holds what no HTTP header may, mostly a line feed at its end.

## Meaning

The value of a Secret was made with a line feed (`echo … | base64`), and Prometheus cannot put it into a
header: it does not ask the target at all. What is read from a file is trimmed, what the operator puts into
the configuration is not.

## Evidence

`lastError` says `invalid header field value for "Authorization"`, which comes before any connection. The
Secret that the monitor names.

## Fix

Write the value again without the line feed. The operator takes it into the configuration, and Prometheus
reloads by itself.

## Not to be confused with

`unauthorized`: there the target is asked and refuses, which a line feed in a password for basic auth brings
about. `credentials-file-invalid`: there a file cannot be used.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes, _secret_refs
from watcher.model.facts import MONITOR
from watcher.model.findings import Finding, FixStep, Link

_CODE = "credentials-value-invalid"


def check(case: Case) -> Finding | None:
    """Whether most failing targets are not asked, as a header cannot be sent."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    header = found.first.error.label or "a header"
    ref = _secret_refs.of_authorization(case)
    whose = f", from key {ref.key} of Secret {ref.namespace}/{ref.name}" if ref else ""
    return Finding(
        summary=f"{case.pool} cannot send {header}: its value{whose} holds what no header may,"
        " mostly a line feed at the end",
        evidence=_scrapes.evidence(case, found),
        fix=(_fix(case, ref),),
        proof=f"secret {ref.namespace}/{ref.name}" if ref else "",
    )


def _fix(case: Case, ref: _secret_refs.SecretKey | None) -> FixStep:
    if ref is None:
        return _advice.edit_job(case, "Give the value without a line feed, or by a file")
    return FixStep(
        do=f"Write key {ref.key} of Secret {ref.namespace}/{ref.name} again without line feeds; the"
        " operator and Prometheus take it over by themselves",
        command=_secret_refs.trim(ref),
    )


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
