"""Targets fail because their addresses are no nodes of this cluster any more, and nobody takes them out.

## Meaning

Kubelets (and what else runs on nodes outside pods) have a Service without a selector. Its addresses
are written by prometheus-operator (`--kubelet-service`), or by hand. What an operator wrote outlives
it: the Service of a former release continues with nodes of then; an Endpoints object that the operator
writes no more (`--kubelet-endpoints=false`) is kept alive by Kubernetes, which mirrors it into an
EndpointSlice. Editing the mirrored slice does not help: it comes back.

## Evidence

Each address that fails, the object in which it stands, the node that it says to be of, and that no
Node has that address. The flags of all operators, which do not name that Service or do not write
that kind of object; or that the operator does not run.

## Fix

Delete what nobody keeps: the Endpoints that are mirrored, or the Service of the former release with
its Endpoints. Where an operator ought to keep it, let it. Targets go by themselves within seconds.

## Not to be confused with

`connection-timeout`, `connection-refused`: there the address is that of something that is there.
`kubelet-sync-off`: there the Service has no address at all.
"""

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import (
    _discovery,
    _listed,
    _operator,
    _pods,
    _scrapes,
    kubelet_sync_off,
)
from watcher.model.facts import (
    ENDPOINT_SLICES,
    ENDPOINTS,
    MONITOR,
    NODES,
    OPERATOR,
    PROMETHEUS,
    SERVICES,
)
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject, objects, text
from watcher.operator.grounds import SERVICE_OF_SLICE
from watcher.operator.scope import operator_flags

_MIRRORS: Final = "endpointslicemirroring-controller.k8s.io"
_MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
_SHOWN: Final = 3


def check(case: Case) -> Finding | None:
    """Whether most failing targets are addresses of no node, in objects that nobody fills by pods."""
    failing = _listed.failing(case)
    found = _discovery.services(case) if failing else None
    if found is None:
        return None
    unfilled = {(s.namespace, s.name) for s in found.matching if not _pods.service_selector(s)}
    every = [e for e in _listed.listed(case, found) if _service(e.resource) in unfilled]
    left = sorted(
        (e for e in _of_no_node(case, every) if e.address in failing),
        key=lambda e: (e.resource.full_name, e.address),
    )
    if 2 * len({e.address for e in left}) < len(failing) or not left:
        return None
    first = left[0]
    why, evidence, steps = _why(case, found, first)
    kind = first.resource.kind
    return Finding(
        summary=f"{first.address}{_said(first)} is the address of no node of this cluster any more, and"
        f" stands in {kind} {first.resource.full_name}: {why}",
        evidence=(*_evidence(left), evidence),
        fix=steps,
        confidence=Confidence.CERTAIN if first.kind == "Node" else Confidence.LIKELY,
        proof=f"{kind} {first.resource.full_name}",
    )


def _of_no_node(case: Case, every: Sequence[_listed.Listed]) -> Iterator[_listed.Listed]:
    """Those that say to be of a node, or stand beside nodes' addresses and say nothing."""
    have = {
        text(address, "address")
        for node in (case.read(NODES) if every else ())
        for address in objects(node.raw, "status", "addresses")
    }
    of_nodes = {e.resource.full_name for e in every if e.address in have}
    for each in every:
        silent = not each.kind and each.resource.full_name in of_nodes
        if have and each.address not in have and (each.kind == "Node" or silent):
            yield each


def _said(each: _listed.Listed) -> str:
    return f" ({each.kind.lower()} {each.name})" if each.name else ""


def _evidence(left: Sequence[_listed.Listed]) -> Iterator[Evidence]:
    for each in left[:_SHOWN]:
        yield Evidence(
            seen=f"{each.address}{_said(each)} stands in {each.resource.kind}"
            f" {each.resource.full_name}",
            where=each.resource.kubectl(),
        )
    yield Evidence(
        seen=f"no Node has the address {', '.join(sorted({e.address for e in left})[:_SHOWN])}",
        where="kubectl get nodes -o wide",
    )


