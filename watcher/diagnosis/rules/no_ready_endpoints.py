"""The Service that the monitor selects has no address at all.

## Meaning

Prometheus finds the Service and nothing behind it: no pod matches the Service's selector, the
workload is scaled to zero, or its pods have no IP yet. Addresses that are *not ready* are scraped
too, so a failing readiness probe alone never empties a pool. A workload scaled to zero on purpose
looks the same: then `watcher/ignore` on the monitor says so.

## Evidence

The Endpoints (or EndpointSlices, whichever kind the job discovers by) of every matching Service have
neither ready nor not-ready addresses; the Service's selector against the pods there are.

## Fix

Bring the pods back, or correct the Service's selector. Targets come by themselves within seconds.

## Not to be confused with

`no-matching-service`: there is no such Service. `endpoints-role-mismatch`: there the addresses are
there, in the kind of object that the job does not read. `port-not-found`: there the addresses are
there and the port is not.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _bringing_pods, _discovery, _pods
from watcher.model.comparison import JobState
from watcher.model.facts import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    MONITOR,
    PROMETHEUS,
    SERVICES,
    TARGET_PODS,
    Unavailable,
)
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.operator.discovery import Role


def check(case: Case) -> Finding | None:
    """Count the addresses behind the Services that match."""
    found = _discovery.services(case)
    if found is None or not found.matching:
        return None
    behind = _discovery.behind(case, found, found.sought.role)
    if any(_discovery.address_count(resource) for resource in behind):
        return None
    service = found.matching[0]
    why, evidence, fix = _why(case, service)
    count = len(found.matching)
    whose = (
        f"Service {service.full_name} has"
        if count == 1
        else f"{count} Services ({_discovery.names_of(found.matching)}) have"
    )
    return Finding(
        summary=f"{whose} no address in {'its' if count == 1 else 'their'} {_kind(found)}, ready or not: {why}",
        evidence=(*_evidence(found, behind), *evidence),
        fix=(fix,),
        proof=f"Service {service.full_name}",
    )


def _kind(found: _discovery.Among) -> str:
    return "EndpointSlices" if found.sought.role == Role.ENDPOINT_SLICE else "Endpoints"


def _evidence(found: _discovery.Among, behind: tuple[KubeObject, ...]) -> Iterator[Evidence]:
    plural = _kind(found).lower()
    for service in found.matching[:3]:
        own = [o for o in behind if o.namespace == service.namespace and service.name in o.name]
        said = "are there and hold no address" if own else "are not there"
        options = (
            f"-l kubernetes.io/service-name={quote(service.name)}"
            if plural == "endpointslices"
            else quote(service.name)
        )
        yield Evidence(
            seen=f"{_kind(found)} of Service {service.full_name} {said}",
            where=f"kubectl -n {quote(service.namespace)} get {plural} {options}",
        )


def _why(case: Case, service: KubeObject) -> tuple[str, list[Evidence], FixStep]:
    """Why a Service has no address, in words, with what shows it and what to do."""
    labels = _pods.service_selector(service)
    where = f"kubectl -n {quote(service.namespace)}"
    if not labels:
        seen = Evidence(
            seen=f"Service {service.full_name} has no selector, so nobody fills it by itself",
            where=service.kubectl("-o jsonpath='{.spec.selector}'"),
        )
        fix = FixStep(
            do="Whoever keeps its addresses (an operator, a hand-made Endpoints object) must write"
            " them; or give the Service a selector",
            command=f"{where} describe service {quote(service.name)}",
        )
        return "it has no selector and nobody keeps its addresses", [seen], fix
    chosen = ",".join(f"{key}={word}" for key, word in sorted(labels.items()))
    list_pods = f"{where} get pods -l {quote(chosen)}"
    pods = case.look(TARGET_PODS)
    if isinstance(pods, Unavailable):
        fix = FixStep(do=f"See the pods that it selects ({chosen})", command=list_pods)
        return f"see its pods, which could not be read ({pods.reason})", [], fix
    found = _pods.selected(pods, service.namespace, labels)
    if found:
        first = found[0]
        why = f"none of its {len(found)} pods has an address: {first.name} is"
        return (
            f"{why} {_pods.condition(first)}",
            _pods.shown(found),
            _bringing_pods.bring(case, first),
        )
    seen = Evidence(seen=f"no pod in namespace {service.namespace} has {chosen}", where=list_pods)
    fix = FixStep(
        do="See whether the workload is scaled to zero (then scale it up, or let the monitor be"
        " ignored by the annotation watcher/ignore), or whether its pods have other labels",
        command=f"{where} get deployments,statefulsets,daemonsets -o wide;"
        f" {where} get pods --show-labels",
    )
    return f"no pod has {chosen}", [seen], fix


RULE = Rule(
    code="no-ready-endpoints",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(ENDPOINTS, ENDPOINT_SLICES, MONITOR, PROMETHEUS, SERVICES, *_bringing_pods.NEEDS),
    check=check,
)
