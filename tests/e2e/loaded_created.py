"""The states of the link created, and of jobs that the next restart will lose: files and mounts."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import trustme

from tests.e2e.loaded_cluster import Cluster, Object
from tests.e2e.loaded_state import HEALTHY, SLOW, A, B, C, State, Told

ENDING: Final = "ends-soon"
"""Its client certificate ends in five days; it alone is scraped over TLS."""
BOTH: Final = "pair"
"""Of two servers, of which one has the file."""
LATER: Final = "later"
"""Its file is taken away under the running pool."""


def of_created(files: Path) -> Iterator[State]:
    mounted = files / "mounted"
    lay(mounted)
    bad, pair, class_file = mounted / "bad.pem", mounted / "one.crt", files / "class/strict.pem"
    invalid, missing = ("tls-file-invalid", A, "created"), ("tls-file-missing", A, "created")
    yield secured("no-file", missing, ca=files / "nowhere/other.pem")
    yield secured("no-pem", invalid, ca=bad)
    yield secured("no-pair", invalid, cert=pair, key=mounted / "two.key")
    yield secured("a-directory", ("tls-file-invalid", B, "created"), ca=mounted)
    yield secured("a-loop", ("pool-not-created", B, "created"), ca=mounted / "loop.pem")
    yield secured("no-key-in-secret", missing, ca=mounted / "nothing.pem")
    there = files / "shop-client"
    mismatch = ("tls-path-mismatch", A, "created")
    yield secured("elsewhere", mismatch, cert=there / "tls.crt", key=there / "tls.key")
    hand = files / "byhand"
    yield State(
        name="by-hand",
        told=("hand-patch-reverted", A, "created"),
        before=lambda c: patched(c, "by-hand", hand),
        after=reverted,
        job=tls(cert=hand / "kubelet.crt", key=hand / "kubelet.key"),
    )
    yield State(
        name="of-a-class",
        told=("scrape-class-file-missing", A, "created"),
        before=lambda c: c.service_monitor("of-a-class", scrapeClass="strict"),
        job=tls(ca=class_file),
    )
    yield State(
        name=BOTH,
        told=("replica-disagrees", A, "created"),
        before=lambda c: two(c, files / BOTH / "ca.pem"),
        job=tls(ca=files / BOTH / "ca.pem"),
    )


def lay(mounted: Path) -> None:
    """Files that are there; only one of them can be used."""
    mounted.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(mounted / "ca.pem")
    soon = datetime.now(UTC) + timedelta(days=5)
    for name, until in (("one", None), ("two", None), ("ending", soon)):
        made = authority.issue_cert(f"{name}.test", not_after=until)
        made.cert_chain_pems[0].write_to_path(mounted / f"{name}.crt")
        made.private_key_pem.write_to_path(mounted / f"{name}.key")
    (mounted / "bad.pem").write_text("no PEM", encoding="utf-8")
    (mounted / "loop.pem").symlink_to(mounted / "loop.pem")


def held(mounted: Path) -> Object:
    """The same files as the Secret that is mounted there holds them; of a loop, a good one."""
    found = {
        file.name: mounted / "one.crt" if file.is_symlink() else file for file in mounted.iterdir()
    }
    return {name: base64.b64encode(file.read_bytes()).decode() for name, file in found.items()}


def secured(name: str, told: Told, *, of: str = "k8s", **files: Path) -> State:
    """A job with the files ``ca``, ``cert``, ``key``."""
    config = {"tlsConfig": {f"{what}File": str(file) for what, file in files.items()}}
    return State(
        name=name,
        told=told,
        before=lambda c: c.service_monitor(name, {"port": "web", **config}, of=of),
        job=tls(**files),
    )


def tls(**files: Path) -> Object:
    return {"tls_config": {f"{what}_file": str(file) for what, file in files.items()}}


def patched(cluster: Cluster, name: str, path: Path) -> None:
    config = {"certFile": str(path / "kubelet.crt"), "keyFile": str(path / "kubelet.key")}
    cluster.service_monitor(name, {"port": "web", "tlsConfig": config})
    cluster.stateful_set("k8s", ("kubelet", str(path)), by="kubectl-patch")


def reverted(cluster: Cluster) -> None:
    """The operator writes what the resource asks for, and the pod starts from that."""
    cluster.stateful_set("k8s")
    cluster.pod("k8s")


def two(cluster: Cluster, file: Path) -> None:
    cluster.prometheus(
        BOTH,
        pods=2,
        volumes=[{"name": BOTH, "secret": {"secretName": BOTH}}],
        volumeMounts=[{"name": BOTH, "mountPath": str(file.parent)}],
    )
    cluster.service_monitor(BOTH, {"port": "web", "tlsConfig": {"caFile": str(file)}}, of=BOTH)


def of_mounts(files: Path) -> Iterator[State]:
    """Jobs that are well, and will be lost: the mounts of their files do not last."""
    file, mount = files / "mounted/ca.pem", ("mounted", str(files / "mounted"))

    def stays(cluster: Cluster) -> None:
        cluster.prometheus("hand-made")
        secured("hand-made", HEALTHY, of="hand-made", ca=file).before(cluster)
        cluster.stateful_set("hand-made", mount, by="kubectl-edit")
        cluster.pod("hand-made")

    def lives_on(cluster: Cluster) -> None:
        cluster.prometheus("lives-on")
        secured("lives-on", HEALTHY, of="lives-on", ca=file).before(cluster)
        cluster.stateful_set("lives-on", mount, by="kubectl-edit")
        cluster.pod("lives-on")
        cluster.stateful_set("lives-on")

    def later(cluster: Cluster) -> None:
        cluster.prometheus(LATER)
        secured(LATER, HEALTHY, of=LATER, ca=file).before(cluster)

    pair = {"cert": files / "mounted/ending.crt", "key": files / "mounted/ending.key"}
    trusting = tls(**pair)["tls_config"] | {"insecure_skip_verify": True}

    def ending(cluster: Cluster) -> None:
        config = {"certFile": str(pair["cert"]), "keyFile": str(pair["key"])}
        config |= {"insecureSkipVerify": True}
        cluster.service_monitor(ENDING, {"port": "web", "scheme": "https", "tlsConfig": config})

    yield State(
        name=ENDING,
        told=HEALTHY,
        before=ending,
        job={"scheme": "https", "tls_config": trusting},
    )
    yield State(name="hand-made", told=HEALTHY, before=stays, job=tls(ca=file))
    yield State(name="lives-on", told=HEALTHY, before=lives_on, job=tls(ca=file))
    yield State(name=LATER, told=HEALTHY, before=later, job=tls(ca=file))
    yield State(
        name="absent",
        told=("not-in-configuration", C, "loaded"),
        before=lambda c: c.service_monitor("absent", of=LATER),
    )
    yield State(
        name="runs-on",
        told=HEALTHY,
        before=lambda c: c.service_monitor("runs-on", SLOW),
        job={},
    )
