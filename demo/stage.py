"""The stage: a Kubernetes API, Slack, two kubelets, one pod with a real Prometheus, the watcher.

Everything that is started here is stopped when the stage is left.
"""

import base64
import json
import os
import shlex
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import requests
import yaml

from demo import operator_part
from demo.kubelets import ADDRESSES, Kubelets
from tests.kube_api import KubeApi
from tests.prometheus_server import RealPrometheus
from tests.slack_api import CHANNEL, TOKEN, SlackAPI
from tools.prometheus_binary import default

POD = "prometheus-k8s-0"
HERE = Path(__file__).parent
ROLES = HERE.parent / "config" / "kubernetes"
CONFIG = Path("/etc/prometheus/config_out/prometheus.env.yaml")


class Stage:
    """A context manager; ``api``, ``slack`` and ``prometheus`` are there for the acts."""

    def __enter__(self) -> Self:
        self.binary = default()
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="watcher-")))
            self.kubelets = stack.enter_context(Kubelets())
            self.api = stack.enter_context(KubeApi(check_tokens=True))
            self.slack = stack.enter_context(SlackAPI())
            self._pods = stack.enter_context(ExitStack())
            self._lives = 0
            self.api.apply_all(HERE / "objects.yaml")
            for roles in (ROLES / "rbac.yaml", *sorted((ROLES / "optional").glob("*.yaml"))):
                self.api.apply_all(roles)
            self.api.apply(self.kubelets.secret)
            self.api.apply(
                _slice("kubelet", "kube-system", "https-metrics", self.kubelets.port, ADDRESSES)
            )
            operator_part.write_stateful_set(self.api)
            self._settings()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # ----------------------------------------------------------------- the pod

    def restart_pod(self) -> None:
        """Start the pod anew from the StatefulSet, as the kubelet does: its mounts, then its process."""
        self._pods.close()
        self._lives += 1
        root = self.folder / f"root-{self._lives}"
        stateful_set = self.api.get("StatefulSet", "monitoring", "prometheus-k8s") or {}
        template = stateful_set["spec"]["template"]
        self._mount(template["spec"], root)
        self.prometheus = self._pods.enter_context(
            RealPrometheus("{}", binary=self.binary, root=root, config_file=CONFIG)
        )
        self.api.pod_address[("monitoring", POD)] = f"127.0.0.1:{self.prometheus.port}"
        self.api.logs[("monitoring", POD, "prometheus")] = self.prometheus.log_file
        port = self.prometheus.port
        self.api.apply(_slice("prometheus-k8s", "monitoring", "web", port, ["127.0.0.1"]))
        self.api.apply(_pod(template, stateful_set["status"]["updateRevision"]))
        self.reload()

    def reload(self) -> bool:
        """What the operator and the config-reloader do after a change of a monitor."""
        targets = {
            "kubelet": [f"{address}:{self.kubelets.port}" for address in ADDRESSES],
            "prometheus-k8s": [f"127.0.0.1:{self.prometheus.port}"],
        }
        self.prometheus.write_config(operator_part.configuration(self.api, targets))
        return self.prometheus.reload()

    def _mount(self, pod: dict[str, Any], root: Path) -> None:
        """Lay each mounted Secret's keys where the container finds them."""
        secrets = {v["name"]: v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v}
        for mount in pod["containers"][0]["volumeMounts"]:
            folder = root / mount["mountPath"].lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
            secret = self.api.get("Secret", "monitoring", secrets.get(mount["name"], ""))
            for key, value in (secret or {}).get("data", {}).items():
                (folder / key).write_bytes(base64.b64decode(value))

    # ------------------------------------------------------------- the watcher

    @property
    def settings_file(self) -> Path:
        """The settings of the watcher."""
        return self.folder / "watcher.yaml"

    def _settings(self) -> None:
        token = self.api.token_for("monitoring", "watcher")
        kubeconfig = self.api.kubeconfig(self.folder / "kubeconfig", token)
        slack_token = self.folder / "slack-token"
        slack_token.write_text(TOKEN, encoding="utf-8")
        settings = {
            "kubernetes": {"kubeconfig": str(kubeconfig), "proxy": True},
            "store": f"sqlite:///{self.folder / 'watcher.db'}",
            "watch_interval": "1s",
            "snapshot_interval": "1s",
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

    def start_watcher(self) -> str:
        """Start the daemon; the answer is where its page is."""
        self.watcher_log = self.folder / "watcher.log"
        log = self._stack.enter_context(self.watcher_log.open("ab"))
        daemon = subprocess.Popen(
            [sys.executable, "-m", "watcher", "run", "--config", str(self.settings_file)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        self._stack.callback(_end, daemon)
        return self._page(daemon)

    def _page(self, daemon: "subprocess.Popen[bytes]") -> str:
        while daemon.poll() is None:
            for line in self.watcher_log.read_text(encoding="utf-8").splitlines():
                if " on http" in line:
                    return line.rpartition(" on ")[2].strip()
            try:
                daemon.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        raise RuntimeError(f"the watcher ended:\n{self.watcher_log.read_text(encoding='utf-8')}")

    def ask(self, command: str) -> tuple[int, dict[str, Any]]:
        """``watcher once`` or ``watcher audit``, as a person runs it: exit code and JSON."""
        words = [sys.executable, "-m", "watcher", command, "--format", "json"]
        done = subprocess.run(
            [*words, "--config", str(self.settings_file)],
            capture_output=True,
            text=True,
            check=False,
        )
        if not done.stdout:
            raise RuntimeError(f"watcher {command}: {done.stderr}")
        return done.returncode, json.loads(done.stdout)

    def paste(self, command: str) -> None:
        """Do what a printed ``kubectl patch --type=json`` does, over HTTP, as an admin."""
        words = shlex.split(command)
        at = words.index("patch")
        namespace, kind, name = words[words.index("-n") + 1], words[at + 1], words[at + 2]
        done = requests.patch(
            f"{self.api.url}/apis/monitoring.coreos.com/v1/namespaces/{namespace}/{kind}s"
            f"/{name}".replace("prometheuss", "prometheuses"),
            data=words[words.index("-p") + 1],
            headers={
                "Authorization": f"Bearer {self.api.token}",
                "Content-Type": "application/json-patch+json",
            },
            timeout=10,
        )
        done.raise_for_status()


def _end(daemon: "subprocess.Popen[bytes]") -> None:
    daemon.terminate()
    try:
        daemon.wait(timeout=6)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _pod(template: dict[str, Any], revision: str) -> dict[str, Any]:
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
            "podIP": "127.0.0.1",
            "startTime": started,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def _slice(
    service: str, namespace: str, port_name: str, port: int, addresses: tuple[str, ...] | list[str]
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
