"""The operator was told to leave this Prometheus alone, so that no change reaches it.

## Meaning

With `paused: true` the operator neither writes the configuration nor the StatefulSet. What runs
continues; a new or changed monitor is never scraped, and nothing says so: `Reconciled` stays true.

## Evidence

The field of the Prometheus resource.

## Fix

Set it to false, once what was patched by hand meanwhile stands in the custom resources.

## Not to be confused with

`operator-down`: there the operator does not run at all.
"""

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.diagnosis.rules._patches import patch_command
from watcher.model.facts import PROMETHEUS
from watcher.model.findings import Evidence, FixStep, Risk
from watcher.model.kube import FieldError, flag


def check(ground: Ground) -> tuple[Risk, ...]:
    """Read the field."""
    prometheus = ground.read(PROMETHEUS)
    try:
        if prometheus is None or not flag(prometheus.raw, "spec", "paused"):
            return ()
    except FieldError:
        return ()
    found = risk(
        ground,
        RULE.code,
        summary=f"{prometheus.kind} {prometheus.full_name} is paused: no change of a monitor"
        " reaches it",
        evidence=(
            Evidence(
                seen=f"{prometheus.kind} {prometheus.full_name} has paused: true",
                where=prometheus.kubectl("-o jsonpath='{.spec.paused}'"),
            ),
        ),
        fix=(
            FixStep(
                do="Let the operator continue; it then writes everything from the custom resources at"
                " once, so what was patched by hand must stand there first",
                command=patch_command(
                    prometheus,
                    [
                        {"op": "test", "path": "/spec/paused", "value": True},
                        {"op": "replace", "path": "/spec/paused", "value": False},
                    ],
                ),
            ),
        ),
        proof=f"paused {prometheus.full_name}",
    )
    return (found,)


RULE = RiskRule(code="operator-paused", needs=needing(PROMETHEUS), check=check)
