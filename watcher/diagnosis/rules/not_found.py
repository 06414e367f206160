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

from collections.abc import Iterator
from urllib.parse import parse_qsl

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes, _targets, _where
from watcher.model.facts import MONITOR
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import JSON
from watcher.secrecy import HIDDEN, without_secrets

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
            *_query_in_path(case, path),
            _advice.ask(case, found),
            _advice.edit_job(case, "Name the path and the port at which the metrics are"),
        ),
        proof=_scrapes.proof(found),
    )


def _query_in_path(case: Case, path: str) -> Iterator[FixStep]:
    """A `?` in the path is sent as `%3F`: what stands behind it belongs into the parameters."""
    before, mark, query = path.partition("?")
    if not mark:
        return
    asked: dict[str, JSON] = {
        name: [word] for name, word in parse_qsl(query, keep_blank_values=True)
    }
    do = (
        f"The path holds a `?`, which Prometheus sends as %3F: set the path to {before} and put"
        f" {', '.join(asked) or 'what stands behind it'} into params"
    )
    step = None
    if without_secrets(query) == query and HIDDEN not in query:
        step = _advice.set_endpoint_fields(case, {"path": before, "params": asked}, do)
    yield step or _advice.edit_job(case, do)


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