def _why(
    case: Case, found: _discovery.Among, first: _listed.Listed
) -> tuple[str, Evidence, tuple[FixStep, ...]]:
    """Why nobody takes it out, what shows that, and what does."""
    resource = first.resource
    namespace, name = _service(resource)
    if first.kind != "Node":
        seen = (
            f"Service {namespace}/{name} has no selector, so somebody wrote its addresses by hand"
        )
        where = f"kubectl -n {quote(namespace)} get service {quote(name)} -o yaml"
        return seen, Evidence(seen=seen, where=where), (_edit(resource, name),)
    operators = case.read(OPERATOR)
    keepers = [o for o in operators if _keeps(o, namespace, name)]
    if keepers and _is_mirror(resource) and not any(map(_writes_endpoints, keepers)):
        said = f"mirrors Endpoints {namespace}/{name}, which no operator writes any more"
        shown = Evidence(seen=f"{resource.full_name} {said}", where=resource.kubectl())
        return f"it {said}", shown, (_delete(namespace, "endpoints", name),)
    if keepers:
        return _kept(found, keepers[0])
    said = f"no operator's --kubelet-service names Service {namespace}/{name}"
    shown = Evidence(
        seen=said,
        where="kubectl get deployments -A -o yaml | grep kubelet-service",
    )
    others = sorted(
        {kept for o in operators if (kept := operator_flags(o).get(kubelet_sync_off.FLAG))}
    )
    if others:
        seen = f"{said}, but {', '.join(others)}: it is left of a former release"
        return seen, shown, (_delete(namespace, "service,endpoints", name),)
    keep = [_let(operator, f"--kubelet-service={namespace}/{name}") for operator in operators[:1]]
    return said, shown, (*keep, _edit(resource, name))


def _kept(found: _discovery.Among, keeper: KubeObject) -> tuple[str, Evidence, tuple[FixStep, ...]]:
    """Of a Service that *keeper* names and does not write, as it seems."""
    stopped = _operator.not_running((keeper,))
    if stopped is not None:
        return stopped.summary, stopped.evidence[0], stopped.fix
    args = keeper.kubectl("-o jsonpath='{.spec.template.spec.containers[*].args}'")
    lacks = kubelet_sync_off.lacking(keeper, found.sought.role)
    if lacks is not None:
        kind = "endpointslice" if found.sought.role == "endpointslice" else "endpoints"
        return lacks, Evidence(seen=lacks, where=args), (_let(keeper, f"--kubelet-{kind}=true"),)
    said = f"Deployment {keeper.full_name} keeps it, and has not written it since"
    log = f"kubectl -n {quote(keeper.namespace)} logs deployment/{quote(keeper.name)} --tail=-1"
    step = FixStep(do="See in its log why it cannot", command=f"{log} | grep -i kubelet")
    return said, Evidence(seen=said, where=args), (step,)


def _let(operator: KubeObject, flag: str) -> FixStep:
    return FixStep(
        do=f"Let the operator keep it: start it with {flag}",
        command=f"kubectl -n {quote(operator.namespace)} edit deployment {quote(operator.name)}",
    )


def _delete(namespace: str, kinds: str, name: str) -> FixStep:
    return FixStep(
        do="Delete what nobody keeps; its targets go within seconds",
        command=f"kubectl -n {quote(namespace)} delete {quote(kinds)} {quote(name)} --ignore-not-found",
    )


def _edit(resource: KubeObject, name: str) -> FixStep:
    """Take the addresses out by hand; a mirrored slice comes back, so of what it mirrors."""
    endpoints = f"kubectl -n {quote(resource.namespace)} edit endpoints {quote(name)}"
    return FixStep(
        do="Take out the addresses of nodes that are gone, also where whoever wrote them has them from",
        command=endpoints if _is_mirror(resource) else resource.edit(),
    )


def _is_mirror(resource: KubeObject) -> bool:
    return resource.labels.get(_MANAGED_BY) == _MIRRORS


def _keeps(operator: KubeObject, namespace: str, name: str) -> bool:
    return operator_flags(operator).get(kubelet_sync_off.FLAG) == f"{namespace}/{name}"


def _writes_endpoints(operator: KubeObject) -> bool:
    return operator_flags(operator).get("kubelet-endpoints", "true") != "false"


def _service(resource: KubeObject) -> tuple[str, str]:
    """Namespace and name of the Service of an object that is known to be of one."""
    sliced = resource.kind == "EndpointSlice"
    name = resource.labels.get(SERVICE_OF_SLICE, "") if sliced else resource.name
    return resource.namespace, name


RULE = Rule(
    code="address-left-behind",
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PROMETHEUS, SERVICES, ENDPOINTS, ENDPOINT_SLICES, NODES, OPERATOR),
    check=check,
    refines=_scrapes.FAILURES,
)
