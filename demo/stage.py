"""The stage: a Kubernetes API, Slack, two kubelets, one pod with a real Prometheus, the watcher.

Everything that is started here is stopped when the stage is left.
"""

import os
import shlex
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import requests
import yaml

from demo import operator_part
from demo.daemon import Daemon, ask
from demo.kubelets import ADDRESSES, Kubelets
from demo.pod import Pod
from tests.kube_api import KubeApi
from tests.kube_api.cluster import wall_clock
from tests.patience import PATIENCE
from tests.slack_api import CHANNEL, TOKEN, SlackAPI
from tools.prometheus_binary import PrometheusBinary, default

POD = "prometheus-k8s-0"
HERE = Path(__file__).parent
ROLES = HERE.parent / "config" / "kubernetes"
Told = tuple[int, dict[str, Any]]
"""Exit code and JSON of a command."""


class Stage:
    """A context manager; ``api``, ``slack`` and ``pod`` are there for the acts.

    *binary* is the Prometheus that plays, by default the first that can be had. Without *revisions*
    the API keeps no ControllerRevisions, as a test wants it.
    """

    def __init__(self, binary: PrometheusBinary | None = None, *, revisions: bool = True) -> None:
        self._binary, self._revisions = binary, revisions
        self._ago = timedelta(days=30)
        self.daemon: Daemon | None = None

    def __enter__(self) -> Self:
        self.binary = self._binary or default()
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watcher-")))
            self.kubelets = stack.enter_context(Kubelets())
            self.api = stack.enter_context(
                KubeApi(check_tokens=True, make_revisions=self._revisions, clock=self._now)
            )
            self.slack = stack.enter_context(SlackAPI())
            self.pod = stack.enter_context(Pod(self.folder / "root", self.binary))
            self._set()
            self._ago = timedelta(0)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # ----------------------------------------------------------------- the pod

    def restart_pod(self) -> None:
        """Start the pod again from the StatefulSet, as the kubelet does: at another address."""
        stateful_set = self.api.get("StatefulSet", "monitoring", "prometheus-k8s") or {}
        template = stateful_set["spec"]["template"]
        self.pod.restart(template["spec"], self._secret, self._configuration)
        log = self.pod.prometheus.log_file
        self.api.logs[("monitoring", POD, "prometheus")] = log
        status = stateful_set.get("status", {})
        self.api.apply(_pod(template, status.get("updateRevision", ""), self.pod.address))
        self.api.apply(
            _slice("prometheus-k8s", "monitoring", "web", self.pod.port, [self.pod.address])
        )

    def reload(self) -> None:
        """What the operator and the config-reloader do after a change of a monitor."""
        self.pod.prometheus.write_config(self._configuration())
        self.pod.prometheus.reload()

    def _configuration(self) -> str:
        targets = {
            "kubelet": [f"{address}:{self.kubelets.port}" for address in ADDRESSES],
            "prometheus-k8s": [f"{self.pod.address}:{self.pod.port}"],
        }
        return operator_part.configuration(self.api, targets)

    def _secret(self, name: str) -> dict[str, str]:
        secret = self.api.get("Secret", "monitoring", name) or {}
        data: dict[str, str] = secret.get("data", {})
        return data

    # ------------------------------------------------------------- the watcher

    def start_watcher(self) -> None:
        """Start the daemon; a second call does nothing."""
        if self.daemon is None:
            daemon = Daemon(self.settings_file, self.folder / "watcher.log")
            self.daemon = self._stack.enter_context(daemon)

    def ask_both(self) -> tuple[Told, Told]:
        """What ``once`` and ``audit`` say now."""
        with ThreadPoolExecutor(2) as pool:
            once, audit = pool.map(lambda words: ask(words, self.settings_file), ("once", "audit"))
        return once, audit

    def paste(self, command: str) -> None:
        """Do what a printed ``kubectl patch --type=json`` does, over HTTP, as an admin."""
        words = shlex.split(command)
        at = words.index("patch")
        namespace, kind, name = words[words.index("-n") + 1], words[at + 1], words[at + 2]
        done = requests.patch(
            f"{self.api.url}/apis/monitoring.coreos.com/v1/namespaces/{namespace}"
            f"/{_PLURALS[kind]}/{name}",
            data=words[words.index("-p") + 1],
            headers={
                "Authorization": f"Bearer {self.api.token}",
                "Content-Type": "application/json-patch+json",
            },
            timeout=PATIENCE,
        )
        done.raise_for_status()

    @property
    def settings_file(self) -> Path:
        """The settings of the watcher."""
        return self.folder / "watcher.yaml"

    # --------------------------------------------------------------- the scene

    def _set(self) -> None:
        """Lay out what is there before the first act."""
        self.api.apply_all(HERE / "objects.yaml")
        for roles in (ROLES / "rbac.yaml", *sorted((ROLES / "optional").glob("*.yaml"))):
            self.api.apply_all(roles)
        self.api.apply(self.kubelets.secret)
        self.api.apply(
            _slice("kubelet", "kube-system", "https-metrics", self.kubelets.port, ADDRESSES)
        )
        operator_part.write_stateful_set(self.api, self.pod.port)
        self._write_settings()

    def _now(self) -> datetime:
        """The clock of the API server: what is there before the first act was made long ago."""
        return wall_clock() - self._ago

    def _write_settings(self) -> None:
        token = self.api.token_for("monitoring", "watcher")
        kubeconfig = self.api.kubeconfig(self.folder / "kubeconfig", token)
        slack_token = self.folder / "slack-token"
        slack_token.write_text(TOKEN, encoding="utf-8")
        settings = {
            "kubernetes": {"kubeconfig": str(kubeconfig)},
            "store": f"sqlite:///{self.folder / 'watcher.db'}",
            "watch_interval": "1s",
            "pending_for": "1s",
            "settle": "1s",
            "web": {"listen": f"127.0.0.1:{os.environ.get('PORT', '0')}"},
            "slack": {
                "api_url": self.slack.url,
                "token_file": str(slack_token),
                "channel": CHANNEL,
            },
        }
        self.settings_file.write_text(yaml.safe_dump(settings), encoding="utf-8")


_PLURALS = {"prometheus": "prometheuses", "servicemonitor": "servicemonitors"}


def _pod(template: dict[str, Any], revision: str, address: str) -> dict[str, Any]:
    started = operator_part.now()
    labels = {**template["metadata"]["labels"], "controller-revision-hash": revision}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": POD,
            "namespace": "monitoring",
            "labels": labels,
            "creationTimestamp": started,
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "prometheus-k8s"}
            ],
        },
        "spec": template["spec"],
        "status": {
            "phase": "Running",
            "podIP": address,
            "startTime": started,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def _slice(
    service: str, namespace: str, port_name: str, port: int, addresses: Sequence[str]
) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "metadata": {
            "name": f"{service}-1",
            "namespace": namespace,
            "labels": {"kubernetes.io/service-name": service},
        },
        "ports": [{"name": port_name, "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [a], "conditions": {"ready": True}} for a in addresses],
    }
