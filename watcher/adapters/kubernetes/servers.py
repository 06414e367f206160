"""Which Prometheuses are watched, and where their servers are reached."""

from collections.abc import Sequence
from dataclasses import replace

from watcher.adapters.kubernetes.api import SOURCE, KubeApi
from watcher.adapters.prometheus.session import without_credentials
from watcher.model.expectations import (
    Expectations,
    ExpectedServer,
    Unreadable,
    WatchedPrometheus,
)
from watcher.model.kube import FieldError, KubeObject, number, objects, text
from watcher.model.names import PrometheusName, ServerName
from watcher.operator.objects import Web, web
from watcher.operator.volumes import CONTAINER
from watcher.settings import PrometheusSettings


class Watched:
    """The Prometheuses that the settings name, or all in *namespaces* (all there, if empty)."""

    def __init__(
        self, prometheuses: Sequence[PrometheusSettings], namespaces: tuple[str, ...] = ()
    ) -> None:
        self._named = {PrometheusName(p.name): p for p in prometheuses}
        self._namespaces = frozenset(namespaces)

    def includes(self, prometheus: KubeObject) -> bool:
        """Whether the resource *prometheus* is watched."""
        return self._watches(PrometheusName(prometheus.full_name))

    def finds(self, prometheus: WatchedPrometheus) -> bool:
        """Whether its servers are its pods, and not what the settings name."""
        named = self._named.get(prometheus.name)
        return named is None or not named.servers

    def of(self, found: Expectations, *, known: bool) -> Expectations:
        """*found* without what is not watched, with servers as the settings say.

        A Prometheus that only the settings know is added when they name its servers; else it
        stands in ``unreadable``. *known*: whether *found* holds every resource that there is.
        """
        kept = [self._with_servers(p) for p in found.prometheuses if self._watches(p.name)]
        there = {prometheus.name for prometheus in kept}
        missing = [p for name, p in self._named.items() if name not in there]
        kept += [_by_url(p) for p in missing if p.servers]
        lacking = [_lacking(p, known=known) for p in missing if not p.servers]
        lacking += [_out_of_reach(p.name) for p in kept if self._listens_locally(p)]
        names = {prometheus.name for prometheus in kept}
        return replace(
            found,
            prometheuses=tuple(kept),
            jobs=tuple(job for job in found.jobs if job.prometheus in names),
            unreadable=(*found.unreadable, *lacking),
        )

    def _watches(self, name: PrometheusName) -> bool:
        if self._named:
            return name in self._named
        return not self._namespaces or name.partition("/")[0] in self._namespaces

    def _with_servers(self, prometheus: WatchedPrometheus) -> WatchedPrometheus:
        if self.finds(prometheus):
            return prometheus
        return replace(prometheus, servers=_servers(self._named[prometheus.name]))

    def _listens_locally(self, prometheus: WatchedPrometheus) -> bool:
        """Whether only its own pods reach its servers, and the settings name no other way."""
        if prometheus.resource is None or not self.finds(prometheus):
            return False
        return web(KubeObject(prometheus.resource)).listen_local


def pod_url(pod: KubeObject, prometheus: KubeObject, proxy: KubeApi | None) -> str:
    """Where the server in *pod* answers: its pod IP, or the API server's proxy if there is one.

    A pod without an address yet is called by the name that it will have.
    """
    how = web(prometheus)
    port = _port(pod, how)
    if proxy is not None:
        return proxy.proxy_url(pod.namespace, pod.name, port, how.scheme) + how.prefix
    address = _address(pod)
    host = address or f"{pod.name}.prometheus-operated.{pod.namespace}.svc"
    return f"{how.scheme}://{f'[{host}]' if ':' in host else host}:{port}{how.prefix}"


def _address(pod: KubeObject) -> str | None:
    try:
        return text(pod.raw, "status", "podIP")
    except FieldError:
        return None


def _port(pod: KubeObject, how: Web) -> int:
    """The port that the container shows under the name in the resource."""
    try:
        for container in objects(pod.raw, "spec", "containers"):
            for port in objects(container, "ports"):
                if text(container, "name") == CONTAINER and text(port, "name") == how.port_name:
                    return number(port, "containerPort") or how.port
    except FieldError:
        pass
    return how.port


def _by_url(named: PrometheusSettings) -> WatchedPrometheus:
    return WatchedPrometheus(name=PrometheusName(named.name), servers=_servers(named))


def _servers(named: PrometheusSettings) -> tuple[ExpectedServer, ...]:
    return tuple(
        ExpectedServer(
            name=ServerName(server.name),
            url=without_credentials(server.url)[0],
            shard=server.shard,
            replica=server.replica,
            log_file=None if server.log_file is None else str(server.log_file),
        )
        for server in named.servers
    )


def _out_of_reach(name: PrometheusName) -> Unreadable:
    why = (
        "its servers listen on 127.0.0.1 of their pods alone (spec.listenLocal): forward their "
        "ports and name them in prometheuses, or put a proxy beside them"
    )
    return Unreadable(source=f"{SOURCE}: {name}", error=why)


def _lacking(named: PrometheusSettings, *, known: bool) -> Unreadable:
    why = (
        f"there is no Prometheus {named.name}: correct its name (namespace/name) in "
        "prometheuses, or name its servers there"
        if known
        else f"whether there is a Prometheus {named.name} cannot be told: name its servers in "
        "prometheuses, or give access to a Kubernetes API"
    )
    return Unreadable(source=f"{SOURCE}: {named.name}", error=why)
