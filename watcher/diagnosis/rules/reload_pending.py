"""A change is younger than its way into the running configuration takes.

## Meaning

From a custom resource to a scrape it goes through the operator, a Secret that the kubelet refreshes
(up to 2 minutes), the config-reloader (up to 3 minutes before v0.91) and Prometheus. Until
then nothing is proven broken, and no alarm is raised.

## Evidence

When the object last changed, by its managedFields, and how long a change may take (`settle`).

## Fix

Wait. If the job is not there afterwards, the true cause will be told.

## Not to be confused with

`reload-failing`: there Prometheus refuses the configuration and waiting does not help.
`tls-file-missing`: a file that is not there is told at once, as no waiting brings it.
"""

from datetime import datetime

from watcher.diagnosis.diagnose import ON_ITS_WAY
from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor
from watcher.model.comparison import LOST, JobState
from watcher.model.facts import MONITOR, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.operator.steering import changed_at


def check(case: Case) -> Finding | None:
    """Compare the age of the last change with the time that one may take."""
    changed = _changed_at(case)
    if changed is None or case.job.monitor is None:
        return None
    age, settle = _monitor.duration(case.now - changed), _monitor.duration(case.settle)
    return Finding(
        summary=f"{case.job.monitor} changed {age} ago, and a change may take {settle} to arrive",
        evidence=(
            Evidence(
                seen=f"the last change of {case.job.monitor} is {age} old",
                where=f"{case.job.monitor.kubectl} --show-managed-fields",
                at=changed,
            ),
        ),
        fix=(FixStep(do=f"Wait until {changed + case.settle:%H:%M:%S} UTC"),),
        confidence=Confidence.POSSIBLE,
        proof=str(case.job.monitor),
    )


def _changed_at(case: Case) -> datetime | None:
    """The change that may still be on its way: the snapshot's, or that of the object as it is now."""
    if case.changed_lately:
        return case.job.changed_at
    monitor = case.look(MONITOR) if case.state is JobState.MISSING else None
    if monitor is None or isinstance(monitor, Unavailable):
        return None
    at = changed_at(monitor)
    return at if at is not None and abs(case.now - at) < case.settle else None


RULE = Rule(
    code=ON_ITS_WAY,
    link=Link.LOADED,
    states=frozenset(LOST),
    needs=needing(MONITOR),
    check=check,
    refines=frozenset({"not-in-configuration"}),
)
