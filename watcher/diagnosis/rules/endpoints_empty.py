"""The monitor stands and has no endpoints, so it asks for no job.

## Meaning

`spec.endpoints` (of a PodMonitor `spec.podMetricsEndpoints`) is an empty list. That is valid, and the
operator makes no scrape job of it, without an error anywhere.

## Evidence

The list in the object is empty.

## Fix

Put the endpoint back. Where the watcher remembers the object it prints it.

## Not to be confused with

`monitor-deleted`: there the object is gone. `pool-renamed`: there other endpoints are left.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _gone, _monitor
from watcher.model.comparison import JobState
from watcher.model.facts import LAST_MONITOR, MONITOR
from watcher.model.findings import Evidence, Finding, Link
from watcher.model.kube import objects
from watcher.operator.jobs import ENDPOINTS


def check(case: Case) -> Finding | None:
    """See whether the monitor has any endpoint."""
    monitor = _monitor.monitor_of(case)
    field = ENDPOINTS.get(case.job.monitor.kind) if case.job.monitor else None
    if monitor is None or field is None or any(objects(monitor.raw, "spec", field)):
        return None
    at, who = _monitor.last_write(monitor)
    return Finding(
        summary=f"{case.job.monitor} has no endpoints, so it asks for no scrape job",
        evidence=(
            Evidence(
                seen=f"spec.{field} is empty" + (f"; {who} wrote the object last" if who else ""),
                where=monitor.kubectl(f"-o jsonpath='{{.spec.{field}}}'"),
                at=at,
            ),
        ),
        fix=_gone.restore_steps(case),
        proof=str(case.job.monitor),
    )


RULE = Rule(
    code="endpoints-empty",
    link=Link.DECLARED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, LAST_MONITOR),
    check=check,
)
