"""All states of the links declared to created, and the cluster in which they come about."""

from pathlib import Path
from typing import Final

from tests.e2e.loaded_cluster import Cluster
from tests.e2e.loaded_created import ENDING, LATER, held, of_created, of_mounts
from tests.e2e.loaded_declared import of_accepted, of_declared, of_selected
from tests.e2e.loaded_reconciled import of_loaded, of_one_prometheus, of_the_operator
from tests.e2e.loaded_state import State

RISKS: Final = {
    ("lost-at-next-restart", LATER),
    ("certificate-expiring", ENDING),
    ("mount-not-in-cr", "hand-made"),
    ("mount-already-reverted", "lives-on"),
    ("operator-paused", None),
    ("rejected-but-running", "runs-on"),
}
"""What an audit tells at the least, each with the monitor of its job."""


def states(files: Path) -> list[State]:
    """Every state that can stand beside the others; files of the created ones are in *files*."""
    return [
        *of_declared(),
        *of_selected(),
        *of_accepted(),
        *of_one_prometheus(),
        *of_the_operator(),
        *of_loaded(),
        *of_created(files),
        *of_mounts(files),
    ]


def begin(cluster: Cluster, files: Path) -> None:
    """The Prometheus that most monitors are of, the namespaces, and the Secrets that there are."""
    for namespace in ("shop", "denied", "unwatched", "left"):
        cluster.add("Namespace", namespace, None, metadata={"labels": {"watched": "yes"}})
    cluster.add("Secret", "shop-client", "monitoring", data={"tls.crt": "", "tls.key": ""})
    cluster.add("Secret", "kubelet", "monitoring", data={"kubelet.crt": "", "kubelet.key": ""})
    cluster.add("Secret", "login", data={"username": "", "password": ""})
    cluster.add("Secret", "half", data={"username": ""})
    cluster.add("Secret", "mounted", "monitoring", data=held(files / "mounted"))
    pairs = {name: held(files / "mounted")[name] for name in ("one.crt", "two.key")}
    cluster.add("Secret", "no-pair", data=pairs)
    cluster.prometheus(
        "k8s",
        secrets=["shop-client"],
        volumes=[{"name": "mounted", "secret": {"secretName": "mounted"}}],
        volumeMounts=[{"name": "mounted", "mountPath": str(files / "mounted")}],
        scrapeClasses=[
            {"name": "strict", "tlsConfig": {"caFile": str(files / "class/strict.pem")}}
        ],
        serviceMonitorNamespaceSelector={"matchLabels": {"watched": "yes"}},
    )
