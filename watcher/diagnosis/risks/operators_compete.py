"""Two operators look after the same Prometheus.

## Meaning

Each writes the StatefulSet and the configuration as its own version and flags want them, and takes back what
the other one wrote: pods that are made again and again, targets that come and go. Mostly one of
them was forgotten, in another namespace.

## Evidence

Two Deployments that run prometheus-operator, both with a replica that works, whose flags (`--namespaces`,
`--deny-namespaces`, `--prometheus-instance-namespaces`, `--prometheus-instance-selector`, `--controller-id`) leave
this Prometheus to neither alone.

## Fix

Scale the one that was forgotten to zero, or part them by their flags.

## Not to be confused with

`operator-down`: there none works.
"""

from shlex import quote

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.diagnosis.rules._operator import caring_for, not_running
from watcher.model.facts import OPERATOR, PROMETHEUS
from watcher.model.findings import Confidence, Evidence, FixStep, Risk
from watcher.operator.scope import operator_version

_TWO = 2


def check(ground: Ground) -> tuple[Risk, ...]:
    """Count the operators at work that take the Prometheus."""
    prometheus = ground.read(PROMETHEUS)
    if prometheus is None:
        return ()
    taking = caring_for(ground.read(OPERATOR), prometheus)
    working = sorted((d for d in taking if not_running((d,)) is None), key=lambda d: d.full_name)
    if len(working) < _TWO:
        return ()
    names = " and ".join(each.full_name for each in working)
    steps = [
        FixStep(
            do=f"If {each.full_name} is the one that was forgotten: scale it to zero",
            command=f"kubectl -n {quote(each.namespace)} scale deployment {quote(each.name)} --replicas=0",
        )
        for each in working
    ]
    return (
        risk(
            ground,
            RULE.code,
            summary=f"{len(working)} operators look after {ground.name}, and take back what the other writes:"
            f" {names}",
            evidence=tuple(
                Evidence(
                    seen=f"Deployment {each.full_name} (version {operator_version(each) or 'unknown'})"
                    " works, and none of its flags leaves this Prometheus out",
                    where=each.kubectl(),
                )
                for each in working
            ),
            fix=tuple(steps),
            confidence=Confidence.LIKELY,
            proof=names,
        ),
    )


RULE = RiskRule(code="operators-compete", needs=needing(OPERATOR, PROMETHEUS), check=check)
