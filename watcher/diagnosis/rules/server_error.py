"""The targets answer with an error: HTTP status 5xx, or another that is no metrics.

## Meaning

The target, or a proxy before it, answers and fails: 500 is its own trouble, 502 to 504 mostly that of
a proxy whose backend is away; a redirect leads nowhere or is not followed; 400 is a request that it
does not understand, as of an exporter that needs parameters; 406 and 415 are servers that do not take the `Accept`
header of Prometheus (2.49 and later send a longer one).

## Evidence

`lastError` says `server returned HTTP status …`, or that redirects do not end.

## Fix

406, 415: `scrapeProtocols: [PrometheusText0.0.4]` on the monitor. A redirect: `followRedirects: true`. Else read
the target's own log, and ask it by hand: the body says more than Prometheus keeps.

## Not to be confused with

`protocol-mismatch`: a Go server that speaks TLS answers plain HTTP with 400 too; that is convicted
only where the port's name or number shows TLS.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _query_in_path, _scrapes, _targets
from watcher.diagnosis.wording_of_last_errors import LastErrorKind
from watcher.model.facts import MONITOR, TARGET_PODS
from watcher.model.findings import Finding, FixStep, Link

_CODE = "server-error"
_BAD_REQUEST = 400
_PROXY = (502, 503, 504)
_NOT_ACCEPTED = (406, 415)
_REDIRECTS = (301, 302, 303, 307, 308)
_TEXT = "PrometheusText0.0.4"


def check(case: Case) -> Finding | None:
    """Whether most failing targets answer with another status."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    error = found.first.error
    said = error.text.rpartition("HTTP status ")[2]
    if error.kind is LastErrorKind.REDIRECT_LOOP:
        said = "redirects without end"
    return Finding(
        summary=f"{found.count} of {case.pool} answered {said}",
        evidence=_scrapes.evidence(case, found),
        fix=tuple(_fix(case, found)),
        proof=_scrapes.proof(found),
    )


def _fix(case: Case, found: _scrapes.Failures) -> Iterator[FixStep]:
    first = found.first
    yield from _query_in_path.moved(case)
    yield from _by_status(case, first.error.status)
    yield _advice.ask(case, found)
    if first.error.status in _PROXY:
        yield FixStep(do="If a proxy stands before the target: see whether its backend is there")
    if first.error.status == _BAD_REQUEST and first.target.url.startswith("http:"):
        yield FixStep(
            do="See whether it speaks TLS: a Go server then answers plain HTTP with 400; if so, set"
            " the scheme of the job to https",
            command=_targets.look_at(first.target.url.replace("http:", "https:", 1)),
        )
    pod = _targets.pod_of(case, first.target)
    if pod is not None:
        yield FixStep(
            do="Read the target's own log",
            command=f"kubectl -n {quote(pod.namespace)} logs {quote(pod.name)} --all-containers --tail=50",
        )


def _by_status(case: Case, status: int | None) -> Iterator[FixStep]:
    """What heals a status that says what it wants."""
    monitor = _advice.monitor_of(case)
    if status in _NOT_ACCEPTED:
        do = (
            "Ask for the text format alone: the target does not take the Accept header that Prometheus"
            " sends since 2.49, and answers a request without it"
        )
        field = "scrapeProtocols"
        if monitor is None:
            yield _advice.edit_job(case, f"{do} (scrape_protocols: [{_TEXT}])")
        else:
            yield _advice.set_spec(monitor, field, [_TEXT], f"{do}; Prometheus reloads by itself")
    if status in _REDIRECTS:
        yield _advice.set_endpoint(
            case, "followRedirects", new=True, do="Follow redirects; Prometheus reloads by itself"
        ) or _advice.edit_job(case, "Follow redirects (followRedirects, follow_redirects: true)")


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(TARGET_PODS, MONITOR),
    check=check,
)
