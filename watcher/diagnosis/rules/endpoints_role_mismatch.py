"""The addresses stand in EndpointSlices and the job reads Endpoints, or the reverse.

## Meaning

A ServiceMonitor's targets are found by Endpoints or by EndpointSlices, as `serviceDiscoveryRole`
says. Kubernetes keeps both of a Service with a selector; a hand-made or operator-kept Service (that
of the kubelet) may have but one kind, and the old one is being phased out.

## Evidence

The matching Services have no address in the kind of object that the job reads, and have some in the
other kind.

## Fix

Set `serviceDiscoveryRole` of the Prometheus, or of the monitor alone (operator 0.86 and later), and
let its ServiceAccount list that kind; or write the other kind too.

## Not to be confused with

`no-ready-endpoints`: there no address is anywhere. `discovery-forbidden`: there Prometheus may not
read the kind.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _discovery, _patches
from watcher.model.comparison import JobState
from watcher.model.facts import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    MONITOR,
    PROMETHEUS,
    SERVICES,
    Unavailable,
)
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.operator.discovery import Role


def check(case: Case) -> Finding | None:
    """Count the addresses in both kinds."""
    found = _discovery.services(case)
    if found is None or not found.matching:
        return None
    role = Role(found.sought.role)
    other = Role.ENDPOINTS if role is Role.ENDPOINT_SLICE else Role.ENDPOINT_SLICE
    own = _discovery.behind(case, found, role.value)
    if any(map(_discovery.address_count, own)):
        return None
    elsewhere = _discovery.behind(case, found, other.value)
    count = sum(map(_discovery.address_count, elsewhere))
    if not count:
        return None
    reads, has = _kind(role), _kind(other)
    service = found.matching[0].full_name
    return Finding(
        summary=f"{case.pool} reads {reads}, and the {count} addresses of Service {service} stand"
        f" in {has} alone",
        evidence=(
            Evidence(
                seen=f"no {reads} of Service {service} have an address",
                where=found.sought.kubectl(reads.lower()),
            ),
            Evidence(
                seen=f"{has} {_discovery.names_of(elsewhere)} have {count} addresses",
                where=found.sought.kubectl(has.lower()),
            ),
        ),
        fix=(_fix(case, has.removesuffix("s") if other is Role.ENDPOINT_SLICE else has),),
        proof=f"role {role.value}",
    )


def _kind(role: Role) -> str:
    return "EndpointSlices" if role is Role.ENDPOINT_SLICE else "Endpoints"


def _fix(case: Case, role: str) -> FixStep:
    prometheus = case.look(PROMETHEUS)
    if isinstance(prometheus, Unavailable) or prometheus is None:
        return FixStep(do=f"Let the job discover by role {role.lower()}, then reload")
    return FixStep(
        do=f"Let Prometheus discover by {role} (for all its ServiceMonitors), once its ServiceAccount"
        " may list and watch that kind; it reloads by itself",
        command=_patches.patch_command(
            prometheus,
            [
                *_patches.unchanged(prometheus),
                {"op": "add", "path": "/spec/serviceDiscoveryRole", "value": role},
            ],
        ),
    )


RULE = Rule(
    code="endpoints-role-mismatch",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(MONITOR, PROMETHEUS, SERVICES, ENDPOINTS, ENDPOINT_SLICES),
    check=check,
    refines=frozenset({"no-ready-endpoints"}),
)
