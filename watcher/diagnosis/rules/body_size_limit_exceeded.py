"""The targets' answer is larger than it may be.

## Meaning

An answer of more bytes (uncompressed) than `body_size_limit` is thrown away, and the target counts as
down.

## Evidence

`lastError` says `body size limit exceeded`; the limit is that of the running configuration.

## Fix

Raise the limit where it is set (`bodySizeLimit` of the monitor, `enforcedBodySizeLimit` of the
Prometheus resource), or let the target show less.

## Not to be confused with

`sample-limit-exceeded`: there samples are counted, not bytes.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _limits, _scrapes
from watcher.model.facts import MONITOR, PROMETHEUS
from watcher.model.findings import Finding, Link

_CODE = "body-size-limit-exceeded"
_LIMIT = _limits.Limit(
    running="body_size_limit", own="bodySizeLimit", enforced="enforcedBodySizeLimit"
)


def check(case: Case) -> Finding | None:
    """Whether most failing targets give too many bytes."""
    found = _scrapes.failing(case, _CODE)
    return None if found is None else _limits.finding(case, found, _LIMIT, "bytes", None)


RULE = Rule(
    code=_CODE,
    link=Link.INGESTED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PROMETHEUS),
    check=check,
)
