"""The kind of the monitor itself is not known to the API server any more.

## Meaning

The CustomResourceDefinition was deleted, and with it every object of that kind in the whole
cluster. All their jobs go at once; the watcher then retires none by age.

## Evidence

The API server does not serve the kind in the group `monitoring.coreos.com`.

## Fix

Install the definitions of the operator's own version again, then restore the objects: from GitOps, from
a backup, or one by one as the watcher last saw them. Then restart the operator.

## Not to be confused with

`monitor-deleted`: there the kind is known and only the object is gone. `scrapeconfig-unsupported`: there
the definition is there and the operator does not look at it.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _gone
from watcher.model.comparison import JobState
from watcher.model.facts import CRDS, LAST_MONITOR, MONITOR, Unavailable
from watcher.model.findings import Evidence, Finding, FixStep, Link


def check(case: Case) -> Finding | None:
    """See whether the kind is served; a monitor that is there answers that at once."""
    ref = case.job.monitor
    monitor = None if ref is None else case.look(MONITOR)
    if ref is None or (not isinstance(monitor, Unavailable) and monitor is not None):
        return None
    if case.read(CRDS).get(ref.kind, True):
        return None
    name = f"{ref.kind.plural}.monitoring.coreos.com"
    return Finding(
        summary=f"the API server knows no {ref.kind} any more, so every one of them is gone",
        evidence=(
            Evidence(
                seen=f"{ref.kind} is not served in monitoring.coreos.com",
                where=f"kubectl get crd {quote(name)}",
                at=case.job.gone_since,
            ),
        ),
        fix=(
            FixStep(
                do=f"Install the definition {name} of the operator's version again, then restart"
                " the operator",
                command="kubectl api-resources --api-group=monitoring.coreos.com",
            ),
            *_gone.restore_steps(case),
        ),
        proof=name,
    )


RULE = Rule(
    code="crd-missing",
    link=Link.DECLARED,
    states=frozenset({JobState.MISSING}),
    needs=needing(CRDS, MONITOR, LAST_MONITOR),
    check=check,
    refines=frozenset({"monitor-deleted", "namespace-deleted"}),
)
