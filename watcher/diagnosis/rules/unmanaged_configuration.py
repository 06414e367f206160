"""The Prometheus has no selectors at all, so its configuration is left to somebody else.

## Meaning

Without any of the four selectors the operator takes the configuration for hand-made and never
writes it; monitors have no effect.

## Evidence

All four selectors are null, whatever the namespace selectors say, and the operator has no flag
`--disable-unmanaged-prometheus-configuration`; since v0.84 the resource's condition says
`ConfigurationUnmanaged`.

## Fix

Set the selectors that are wanted; the operator then writes the configuration and replaces the
hand-made one. Or write the job into the hand-made configuration.

## Not to be confused with

`selector-null`: there only the selector of this kind lacks.
"""

from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor, _reconciling, _selection
from watcher.model.facts import OPERATOR, PROMETHEUS
from watcher.model.findings import Evidence, Finding, Link
from watcher.model.kube import KubeObject, text, value
from watcher.operator.objects import AGENT, config_secret
from watcher.operator.scope import operator_flags
from watcher.operator.selection import FIELDS

_REASON: Final = "ConfigurationUnmanaged"
_FLAG: Final = "disable-unmanaged-prometheus-configuration"


def check(case: Case) -> Finding | None:
    """Look for any selector; an agent has no such mode."""
    prometheus = _reconciling.prometheus_of(case)
    if prometheus is None or prometheus.kind == AGENT or not _unmanaged(case, prometheus):
        return None
    return Finding(
        summary=f"{prometheus.full_name} has no selectors, so its configuration is hand-made and"
        f" does not have {case.pool}",
        evidence=(
            Evidence(
                seen="serviceMonitor, podMonitor, probe and scrapeConfig selectors are null",
                where=prometheus.kubectl("-o jsonpath='{.spec}'"),
            ),
        ),
        fix=(
            _selection.edit(
                prometheus,
                "Set the selectors that are wanted; that replaces the hand-made configuration in"
                f" Secret {config_secret(prometheus)}",
            ),
        ),
        proof=prometheus.full_name,
    )


def _unmanaged(case: Case, prometheus: KubeObject) -> bool:
    """As prometheus-operator v0.93.0 sees it (unmanagedPrometheusConfiguration in operator.go)."""
    condition = _reconciling.reconciled(prometheus)
    if condition is not None and text(condition, "reason") == _REASON:
        return not _reconciling.behind(prometheus)
    if any(value(prometheus.raw, "spec", f"{f}Selector") is not None for f in FIELDS.values()):
        return False
    return not any(operator_flags(d).get(_FLAG) == "true" for d in case.read(OPERATOR))


RULE = Rule(
    code="unmanaged-configuration",
    link=Link.RECONCILED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(PROMETHEUS, OPERATOR),
    check=check,
    refines=_reconciling.after("unmanaged-configuration"),
)
