"""Ports of Kubernetes' own components that everybody scrapes, and what each wants where it refuses.

As kubeadm sets them up (1.34): scheduler, controller manager, etcd and kube-proxy listen on 127.0.0.1
alone. The plain ports 10251 and 10252 are gone since Kubernetes 1.23, the kubelet's 10255 is off by default.
"""

from collections.abc import Iterator
from typing import Final

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _advice
from watcher.model.facts import PROMETHEUS, Unavailable
from watcher.model.findings import FixStep
from watcher.model.kube import JSON, flag, value

_STATIC: Final = "sudo sed -i s/--bind-address=127.0.0.1/--bind-address=0.0.0.0/ /etc/kubernetes/manifests/{name}.yaml"
_REFUSED: Final = {
    10257: FixStep(
        do="Let kube-controller-manager listen for others too, on each control plane node (kubeadm: the"
        " kubelet starts it again by itself)",
        command=_STATIC.format(name="kube-controller-manager"),
    ),
    10259: FixStep(
        do="Let kube-scheduler listen for others too, on each control plane node (kubeadm: the kubelet"
        " starts it again by itself)",
        command=_STATIC.format(name="kube-scheduler"),
    ),
    2381: FixStep(
        do="Let etcd serve its metrics to others too, on each control plane node (kubeadm: the kubelet"
        " starts it again by itself)",
        command="sudo sed -i s#--listen-metrics-urls=http://127.0.0.1:2381#"
        "--listen-metrics-urls=http://0.0.0.0:2381# /etc/kubernetes/manifests/etcd.yaml",
    ),
    10249: FixStep(
        do="Let kube-proxy serve its metrics to others too (kubeadm); it reads its ConfigMap only when"
        " it starts",
        command="kubectl -n kube-system get configmap kube-proxy -o yaml"
        " | sed 's/metricsBindAddress:.*/metricsBindAddress: 0.0.0.0:10249/' | kubectl apply -f -"
        " && kubectl -n kube-system rollout restart daemonset kube-proxy",
    ),
    9153: FixStep(
        do="Let CoreDNS serve metrics: the Corefile wants the line `prometheus :9153`; it is taken up"
        " within two minutes where the plugin reload is on",
        command="kubectl -n kube-system edit configmap coredns",
    ),
}
_MOVED: Final = {
    10255: "The kubelet's plain port is off by default: scrape 10250 (port https-metrics) by https, with"
    " Prometheus's token",
    10251: "kube-scheduler has no plain port since Kubernetes 1.23: scrape 10259 by https, with"
    " Prometheus's token",
    10252: "kube-controller-manager has no plain port since Kubernetes 1.23: scrape 10257 by https, with"
    " Prometheus's token",
}
ETCD: Final = 2379
"""The port of etcd's clients, which wants a client certificate; its metrics are on 2381 too, by http."""

_ASK_API_SERVER: Final = frozenset({6443, 10250, 10257, 10259})
_TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 -- a path
_CREDENTIALS: Final = (
    "authorization",
    "basicAuth",
    "bearerTokenFile",
    "bearerTokenSecret",
    "oauth2",
)


def asks_api_server(port: int | None) -> bool:
    """Whether a component with this port asks the API server who is who, and who may."""
    return port in _ASK_API_SERVER


def own_token(case: Case) -> Iterator[FixStep]:
    """Ask by https and with the token of Prometheus's ServiceAccount, all by one patch.

    Nothing where the endpoint sends credentials, or may not name a file.
    """
    monitor, endpoint = _advice.monitor_of(case), _advice.endpoint_of(case)
    prometheus = case.look(PROMETHEUS)
    if monitor is None or endpoint is None or monitor.kind != "ServiceMonitor":
        return
    if isinstance(prometheus, Unavailable) or prometheus is None:
        return
    denied = flag(prometheus.raw, "spec", "arbitraryFSAccessThroughSMs", "deny")
    if denied or any(value(endpoint, each) for each in _CREDENTIALS):
        return
    fields: dict[str, JSON] = {"scheme": "https", "bearerTokenFile": _TOKEN}
    if value(endpoint, "tlsConfig") is None:
        fields["tlsConfig"] = {"insecureSkipVerify": True}
    check = "" if value(endpoint, "tlsConfig") else " (their certificate is mostly their own)"
    do = f"Ask by https with the token of Prometheus's ServiceAccount{check}"
    step = _advice.set_endpoint_fields(case, fields, do)
    if step is not None:
        yield step


def of_etcd(case: Case) -> FixStep:
    """Where etcd's metrics are without a certificate."""
    return _advice.edit_job(
        case,
        "If this is etcd: scrape 2381 by http, where its metrics are without a client certificate"
        " (--listen-metrics-urls; kubeadm sets it)",
    )


def refused(port: int | None) -> FixStep | None:
    """What lets a component that refuses the connection to *port* be scraped; None for others."""
    return _REFUSED.get(port or 0)


def moved(port: int | None) -> str | None:
    """Where what was on *port* is now; None for others."""
    return _MOVED.get(port or 0)
