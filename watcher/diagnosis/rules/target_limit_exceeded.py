"""The job has more targets than it may have.

## Meaning

Once `target_limit` is exceeded Prometheus scrapes not one of the pool's targets: all are down until
there are few enough.

## Evidence

`lastError` of every target says `target_limit exceeded (number of targets: N, limit: M)`. Whose limit
it is: the monitor's `targetLimit` or the `enforcedTargetLimit` of the Prometheus resource.

## Fix

Raise the limit where it is set, or select fewer targets.

## Not to be confused with

`sample-limit-exceeded`: there a single target gives too much.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _limits, _scrapes
from watcher.model.facts import MONITOR, PROMETHEUS
from watcher.model.findings import Finding, Link

_CODE = "target-limit-exceeded"
_LIMIT = _limits.Limit(running="target_limit", own="targetLimit", enforced="enforcedTargetLimit")


def check(case: Case) -> Finding | None:
    """Whether the pool has too many targets."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    error = found.first.error
    numbers = "" if error.actual is None else f": {error.actual}, and target_limit is {error.limit}"
    return Finding(
        summary=f"{case.pool} has more targets than it may have, and none is scraped{numbers}",
        evidence=_limits.finding(case, found, _LIMIT, "targets", None).evidence,
        fix=tuple(_limits.fix(case, _LIMIT)),
    )


RULE = Rule(
    code=_CODE,
    link=Link.KEPT,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PROMETHEUS),
    check=check,
)
