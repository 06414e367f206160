"""How many targets a ScrapeConfig should have: of static lists, nodes and pods.

Ground: prometheus 3.x, discovery/kubernetes/node.go and pod.go. Any other discovery, a field selector
and another cluster leave the number unknown. Relabeling that could change it is the caller's to see.
"""

from collections.abc import Iterator
from typing import Final

from watcher.model.kube import JSONObject, KubeObject, number, objects, text, text_map, texts, value
from watcher.operator.addresses import container_ports, running
from watcher.operator.discovery import Discovery, Role, block_discovery
from watcher.operator.grounds import Grounds, Unknown, matching, naming
from watcher.operator.selectors import Selector, SelectorError, parse_selector

BLOCKS: Final = "kubernetesSDConfigs"

_NODE_ADDRESSES: Final = (
    "InternalIP",
    "InternalDNS",
    "ExternalIP",
    "ExternalDNS",
    "LegacyHostIP",
    "Hostname",
)
"""Types of addresses of a Node, in the order in which Prometheus prefers them."""

_DEFAULT_PORTS: Final = (80, 443)


def scrape_config_targets(
    spec: JSONObject, own_namespace: str, found: Grounds, *, relabeled: bool
) -> int:
    """The number of different targets. Raises Unknown.

    *own_namespace* is that of the Prometheus. Targets of one address are one, unless relabeling
    (*relabeled*) may set them apart again by what discovery knows of each.
    """
    if any(key.endswith("SDConfigs") and key != BLOCKS and held for key, held in spec.items()):
        raise Unknown
    listed = {
        (target, tuple(sorted(text_map(static, "labels").items())))
        for static in objects(spec, "staticConfigs")
        for target in texts(static, "targets")
    }
    discovered = [
        address
        for block in objects(spec, BLOCKS)
        for address in _discovered(block, own_namespace, found)
    ]
    different = set(discovered)
    if relabeled and len(different) < len(discovered):
        raise Unknown
    if any(
        (ip, port) in different for ip, none in different if none is None for port in _DEFAULT_PORTS
    ):
        raise Unknown  # Prometheus 2.x takes the two for one
    if {target for target, _ in listed} & {_shown(*address) for address in different}:
        raise Unknown
    return len(listed) + len(different)


def _discovered(
    block: JSONObject, own_namespace: str, found: Grounds
) -> Iterator[tuple[str, int | None]]:
    """Address and port of each target of one block; the port is None where a pod declares none."""
    place = block_discovery(block, own_namespace)
    if value(block, "apiServer") is not None:
        raise Unknown
    wanted = _selector(block, place)
    if place.role is Role.NODE:
        for node in matching(found.nodes, wanted, None):
            with naming(node.resource, found):
                yield from _node(node.resource)
    elif place.role is Role.POD:
        for pod in matching(found.pods, wanted, place.namespaces, found.pod_places):
            with naming(pod.resource, found):
                yield from _pod(pod.resource)
    else:
        raise Unknown


def _selector(block: JSONObject, place: Discovery) -> Selector:
    """The labels that are asked for."""
    asked = tuple(objects(block, "selectors"))
    if not asked:
        return Selector()
    role = (text(asked[0], "role") or "").lower()
    if len(asked) > 1 or text(asked[0], "field") or role != place.role:
        raise Unknown
    try:
        return parse_selector(text(asked[0], "label") or "")
    except SelectorError:
        raise Unknown from None


def _node(node: KubeObject) -> Iterator[tuple[str, int | None]]:
    known = {
        text(each, "type"): text(each, "address")
        for each in objects(node.raw, "status", "addresses")
    }
    port = number(node.raw, "status", "daemonEndpoints", "kubeletEndpoint", "Port") or 0
    address = next((known[kind] for kind in _NODE_ADDRESSES if known.get(kind)), None)
    if address is not None:
        yield address, port


def _pod(pod: KubeObject) -> Iterator[tuple[str, int | None]]:
    if running(pod, filtered=False):
        ip = text(pod.raw, "status", "podIP") or ""
        for _, port in container_ports(pod):
            yield ip, port


def _shown(host: str, port: int | None) -> str:
    host = f"[{host}]" if ":" in host else host
    return host if port is None else f"{host}:{port}"
