"""A metric has more labels, or longer ones, than it may have.

## Meaning

One series that breaks `label_limit`, `label_name_length_limit` or `label_value_length_limit` makes
Prometheus throw away the whole scrape, and the target counts as down.

## Evidence

`lastError` names the metric, the label, and both numbers.

## Fix

Drop or shorten the label by `metricRelabelings` or in the exporter, or raise the limit where it is
set.

## Not to be confused with

`sample-limit-exceeded`: there series are counted, not their labels.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _limits, _scrapes
from watcher.model.facts import MONITOR, PROMETHEUS
from watcher.model.findings import Finding, Link

_CODE = "label-limit-exceeded"
_LIMITS = {
    "label_name_length_limit": (
        "characters in a label's name",
        _limits.Limit(
            running="label_name_length_limit",
            own="labelNameLengthLimit",
            enforced="enforcedLabelNameLengthLimit",
        ),
    ),
    "label_value_length_limit": (
        "characters in a label's value",
        _limits.Limit(
            running="label_value_length_limit",
            own="labelValueLengthLimit",
            enforced="enforcedLabelValueLengthLimit",
        ),
    ),
    "label_limit": (
        "labels on one series",
        _limits.Limit(running="label_limit", own="labelLimit", enforced="enforcedLabelLimit"),
    ),
}


def check(case: Case) -> Finding | None:
    """Whether most failing targets break a limit on labels."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    text = found.first.error.text
    what, limit = next((v for k, v in _LIMITS.items() if k in text), _LIMITS["label_limit"])
    return _limits.finding(case, found, limit, what, None)


RULE = Rule(
    code=_CODE,
    link=Link.INGESTED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PROMETHEUS),
    check=check,
)
