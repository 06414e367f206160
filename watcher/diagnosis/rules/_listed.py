"""The addresses that stand in the objects by which a job discovers, against the targets that fail."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _discovery, _targets
from watcher.model.facts import TARGET_PODS
from watcher.model.kube import JSONObject, KubeObject, objects, text, texts
from watcher.operator.discovery import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One address, the object in which it stands, and the kind and name of what it is of."""

    address: str
    resource: KubeObject
    kind: str
    name: str


def listed(case: Case, found: _discovery.Among) -> tuple[Listed, ...]:
    """What stands in the Endpoints or slices of the Services found. Raises Lacking."""
    behind = _discovery.behind(case, found, found.sought.role)
    return tuple(each for resource in behind for each in _of(resource))


def of_pods(case: Case) -> tuple[Listed, ...] | None:
    """What stands in the pods that the job looks for; None where it looks for none. Raises Lacking."""
    found = _discovery.among(case, TARGET_PODS, frozenset({Role.POD.value}))
    if found is None:
        return None
    addresses = ((text(pod.raw, "status", "podIP"), pod) for pod in found.matching)
    return tuple(
        Listed(address=address, resource=pod, kind="Pod", name=pod.name)
        for address, pod in addresses
        if address
    )


def failing(case: Case) -> frozenset[str]:
    """Addresses of the targets that are down, each once; a name is none that discovery gives."""
    hosts = {_targets.host(target.url) for _, pool in case.pools() for target in pool.failing}
    return frozenset(filter(_is_address, hosts))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _of(resource: KubeObject) -> Iterator[Listed]:
    if resource.kind == "EndpointSlice":
        for endpoint in objects(resource.raw, "endpoints"):
            for address in texts(endpoint, "addresses"):
                yield _one(resource, address, endpoint)
        return
    for subset in objects(resource.raw, "subsets"):
        for key in ("addresses", "notReadyAddresses"):
            for each in objects(subset, key):
                yield _one(resource, text(each, "ip") or "", each)


def _one(resource: KubeObject, address: str, raw: JSONObject) -> Listed:
    kind, name = text(raw, "targetRef", "kind"), text(raw, "targetRef", "name")
    return Listed(address=address, resource=resource, kind=kind or "", name=name or "")
