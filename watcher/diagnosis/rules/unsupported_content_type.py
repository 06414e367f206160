"""Prometheus 3 refuses the type that the targets' answer has.

## Meaning

Since 3.0 the header `Content-Type` decides how an answer is read. One that is missing or is not of a
known format is refused, where 2.x read it as text: what was scraped before an upgrade is down after.

## Evidence

`lastError` names the type: `received unsupported Content-Type`, `blank Content-Type`, `cannot parse
Content-Type`.

## Fix

If the answer is metrics all the same: `fallbackScrapeProtocol: PrometheusText0.0.4` on the monitor.
If it is a web page (`text/html`): the path is wrong, or a login stands before it, and no fallback
helps.

## Not to be confused with

`invalid-exposition`: there the type is accepted, and what it holds is not.
"""

from collections.abc import Iterator

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _query_in_path, _scrapes
from watcher.model.facts import MONITOR
from watcher.model.findings import Finding, FixStep, Link

_CODE = "unsupported-content-type"
_FIELD = "fallbackScrapeProtocol"
_TEXT = "PrometheusText0.0.4"


def check(case: Case) -> Finding | None:
    """Whether most failing targets answer with a type that is refused."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    sent = found.first.error.content_type
    said = f"the Content-Type {sent}" if sent else "no Content-Type"
    return Finding(
        summary=f"{found.count} of {case.pool} answered with {said}, which Prometheus 3 refuses",
        evidence=_scrapes.evidence(case, found),
        fix=tuple(_fix(case, found, sent or "")),
        proof=_scrapes.proof(found),
    )


def _fix(case: Case, found: _scrapes.Failures, sent: str) -> Iterator[FixStep]:
    if "html" in sent:
        yield from _query_in_path.moved(case)
        yield _advice.ask(case, found)
        yield _advice.edit_job(
            case, "If it is a web page: name the path of the metrics, or send what the login wants"
        )
        return
    do = f"If it is metrics in text: set {_FIELD} to {_TEXT}"
    monitor = _advice.monitor_of(case)
    if monitor is not None:
        older = "a custom resource definition that is older than the field drops it"
        what = f"{do} (Prometheus reloads by itself; {older})"
        yield _advice.set_spec(monitor, _FIELD, _TEXT, what)
    else:
        yield _advice.edit_job(case, f"{do} (fallback_scrape_protocol)")
    yield _advice.ask(case, found)


RULE = Rule(
    code=_CODE, link=Link.INGESTED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
