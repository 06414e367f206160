"""A job still runs although it is no longer declared.

## Meaning

Its monitor is gone, or is not selected any more, and the operator has not taken the job out of the
configuration: it is down, paused or behind, or the API server told the watcher less than there is.
With the operator's next change the job is lost.

## Evidence

The watcher's own snapshots: the demand was there and is not; and the pool, which is.

## Fix

Accept the removal if it was meant; else put the monitor back before the operator writes the
configuration again.

## Not to be confused with

`monitor-deleted`: there the job has already left the configuration. `job-not-permanent`: there nobody
was ever seen to ask for it.
"""

from datetime import timedelta
from typing import Final

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, RiskRule
from watcher.model import shell
from watcher.model.comparison import JobState
from watcher.model.expectations import ExpectedJob
from watcher.model.findings import Confidence, Evidence, FixStep, Risk

SETTLED: Final = timedelta(minutes=5)
"""How long a removal may take on its usual way to the running configuration."""

_RUNNING: Final = frozenset({JobState.HEALTHY, JobState.DEGRADED, JobState.DOWN})


def check(ground: Ground) -> tuple[Risk, ...]:
    """Find the running jobs whose demand is gone."""
    return tuple(
        _risk(ground, status.pool, status.job)
        for status in ground.statuses
        if status.state in _RUNNING
        and status.job.gone_since is not None
        and ground.now - status.job.gone_since >= SETTLED
    )


def _risk(ground: Ground, pool: str, job: ExpectedJob) -> Risk:
    asked = str(job.monitor) if job.monitor else f"the source {job.origin.value}"
    restore = (
        f"watcher expect {shell.job(pool)} --manifest | kubectl apply -f -" if job.monitor else None
    )
    return risk(
        ground,
        RULE.code,
        pool=pool,
        summary=f"{pool} runs, and {asked} does not ask for it any more; it is lost when the"
        " configuration is written the next time",
        evidence=(
            Evidence(
                seen=f"{asked} asked for it, and does not since the snapshot of this time",
                where=job.monitor.kubectl if job.monitor else "watcher expect",
                at=job.gone_since,
            ),
            Evidence(seen="its scrape pool is there", where=f"watcher once {shell.job(pool)}"),
        ),
        fix=(
            FixStep(do="If that was meant: accept it", command=f"watcher accept {shell.job(pool)}"),
            FixStep(do="If it was not: put it back", command=restore),
        ),
        confidence=Confidence.LIKELY,
        proof=str(job.monitor or job.key),
    )


RULE = RiskRule(code="removed-but-running", needs=frozenset(), check=check)
