"""The service mesh that stands before a target's container, and the way past it for one port.

Names of containers and annotations as Istio (1.5 and later), Linkerd (2.x), Kuma (2.x) and Consul (1.x)
document them; a native sidecar is an init container that restarts always.
"""

import json
from dataclasses import dataclass
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _bringing_pods
from watcher.model.findings import Evidence, FixStep
from watcher.model.kube import FieldError, KubeObject, objects, text, text_map


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """A mesh by its proxy's container, and the annotation that lists the ports it leaves alone."""

    name: str
    container: str
    annotation: str


_MESHES: Final = (
    Mesh(
        name="Istio",
        container="istio-proxy",
        annotation="traffic.sidecar.istio.io/excludeInboundPorts",
    ),
    Mesh(
        name="Linkerd",
        container="linkerd-proxy",
        annotation="config.linkerd.io/skip-inbound-ports",
    ),
    Mesh(
        name="Kuma",
        container="kuma-sidecar",
        annotation="traffic.kuma.io/exclude-inbound-ports",
    ),
    Mesh(
        name="Consul",
        container="consul-dataplane",
        annotation="consul.hashicorp.com/transparent-proxy-exclude-inbound-ports",
    ),
)


def mesh_of(pod: KubeObject | None, port: int | None) -> Mesh | None:
    """The mesh whose proxy takes what comes for *port*; None where there is none, or it leaves it alone."""
    if pod is None or port is None:
        return None
    try:
        names = {
            text(each, "name")
            for key in ("containers", "initContainers")
            for each in objects(pod.raw, "spec", key)
        }
        annotations = text_map(pod.raw, "metadata", "annotations")
    except FieldError:
        return None
    found = next((mesh for mesh in _MESHES if mesh.container in names), None)
    if found is None or str(port) in annotations.get(found.annotation, "").split(","):
        return None
    return found


def evidence(pod: KubeObject, mesh: Mesh) -> Evidence:
    """That the proxy is there."""
    return Evidence(
        seen=f"pod {pod.full_name} has the container {mesh.container}: {mesh.name} takes what comes"
        " to its ports, and admits by its own rules",
        where=pod.kubectl(),
    )


def past(case: Case, pod: KubeObject, mesh: Mesh, port: int) -> FixStep:
    """Let the mesh leave *port* alone, by the annotation on the pods of the workload."""
    annotations = text_map(pod.raw, "metadata", "annotations")
    ports = ",".join(filter(None, [annotations.get(mesh.annotation), str(port)]))
    do = (
        f"Let {mesh.name} leave port {port} of these pods alone (annotation {mesh.annotation}; the pods"
        " start again), or admit Prometheus by a policy of the mesh"
    )
    owner = _bringing_pods.owner_of(case, pod)
    if owner is None:
        return FixStep(
            do=f"{do}; set it on the pod template of what makes them", command=pod.kubectl()
        )
    patch = {"spec": {"template": {"metadata": {"annotations": {mesh.annotation: ports}}}}}
    return FixStep(
        do=do,
        command=f"kubectl -n {quote(owner.namespace)} patch {quote(owner.kind.lower())}"
        f" {quote(owner.name)} --type=merge -p {quote(json.dumps(patch))}",
    )
