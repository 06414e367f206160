"""The Prometheus resource is paused, so the operator does nothing for it.

## Meaning

With `spec.paused` the operator leaves everything of this Prometheus as it is: no new or changed
monitor arrives, and hand-made changes of its StatefulSet stay for as long.

## Evidence

The field in the resource.

## Fix

Set it to false. The operator then writes everything again, which takes hand-made changes back:
`watcher audit` names them before.

## Not to be confused with

`operator-down`: there the operator does nothing for anybody.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor, _patches, _reconciling
from watcher.model.facts import PROMETHEUS
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import flag


def check(case: Case) -> Finding | None:
    """Read the field."""
    prometheus = _reconciling.prometheus_of(case)
    if prometheus is None or not flag(prometheus.raw, "spec", "paused"):
        return None
    at, who = _monitor.last_write(prometheus)
    return Finding(
        summary=f"{prometheus.kind} {prometheus.full_name} is paused, so the operator does not"
        " write its configuration",
        evidence=(
            Evidence(
                seen="spec.paused is true" + (f"; {who} wrote the resource last" if who else ""),
                where=prometheus.kubectl("-o jsonpath='{.spec.paused}'"),
                at=at,
            ),
        ),
        fix=(
            FixStep(
                do="See first what was changed by hand and would be taken back",
                command="watcher audit",
            ),
            FixStep(
                do="End the pause; the operator writes everything again, and pods may restart",
                command=_patches.set_field(prometheus, "/spec/paused", False, old=True),  # noqa: FBT003
            ),
        ),
        proof=prometheus.full_name,
    )


RULE = Rule(
    code="prometheus-paused",
    link=Link.RECONCILED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(PROMETHEUS),
    check=check,
    refines=_reconciling.after("prometheus-paused"),
)
