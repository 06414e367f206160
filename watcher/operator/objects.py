"""Names and shape of what the operator makes for one Prometheus: StatefulSets, Secrets, pods.

Ground: prometheus-operator v0.93.0, pkg/prometheus/common.go and operator.go. How a pod is reached
is for the adapter to say, as a URL maker.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from watcher.model.expectations import ExpectedServer
from watcher.model.kube import KubeObject, flag, mapping, number, text
from watcher.model.names import ServerName

AGENT: Final = "PrometheusAgent"
"""Kind of the agents' resource."""

_OWNER: Final = "operator.prometheus.io/name"
_POD: Final = re.compile(r"(?:-shard-(?P<shard>[1-9][0-9]*))?-(?P<replica>0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """How the servers of a Prometheus answer.

    *port_name* is what the port is called in the pod. With *listen_local* they listen on 127.0.0.1
    only and the pod shows no port.
    """

    scheme: str
    port: int
    port_name: str
    prefix: str
    listen_local: bool


def object_name(prometheus: KubeObject) -> str:
    """Name of its first StatefulSet, its DaemonSet and its configuration Secret."""
    prefix = "prom-agent" if prometheus.kind == AGENT else "prometheus"
    return f"{prefix}-{prometheus.name}"


def config_secret(prometheus: KubeObject) -> str:
    """Name of the Secret with the configuration, gzipped under ``prometheus.yaml.gz``."""
    return object_name(prometheus)


def shards(prometheus: KubeObject) -> int:
    """Number of shards; null and less than one count as one."""
    return max(1, number(prometheus.raw, "spec", "shards") or 1)


def replicas(prometheus: KubeObject) -> int:
    """Number of replicas of each shard; null and negative ones count as one."""
    found = number(prometheus.raw, "spec", "replicas")
    return 1 if found is None or found < 0 else found


def daemon_set_mode(prometheus: KubeObject) -> bool:
    """Whether it is an agent with one pod on every node, which scrapes PodMonitors only."""
    return prometheus.kind == AGENT and text(prometheus.raw, "spec", "mode") == "DaemonSet"


def web(prometheus: KubeObject) -> Web:
    """How its servers answer."""
    prefix = (text(prometheus.raw, "spec", "routePrefix") or "/").strip("/")
    return Web(
        scheme="https" if mapping(prometheus.raw, "spec", "web", "tlsConfig") else "http",
        port=9090,
        port_name=text(prometheus.raw, "spec", "portName") or "web",
        prefix=f"/{prefix}" if prefix else "",
        listen_local=flag(prometheus.raw, "spec", "listenLocal"),
    )


def pods_of(prometheus: KubeObject, pods: Iterable[KubeObject]) -> tuple[KubeObject, ...]:
    """The pods of *prometheus* among *pods*, sorted by name.

    By the operator's labels, and by name: the pods of ``k8s-shard-1`` could else pass for a shard
    of ``k8s``. Before v0.5x there was only the label ``prometheus``.
    """
    found = []
    for pod in pods:
        if pod.namespace != prometheus.namespace or not pod.name.startswith(
            f"{object_name(prometheus)}-"
        ):
            continue
        labels = pod.labels
        if labels.get(_OWNER, labels.get("prometheus")) != prometheus.name:
            continue
        if daemon_set_mode(prometheus) or _place(prometheus, pod) is not None:
            found.append(pod)
    return tuple(sorted(found, key=lambda pod: pod.name))


def servers(
    prometheus: KubeObject, pods: Iterable[KubeObject], url: Callable[[KubeObject], str]
) -> tuple[ExpectedServer, ...]:
    """The servers of *prometheus*: one per pod that is there.

    Pods of an agent in DaemonSet mode count as shards of one replica, because each scrapes only
    what runs on its own node.
    """
    found = []
    for index, pod in enumerate(pods_of(prometheus, pods)):
        shard, replica = _place(prometheus, pod) or (index, 0)
        server = ExpectedServer(
            name=ServerName(pod.name),
            url=url(pod),
            shard=shard,
            replica=replica,
            retained=not daemon_set_mode(prometheus) and shard >= shards(prometheus),
        )
        found.append(server)
    return tuple(sorted(found, key=lambda server: (server.shard, server.replica)))


def _place(prometheus: KubeObject, pod: KubeObject) -> tuple[int, int] | None:
    """Shard and replica by the pod's name, None for a name that no StatefulSet of it gives."""
    if daemon_set_mode(prometheus):
        return None
    found = _POD.fullmatch(pod.name.removeprefix(object_name(prometheus)))
    return None if found is None else (int(found["shard"] or 0), int(found["replica"]))
