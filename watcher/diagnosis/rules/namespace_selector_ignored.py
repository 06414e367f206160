"""The monitor looks in other namespaces, and the Prometheus forbids that to all monitors.

## Meaning

With `ignoreNamespaceSelectors` a Prometheus lets every monitor look in its own namespace alone,
whatever its `namespaceSelector` says. The operator says nothing about it anywhere.

## Evidence

The field of the Prometheus resource, the `namespaceSelector` of the monitor, and nothing to be found
in the monitor's own namespace.

## Fix

Put the monitor into the namespace of what it is to find; or clear the field, if the one who runs
Prometheus agrees: it is there to part tenants.

## Not to be confused with

`no-matching-service`: there the monitor looks where it asks to look. `namespace-not-selected`: there
the monitor itself is not taken.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import (
    _discovery,
    no_matching_ingress,
    no_matching_pods,
    no_matching_service,
    no_ready_endpoints,
)
from watcher.model.comparison import JobState
from watcher.model.facts import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    INGRESSES,
    MONITOR,
    PROMETHEUS,
    SERVICES,
    TARGET_PODS,
)
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import FieldError, mapping
from watcher.model.names import MonitorKind
from watcher.operator.discovery import discovery


def check(case: Case) -> Finding | None:
    """See whether the monitor's own wish is set aside, and nothing is where it may look."""
    if case.job.monitor is None:
        return None
    monitor, prometheus = case.read(MONITOR), case.read(PROMETHEUS)
    if monitor is None or prometheus is None:
        return None
    by_ingress = monitor.kind == MonitorKind.PROBE
    path = ("spec", "targets", "ingress") if by_ingress else ("spec",)
    try:
        ignored = discovery(monitor, prometheus).ignored
        asked = dict(mapping(monitor.raw, *path, "namespaceSelector"))
    except FieldError:
        return None
    if not ignored or _discovery.sought(case) is None:
        return None
    others = (no_matching_service, no_matching_pods, no_matching_ingress, no_ready_endpoints)
    if not any(other.check(case) for other in others):
        return None
    return Finding(
        summary=f"{case.job.monitor} looks in other namespaces, which {prometheus.kind}"
        f" {prometheus.full_name} forbids (ignoreNamespaceSelectors); in its own namespace"
        f" {monitor.namespace} is nothing to be found",
        evidence=(
            Evidence(
                seen=f"{prometheus.kind} {prometheus.full_name} has ignoreNamespaceSelectors: true",
                where=prometheus.kubectl("-o jsonpath='{.spec.ignoreNamespaceSelectors}'"),
            ),
            Evidence(
                seen=f"its namespaceSelector is {asked}",
                where=monitor.kubectl(f"-o jsonpath='{{.{'.'.join(path)}.namespaceSelector}}'"),
            ),
        ),
        fix=(
            FixStep(
                do="Create the monitor in the namespace of what it is to find, or ask who runs"
                f" {prometheus.full_name} to clear ignoreNamespaceSelectors (it parts tenants)",
                command=prometheus.kubectl("-o jsonpath='{.spec.ignoreNamespaceSelectors}'"),
            ),
        ),
        proof=f"ignoreNamespaceSelectors of {prometheus.full_name}",
    )


RULE = Rule(
    code="namespace-selector-ignored",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(
        MONITOR, PROMETHEUS, SERVICES, ENDPOINTS, ENDPOINT_SLICES, TARGET_PODS, INGRESSES
    ),
    check=check,
    refines=frozenset(
        {
            "no-matching-service",
            "no-ready-endpoints",
            "no-matching-pods",
            "no-matching-ingress",
            "nothing-discovered",
            "kubelet-sync-off",
            "endpoints-role-mismatch",
        }
    ),
)
