"""The endpoints of the monitor were changed, so the pool has another name or was replaced.

## Meaning

A pool's name ends in the index of its endpoint. When an endpoint before it is removed or they are
reordered, the same endpoint gets another name; when it is removed itself, its owner did so. Nothing
is lost: the next snapshot takes the new names over. One whose fields are edited stays the same.

## Evidence

The monitor as it stands asks for the same endpoint under another name, or does not ask for it any
more while it asks for others.

## Fix

None is needed. Dashboards and alerts that name the pool may have to follow.

## Not to be confused with

`endpoints-empty`: there none is left. `monitor-deleted`: there the monitor itself is gone.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor
from watcher.model.comparison import JobState
from watcher.model.facts import MONITOR
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.operator.jobs import expected_jobs


def check(case: Case) -> Finding | None:
    """Compare the endpoints that the monitor has now with the one that was expected."""
    monitor = _monitor.monitor_of(case)
    if monitor is None:
        return None
    # What an endpoint asks for tells it wherever it stands, else its place in the list.
    # Of the Prometheus nothing but its name is asked here; scrape classes change files alone.
    asked = expected_jobs(monitor, KubeObject({}), name=case.job.prometheus)
    same = {job.pool for job in asked if job.asks == case.job.asks}
    if not asked or case.job.pool in (same or {job.pool for job in asked}):
        return None
    now = min(same, default=None)
    words = (
        f"the same endpoint is {now} now" if now else "it asks for other endpoints and not for this"
    )
    at, who = _monitor.last_write(monitor)
    return Finding(
        summary=f"the endpoints of {case.job.monitor} were changed: {words}; nothing is lost",
        evidence=(
            Evidence(
                seen=f"{case.job.monitor} asks for {', '.join(sorted(job.pool for job in asked))}"
                + (f"; {who} wrote it last" if who else ""),
                where=monitor.kubectl(),
                at=at,
            ),
        ),
        fix=(FixStep(do="Nothing; the next snapshot takes the new names over"),),
        proof=str(case.job.monitor),
    )


RULE = Rule(
    code="pool-renamed",
    link=Link.DECLARED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR),
    check=check,
)
