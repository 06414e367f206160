"""The targets give more samples than they may.

## Meaning

A scrape with more samples than `sample_limit` (after metric relabelling) is thrown away as a whole,
and the target counts as down. Prometheus 2.53 calls it up after every second scrape all the same,
and stores nothing then either: here it is down.

## Evidence

`lastError` says `sample limit exceeded`. Prometheus names neither number; the limit is that of the
running configuration, the number of samples stands in `scrape_samples_scraped`.

## Fix

Raise the limit where it is set (`sampleLimit` of the monitor, `enforcedSampleLimit` of the Prometheus
resource), or drop series by `metricRelabelings`.

## Not to be confused with

`label-limit-exceeded`, `body-size-limit-exceeded`: other limits. `target-limit-exceeded`: too many
targets.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _limits, _scrapes
from watcher.model.facts import MONITOR, PROMETHEUS
from watcher.model.findings import Finding, Link

_CODE = "sample-limit-exceeded"
_LIMIT = _limits.Limit(running="sample_limit", own="sampleLimit", enforced="enforcedSampleLimit")


def check(case: Case) -> Finding | None:
    """Whether most failing targets give too many samples."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    return _limits.finding(case, found, _LIMIT, "samples", "scrape_samples_scraped")


RULE = Rule(
    code=_CODE,
    link=Link.INGESTED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PROMETHEUS),
    check=check,
)
