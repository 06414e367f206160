"""prometheus-operator does not run, so that no change reaches Prometheus.

## Meaning

Nothing is lost yet, but no new or changed monitor will be scraped, and when the operator comes back
it writes everything from the custom resources at once: hand-made changes are lost then.

## Evidence

A Deployment of prometheus-operator has no available replica, or is scaled to zero. That there is none
to be seen is no evidence while nothing is lost: it may run where the watcher does not look. Where it
panics, the monitor or Prometheus that was changed last before is named as *possible*.

## Fix

Scale it up again, once whatever was patched by hand stands in the custom resources.

## Not to be confused with

`operator-paused`: there the operator runs and leaves one Prometheus alone, as it was told to.
"""

from datetime import timedelta

from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.diagnosis.rules._crash import with_suspect
from watcher.diagnosis.rules._operator import trouble_for, with_pods
from watcher.model.facts import MONITORS, OPERATOR, OPERATOR_PODS, PROMETHEUS, PROMETHEUSES
from watcher.model.findings import Confidence, Finding, Risk

_YOUNG = timedelta(minutes=5)
"""A pod that is younger is on its way."""


def check(ground: Ground) -> tuple[Risk, ...]:
    """Read the Deployments."""
    prometheus = ground.read(PROMETHEUS)
    if prometheus is None:
        return ()
    trouble = trouble_for(ground.read(OPERATOR), prometheus)
    if trouble is None or trouble.confidence is Confidence.POSSIBLE:
        return ()
    pods = ground.look(OPERATOR_PODS)
    suspected = with_suspect(trouble, pods, ground.look(MONITORS), ground.look(PROMETHEUSES))
    panics = suspected is not trouble
    trouble = suspected if panics else with_pods(trouble, pods, ground.now, _YOUNG)
    finding = Finding(
        summary=f"{trouble.summary}; no change of a monitor reaches {ground.name}",
        evidence=trouble.evidence,
        fix=trouble.fix,
        confidence=trouble.confidence,
        proof="prometheus-operator",
    )
    return (Risk(code=RULE.code, prometheus=ground.name, pool=None, finding=finding),)


RULE = RiskRule(
    code="operator-down",
    needs=needing(OPERATOR, OPERATOR_PODS, PROMETHEUS, PROMETHEUSES, MONITORS),
    check=check,
)
