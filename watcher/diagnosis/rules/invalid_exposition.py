"""The targets answer with something that is no metrics.

## Meaning

The answer cannot be read as metrics: a web page or JSON instead of them, a bad line among good ones, or
an answer that ends too soon. One bad line costs the whole scrape.

## Evidence

`lastError` has the parser's words and, in later versions (2.53, not yet 2.42), the text that it failed
at; `unexpected EOF` when the body or its compression ended too soon.

## Fix

Ask the target by hand and look at the place; a page (`<`) means the wrong path or a login before it.

## Not to be confused with

`unsupported-content-type`: there Prometheus 3 refuses by the header, before it reads.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes
from watcher.diagnosis.wording_of_last_errors import LastErrorKind
from watcher.model.facts import MONITOR
from watcher.model.findings import Finding, FixStep, Link

_CODE = "invalid-exposition"


def check(case: Case) -> Finding | None:
    """Whether most failing targets answer with what cannot be parsed."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    error = found.first.error
    cut = error.kind is LastErrorKind.TRUNCATED
    page = 'got "<"' in error.text or '"INVALID" is not a valid start token' in error.text
    why = (
        "an answer that ends too soon"
        if cut
        else f"something that is not valid metrics: {error.text}"
    )
    steps = [_advice.ask(case, found)]
    if page:
        do = "If it is a web page: name the path of the metrics, or send what the login wants"
        steps.append(_advice.edit_job(case, do))
    else:
        steps.append(FixStep(do="Fix the exporter where the parser stops"))
    return Finding(
        summary=f"{found.count} of {case.pool} answered with {why}",
        evidence=_scrapes.evidence(case, found),
        fix=tuple(steps),
        proof=_scrapes.proof(found),
    )


RULE = Rule(
    code=_CODE, link=Link.INGESTED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
