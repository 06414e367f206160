"""A job runs whose monitor the operator would refuse today.

## Meaning

An older version of the object still runs: the operator rejects the object as it stands, and has not
written the configuration since (it is down, paused or behind), or it will drop the job when it next
does.

## Evidence

The operator's own checks, made again on the object; and the pool, which is there. References to
Secrets are not judged here.

## Fix

Correct the object as the words say.

## Not to be confused with

`rejected-by-operator`: there the job is already missing.
"""

from collections.abc import Iterator
from datetime import timedelta
from shlex import quote
from typing import Final

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.model.comparison import JobState, JobStatus
from watcher.model.facts import MONITORS, OPERATOR, PROMETHEUS, Known, Unavailable
from watcher.model.findings import Confidence, Evidence, FixStep, Risk
from watcher.model.kube import FieldError, KubeObject
from watcher.operator.surroundings import version_judging
from watcher.operator.validation import validate

SETTLED: Final = timedelta(minutes=15)
_RUNNING: Final = frozenset({JobState.HEALTHY, JobState.DEGRADED, JobState.DOWN})


def check(ground: Ground) -> tuple[Risk, ...]:
    """Check the monitor of each running job."""
    running = [s for s in ground.statuses if s.state in _RUNNING and s.job.monitor is not None]
    prometheus = ground.read(PROMETHEUS) if running else None
    if prometheus is None:
        return ()
    monitors = {f"{m.kind} {m.full_name}": m for m in ground.read(MONITORS)}
    operators = ground.look(OPERATOR)
    operator = version_judging(
        prometheus, operators if isinstance(operators, Unavailable) else Known(operators)
    )
    return tuple(
        found
        for status in running
        if (monitor := monitors.get(str(status.job.monitor))) is not None
        for found in _risks(ground, prometheus, operator, monitor, status)
    )


def _risks(
    ground: Ground,
    prometheus: KubeObject,
    operator: str | None,
    monitor: KubeObject,
    status: JobStatus,
) -> Iterator[Risk]:
    changed = status.job.changed_at
    if changed is not None and ground.now - changed < SETTLED:
        return
    try:
        rejections = validate(monitor, prometheus, None, operator).rejections
    except FieldError:
        return
    if not rejections:
        return
    yield risk(
        ground,
        RULE.code,
        pool=status.pool,
        summary=f"{status.pool} runs, but the operator would refuse {status.job.monitor} as it"
        f" stands: {rejections[0].text}",
        evidence=(
            *(
                Evidence(seen=rejection.text, where=monitor.kubectl())
                for rejection in rejections[:3]
            ),
        ),
        fix=(
            FixStep(
                do="Correct this, before the operator writes the configuration again",
                command=f"kubectl -n {quote(monitor.namespace)} edit {monitor.kind.lower()} {quote(monitor.name)}",
            ),
        ),
        confidence=Confidence.LIKELY,
        proof=str(status.job.monitor),
    )


RULE = RiskRule(
    code="rejected-but-running", needs=needing(MONITORS, PROMETHEUS, OPERATOR), check=check
)
