"""The scrapes fail in a way that no other cause names.

## Meaning

Prometheus says why a target is down, in words that are not in this catalogue.

## Evidence

`lastError`, word for word.

## Fix

Read it, and ask the target by hand.

## Not to be confused with

Any other cause of the links scraped and ingested: they are convicted first where their words are
found.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes
from watcher.model.facts import MONITOR
from watcher.model.findings import Confidence, Finding, Link

_CODE = "scrape-failed"


def check(case: Case) -> Finding | None:
    """Whether most failing targets say something else."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    words = found.first.error.text or "without a word"
    return Finding(
        summary=f"{found.count} of {case.pool} failed: {words}",
        evidence=_scrapes.evidence(case, found),
        fix=(_advice.ask(case, found),),
        confidence=Confidence.LIKELY,
    )


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
