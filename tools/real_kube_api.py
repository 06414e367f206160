"""Builds a real API server from the sources that Debian packages, and runs it on loopback.

It is k8s.io/apiextensions-apiserver, unchanged: what lists, watches, patches and discovery are made
of in kube-apiserver, for custom resources. No authentication or authorization by another server, no
admission: the one client shows a certificate of `system:masters`. etcd comes from Debian too.
Building takes Go a quarter of an hour on two cores and 4 GiB of the cache folder, once.
"""

import gzip
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import requests
import trustme

from tests.kube_api.resources import RESOURCES, definition_of
from tests.prometheus_server import free_port
from tools.debian_package import DebianMachine, cache_folder
from tools.debian_tree import unpacked_tree

SUITE: Final = "sid"
SOURCES: Final = "golang-k8s-apiextensions-apiserver-dev"
PROGRAM: Final = "k8s.io/apiextensions-apiserver"
PATIENCE: Final = 60.0
"""Seconds that a server may take to be ready."""
SETTLES: Final = 3
"""Seconds within which controllers have done what a write asks of them."""
COMPACTS: Final = 1
"""Seconds between two compactions of etcd, for a server that is to forget."""
NOT_LOOKED_AT: Final = (
    "NamespaceLifecycle,MutatingAdmissionWebhook,ValidatingAdmissionWebhook,"
    "ValidatingAdmissionPolicy,MutatingAdmissionPolicy"
)
NOBODY: Final = """\
apiVersion: v1
kind: Config
current-context: nobody
clusters: [{name: nobody, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: nobody, context: {cluster: nobody, user: nobody}}]
users: [{name: nobody, user: {}}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """What is run; `version` is that of the Debian package, such as `0.36.4-1`."""

    version: str
    server: Path
    etcd: Path


def built(debian: DebianMachine) -> Programs:
    """Fetch and build what is not there yet. Raises PackageError or CalledProcessError."""
    packages = (SOURCES, "golang-go", "etcd-server")
    tree = unpacked_tree("kube-api", packages, SUITE, debian, beginning="golang-")
    server = cache_folder() / "kube-api" / "bin" / SUITE / "apiextensions-apiserver"
    if not server.is_file():
        go = tree / "usr/lib/go/bin/go"
        surroundings = {
            "PATH": os.environ["PATH"],
            "HOME": str(Path.home()),
            "GOROOT": str((tree / "usr/lib/go").resolve()),
            "GOPATH": str(tree / "usr/share/gocode"),
            "GOCACHE": str(cache_folder() / "kube-api" / "go-build"),
            "GO111MODULE": "off",
            "GOTOOLCHAIN": "local",
            "CGO_ENABLED": "0",
        }
        made = server.with_suffix(".new")
        made.parent.mkdir(parents=True, exist_ok=True)
        build = ("nice", "-n", "10", str(go), "build", "-o", str(made), PROGRAM)
        subprocess.run(build, env=surroundings, check=True)
        made.rename(server)
    return Programs(version=_version(tree), server=server, etcd=tree / "usr/bin/etcd")


def _version(tree: Path) -> str:
    changes = tree / "usr/share/doc" / SOURCES / "changelog.Debian.gz"
    with gzip.open(changes, "rt", encoding="utf-8") as lines:
        return next(lines).partition("(")[2].partition(")")[0]


class RealKubeApi:
    """A new server with the definitions of `monitoring.coreos.com`, for `with`."""

    def __init__(self, programs: Programs, *, forgets: bool) -> None:
        self._programs = programs
        self._forgets = forgets
        self._folder = Path(tempfile.mkdtemp(prefix="kube-api-"))
        self._port, *self._etcd_ports = (free_port() for _ in range(3))
        self.session = requests.Session()
        self.url = f"https://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._write_files()
        self._etcd = self._start_etcd()
        self._server = self._start_server()
        self._define()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.session.close()
        _stop(self._server)
        _stop(self._etcd)
        shutil.rmtree(self._folder)

    def forget(self) -> None:
        """Wait until etcd has dropped its history, and start the server with an empty cache."""
        time.sleep(5 * COMPACTS)
        _stop(self._server)
        self._server = self._start_server()
        self._wait(self._served)

    def settle(self) -> None:
        """Give its controllers the time they need."""
        time.sleep(SETTLES)

    def _write_files(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self._folder / "authority.pem")
        client = authority.issue_cert(
            "admin@example.com", common_name="admin", organization_name="system:masters"
        )
        client.private_key_and_cert_chain_pem.write_to_path(self._folder / "client.pem")
        server = authority.issue_cert("127.0.0.1")
        server.private_key_pem.write_to_path(self._folder / "server.key")
        server.cert_chain_pems[0].write_to_path(self._folder / "server.pem")
        (self._folder / "nobody").write_text(NOBODY, encoding="utf-8")
        self.session.verify = str(self._folder / "authority.pem")
        self.session.cert = str(self._folder / "client.pem")
        self.session.trust_env = False

    def _start_etcd(self) -> "subprocess.Popen[bytes]":
        clients, peers = (f"http://127.0.0.1:{port}" for port in self._etcd_ports)
        options = {
            "data-dir": str(self._folder / "etcd"),
            "listen-client-urls": clients,
            "advertise-client-urls": clients,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
        }
        return self._started(self._programs.etcd, options)

    def _start_server(self) -> "subprocess.Popen[bytes]":
        nobody = str(self._folder / "nobody")
        options = {
            "etcd-servers": f"http://127.0.0.1:{self._etcd_ports[0]}",
            "bind-address": "127.0.0.1",
            "secure-port": str(self._port),
            "tls-cert-file": str(self._folder / "server.pem"),
            "tls-private-key-file": str(self._folder / "server.key"),
            "client-ca-file": str(self._folder / "authority.pem"),
            "authentication-skip-lookup": "true",
            "kubeconfig": nobody,
            "authentication-kubeconfig": nobody,
            "authorization-kubeconfig": nobody,
            "enable-priority-and-fairness": "false",
            "disable-admission-plugins": NOT_LOOKED_AT,
        }
        if self._forgets:
            options["etcd-compaction-interval"] = f"{COMPACTS}s"
        started = self._started(self._programs.server, options)
        self._wait(lambda: self.session.get(f"{self.url}/livez", timeout=5).ok)
        return started

    def _started(self, program: Path, options: dict[str, str]) -> "subprocess.Popen[bytes]":
        words: Sequence[str] = [f"--{name}={value}" for name, value in options.items()]
        with (self._folder / f"{program.name}.log").open("ab") as log:
            return subprocess.Popen([program, *words], stdout=log, stderr=log)

    def _define(self) -> None:
        for resource in RESOURCES:
            if resource.custom:
                path = f"{self.url}/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
                definition = {**definition_of(resource), "status": None}
                self.session.post(path, json=definition, timeout=10).raise_for_status()
        self._wait(self._served)

    def _served(self) -> bool:
        return all(
            self.session.get(f"{self.url}/apis/{each.api_version}/{each.plural}", timeout=10).ok
            for each in RESOURCES
            if each.custom
        )

    def _wait(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if is_so():
                    return
            except requests.ConnectionError:
                pass
            if time.monotonic() > until:
                log = (self._folder / f"{self._programs.server.name}.log").read_text()
                raise TimeoutError(f"the API server is not ready: {log[-2000:]}")
            time.sleep(0.1)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(timeout=PATIENCE)
