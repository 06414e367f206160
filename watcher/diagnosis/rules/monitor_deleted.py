"""The monitor that asks for the job is not there any more.

## Meaning

The custom resource is gone from the cluster, so the operator took its jobs out of the
configuration. Most often somebody meant that; until it is accepted the job stays expected.

## Evidence

The API server has no such object, while the last snapshot, a directory of manifests or a memory of
it has. Who kept the object (Helm, Argo CD, Flux) is told by the labels of the last one seen.

## Fix

If it was meant: `watcher accept POOL`, else it is forgotten after `retire_after`. If not: apply the
last seen object again, which `watcher expect POOL --manifest` prints.

## Not to be confused with

`namespace-deleted`: there everything in the namespace is gone. `crd-missing`: there no object of this
kind can be. `labels-not-selected`: there the object stands and is not taken.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _gone
from watcher.model.comparison import JobState
from watcher.model.expectations import Origin
from watcher.model.facts import LAST_MONITOR, MONITOR, NAMESPACE
from watcher.model.findings import Finding, Link


def check(case: Case) -> Finding | None:
    """See whether the monitor is there."""
    ref = case.job.monitor
    if ref is None or not _gone.is_gone(case):
        return None
    manifests = case.job.origin is Origin.MANIFESTS
    return Finding(
        summary=f"{ref} is in the manifests and not in the cluster"
        if manifests
        else f"{ref} was deleted, and with it the job {case.pool}",
        evidence=tuple(_gone.gone_evidence(case, ref)),
        fix=_gone.restore_steps(case),
        proof=str(ref),
    )


RULE = Rule(
    code="monitor-deleted",
    link=Link.DECLARED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, NAMESPACE, LAST_MONITOR),
    check=check,
)
