"""Runs a real API server on loopback with an etcd of its own, for the questions of the tests."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import requests
import trustme
import yaml

from tests.kube_api.resources import RESOURCES, definition_of
from tests.prometheus_server import free_port
from tools.kube_programs import Programs

PATIENCE: Final = 60.0
"""Seconds that a server may take to be ready."""
SETTLES: Final = 3
"""Seconds within which controllers have done what a write asks of them."""
COMPACTS: Final = 1
"""Seconds between two compactions of etcd, for a server that is to forget."""
TOKENS: Final = """\
admin,kubernetes-admin,1,system:masters
nobody,nobody,2
reader,reader,3,readers
"""
NOT_ADMITTED: Final = (
    "NamespaceLifecycle,MutatingAdmissionWebhook,ValidatingAdmissionWebhook,"
    "ValidatingAdmissionPolicy,MutatingAdmissionPolicy"
)


class RealKubeApi:
    """A new server, for `with`. It can be asked as `tests.kube_contract` asks.

    One of custom resources has the definitions of `monitoring.coreos.com` and knows its one client
    by a certificate, as it would have to ask another server for anybody else.
    """

    def __init__(self, programs: Programs, *, forgets: bool, controllers: bool) -> None:
        self._programs = programs
        self._whole = programs.controllers is not None
        self._forgets = forgets
        self._controls = controllers
        self._folder = Path(tempfile.mkdtemp(prefix="kube-api-"))
        self._port, *self._etcd_ports = (free_port() for _ in range(3))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.session = requests.Session()
        self.url = f"https://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._write_files()
        try:
            self._start_etcd()
            self._start_server()
            if self._whole:
                self._wait(
                    lambda: self._may("/apis/rbac.authorization.k8s.io/v1/clusterroles/view")
                )
            else:
                self._define()
            if self._controls:
                self._start_controllers()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def token(self, user: str) -> str:
        """Tokens are known to a whole server alone; the admin's is asked for by ""."""
        return (user or "admin") if self._whole else ""

    def settle(self) -> None:
        """Give the controllers the time they need."""
        time.sleep(SETTLES)

    def forget(self) -> None:
        """Wait until etcd has dropped its history, and start the server with an empty cache."""
        time.sleep(5 * COMPACTS)
        self._end("server")
        self._start_server()
        self._wait(self._served)

    def _write_files(self) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self._folder / "authority.pem")
        client = authority.issue_cert(
            "admin@example.com", common_name="admin", organization_name="system:masters"
        )
        client.private_key_and_cert_chain_pem.write_to_path(self._folder / "client.pem")
        server = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
        server.private_key_pem.write_to_path(self._folder / "server.key")
        server.cert_chain_pems[0].write_to_path(self._folder / "server.pem")
        (self._folder / "tokens").write_text(TOKENS, encoding="utf-8")
        (self._folder / "nobody").write_text(_kubeconfig("http://127.0.0.1:1"), encoding="utf-8")
        self.session.verify = str(self._folder / "authority.pem")
        self.session.cert = None if self._whole else str(self._folder / "client.pem")
        self.session.trust_env = False

    def _start_etcd(self) -> None:
        clients, peers = (f"http://127.0.0.1:{port}" for port in self._etcd_ports)
        options = {
            "data-dir": self._at("etcd"),
            "listen-client-urls": clients,
            "advertise-client-urls": clients,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
        }
        self._start("etcd", self._programs.etcd, options)

    def _start_server(self) -> None:
        options = {
            "etcd-servers": f"http://127.0.0.1:{self._etcd_ports[0]}",
            "bind-address": "127.0.0.1",
            "secure-port": str(self._port),
            "tls-cert-file": self._at("server.pem"),
            "tls-private-key-file": self._at("server.key"),
            "client-ca-file": self._at("authority.pem"),
        }
        options |= self._of_a_whole_server() if self._whole else self._of_definitions()
        if self._forgets:
            options["etcd-compaction-interval"] = f"{COMPACTS}s"
        self._start("server", self._programs.server, options)
        self._wait(lambda: self._may("/livez"))

    def _of_a_whole_server(self) -> dict[str, str]:
        return {
            "insecure-port": "0",
            "anonymous-auth": "false",
            "authorization-mode": "RBAC",
            "token-auth-file": self._at("tokens"),
            "service-account-issuer": "https://issuer.example.com",
            "service-account-key-file": self._at("server.key"),
            "service-account-signing-key-file": self._at("server.key"),
            "service-cluster-ip-range": "10.0.0.0/24",
            "disable-admission-plugins": "ServiceAccount",
        }

    def _of_definitions(self) -> dict[str, str]:
        nobody = self._at("nobody")
        return {
            "authentication-skip-lookup": "true",
            "kubeconfig": nobody,
            "authentication-kubeconfig": nobody,
            "authorization-kubeconfig": nobody,
            "enable-priority-and-fairness": "false",
            "disable-admission-plugins": NOT_ADMITTED,
        }

    def _start_controllers(self) -> None:
        admin = _kubeconfig(self.url, self._at("authority.pem"), "admin")
        (self._folder / "admin").write_text(admin, encoding="utf-8")
        options = {
            "kubeconfig": self._at("admin"),
            "controllers": "statefulset",
            "leader-elect": "false",
            "port": "0",
            "secure-port": "0",
        }
        assert self._programs.controllers is not None, "only a whole server has controllers"  # noqa: S101
        self._start("controllers", self._programs.controllers, options)
        self.settle()

    def _define(self) -> None:
        for resource in RESOURCES:
            if resource.custom:
                path = f"{self.url}/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
                definition = {**definition_of(resource), "status": None}
                self.session.post(path, json=definition, timeout=10).raise_for_status()
        self._wait(self._served)

    def _served(self) -> bool:
        custom = (resource for resource in RESOURCES if resource.custom)
        return all(self._may(f"/apis/{each.api_version}/{each.plural}") for each in custom)

    def _may(self, path: str) -> bool:
        headers = {"Authorization": f"Bearer {self.token('')}"} if self._whole else {}
        return self.session.get(self.url + path, headers=headers, timeout=10).ok

    def _at(self, name: str) -> str:
        return str(self._folder / name)

    def _start(self, role: str, program: Path, options: Mapping[str, str]) -> None:
        words = [f"--{name}={value}" for name, value in options.items()]
        with (self._folder / f"{role}.log").open("ab") as log:
            self._running[role] = subprocess.Popen([program, *words], stdout=log, stderr=log)

    def _end(self, role: str) -> None:
        process = self._running.pop(role)
        process.terminate()
        process.wait(timeout=PATIENCE)

    def _stop(self) -> None:
        self.session.close()
        for role in reversed(tuple(self._running)):
            self._end(role)
        shutil.rmtree(self._folder)

    def _wait(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if is_so():
                    return
            except requests.RequestException:
                pass
            if time.monotonic() > until:
                log = Path(self._at("server.log")).read_text(encoding="utf-8")
                raise TimeoutError(f"the API server is not ready: {log[-2000:]}")
            time.sleep(0.1)


def _kubeconfig(server: str, authority: str = "", token: str = "") -> str:
    cluster = {"server": server} | ({"certificate-authority": authority} if authority else {})
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": token} if token else {}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        }
    )
