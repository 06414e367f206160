"""The targets have no such page: HTTP status 404.

## Meaning

The process answers, and has nothing at the path that the job asks for: its metrics are elsewhere, or
the port is that of something else. A `?` in `path` is sent as `%3F`, so that a query there is a part of a
page's name that nobody has.

## Evidence

`lastError` says `404 Not Found`; the path is that of the running job.

## Fix

Set the `path` of the endpoint to where the metrics are, or the port to that of the metrics; a query
belongs into `params`.

## Not to be confused with

`server-error`: there the page exists and making it fails.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _query_in_path, _scrapes, _targets, _where
from watcher.model.facts import MONITOR
from watcher.model.findings import Evidence, Finding, Link

_CODE = "not-found"


def check(case: Case) -> Finding | None:
    """Whether most failing targets answer 404."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    running = case.running()
    path = running.path if running else "/metrics"
    asked = Evidence(
        seen=f"the running job asks for {path} on port {_targets.port(found.first.target.url)}",
        where=_where.asked(found.first.server, "status/config"),
    )
    return Finding(
        summary=f"{found.count} of {case.pool} answered 404 Not Found for {path}",
        evidence=(*_scrapes.evidence(case, found), asked),
        fix=(
            *_query_in_path.moved(case),
            _advice.ask(case, found),
            _advice.edit_job(case, "Name the path and the port at which the metrics are"),
        ),
        proof=_scrapes.proof(found),
    )


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
