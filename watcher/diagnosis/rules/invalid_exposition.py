"""The targets answer with something that is no metrics.

## Meaning

The answer cannot be read as metrics: a web page or JSON instead of them, a bad line among good ones, or
an answer that ends too soon. One bad line costs the whole scrape.

## Evidence

`lastError` has the parser's words and, in later versions (2.53, not yet 2.42), the text that it failed
at; `unexpected EOF` when the body or its compression ended too soon. The byte 0x1f is the beginning of
gzip that no `Content-Encoding` tells.

## Fix

Ask the target by hand and look at the place; a page (`<`) means the wrong path or a login before it.
Compression that is broken: ask without (`enableCompression: false`, which only a ScrapeConfig has).

## Not to be confused with

`unsupported-content-type`: there Prometheus 3 refuses by the header, before it reads.
"""

from collections.abc import Iterator
from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _query_in_path, _scrapes
from watcher.diagnosis.wording_of_last_errors import LastErrorKind
from watcher.model.facts import MONITOR
from watcher.model.findings import Finding, FixStep, Link
from watcher.model.names import MonitorKind

_CODE = "invalid-exposition"
_COMPRESSED: Final = r'got "\x1f"'


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
    return Finding(
        summary=f"{found.count} of {case.pool} answered with {why}",
        evidence=_scrapes.evidence(case, found),
        fix=tuple(_fix(case, found, page=page, cut=cut)),
        proof=_scrapes.proof(found),
    )


def _fix(case: Case, found: _scrapes.Failures, *, page: bool, cut: bool) -> Iterator[FixStep]:
    if page:
        yield from _query_in_path.moved(case)
    if _COMPRESSED in found.first.error.text:
        yield _uncompressed(case, "It answers compressed (gzip) and does not say so")
    yield _advice.ask(case, found)
    if cut:
        yield _uncompressed(case, "If it answers whole so, where nothing is compressed")
    elif page:
        yield _advice.edit_job(
            case, "If it is a web page: name the path of the metrics, or send what the login wants"
        )
    else:
        yield FixStep(do="Fix the exporter where the parser stops")


def _uncompressed(case: Case, why: str) -> FixStep:
    """Only a ScrapeConfig has the field (operator 0.73 and later); endpoints of monitors have none."""
    monitor = _advice.monitor_of(case)
    if monitor is None:
        return _advice.edit_job(case, f"{why}: enable_compression: false")
    if monitor.kind == MonitorKind.SCRAPE_CONFIG:
        do = f"{why}: ask for it uncompressed; Prometheus reloads by itself"
        return _advice.set_spec(monitor, "enableCompression", new=False, do=do)
    return FixStep(
        do=f"{why}: take the compression out of the exporter or of the proxy before it; a"
        f" {monitor.kind} cannot ask without, a ScrapeConfig can (enableCompression: false)"
    )


RULE = Rule(
    code=_CODE, link=Link.INGESTED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
