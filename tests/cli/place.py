"""A place to run commands in: a Kubernetes API, a server that answers as Prometheus, settings."""

import json
from dataclasses import dataclass

import yaml

from tests.adapters.prometheus_answers import Answers, a_server, a_target
from tests.kube_api import KubeApi
from tests.kube_objects import a_namespace, a_prometheus_resource, an_operator
from watcher.cli import run


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Place:
    """Everything that a command asks, and the command line itself."""

    def __init__(self, folder, capsys, api, server):
        self.folder, self.api, self.server, self._capsys = folder, api, server, capsys
        self._settings = {
            "kubernetes": {"kubeconfig": str(api.kubeconfig(folder / "kubeconfig"))},
            "prometheuses": [
                {"name": "monitoring/k8s", "servers": [{"name": "k8s-0", "url": server.url}]}
            ],
            "store": f"sqlite:///{folder / 'watcher.db'}",
            "watch_interval": "1s",
            "settle": "1s",
            "pending_for": "1s",
        }
        api.apply(a_prometheus_resource())
        api.apply(an_operator())
        for name in ("monitoring", "shop"):
            api.apply(a_namespace(name))

    def settings(self, **more):
        """Further settings; the answer is the file."""
        self._settings |= more
        path = self.folder / "watcher.yaml"
        path.write_text(yaml.safe_dump(self._settings), encoding="utf-8")
        return path

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text if isinstance(text, str) else yaml.safe_dump(text), encoding="utf-8")
        return path

    def run(self, *words):
        """Run a command with these settings."""
        code = run([*map(str, words), "--config", str(self.settings())])
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def scrapes(self, *pools, down=(), targets=1):
        """Let the server scrape *pools*, with so many targets each; those in *down* fail."""
        made = [
            a_target(
                pool, number, "down" if pool in down else "up", "refused" if pool in down else ""
            )
            for pool in pools
            for number in range(targets)
        ]
        self.server.replies = a_server(*made)


def pool(name, namespace="shop", endpoint=0):
    return f"serviceMonitor/{namespace}/{name}/{endpoint}"


def opened(folder, capsys, stack):
    api = stack.enter_context(KubeApi())
    server = stack.enter_context(Answers(a_server()))
    return Place(folder, capsys, api, server)
