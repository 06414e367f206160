"""A real Alertmanager for tests, unpacked from Debian's packages."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
import requests

from tests.patience import PATIENCE, awaited
from tests.pod_root import PROGRAM, enter, furnish
from tests.prometheus_server import free_port
from tools.debian_package import PackageError, machine, unpacked

TEMPLATES = "usr/share/prometheus/alertmanager"
CONFIG = """
route: {receiver: nobody, group_wait: 1s}
receivers: [{name: nobody}]
"""


def installed():
    """The folder that holds it as its package does. On a laptop without one: skip."""
    debian = machine()
    reason = "no package sources"
    if debian is not None:
        try:
            return unpacked("prometheus-alertmanager", debian.suite, debian)
        except PackageError as error:
            reason = str(error)
    if os.environ.get("CI") == "true":
        pytest.fail(f"no Alertmanager: {reason}")
    pytest.skip(f"no Alertmanager: {reason}")


class RealAlertmanager:
    """Runs one by itself; a context manager."""

    def __enter__(self):
        package = installed()
        self._folder = tempfile.TemporaryDirectory()
        root = Path(self._folder.name)
        furnish(root, package / "usr/bin/prometheus-alertmanager")
        # It wants its templates where Debian installs them, so that folder is its root.
        shutil.copytree(package / TEMPLATES, root / TEMPLATES)
        (root / "tmp/config.yml").write_text(CONFIG)
        self.url = f"http://127.0.0.1:{free_port()}"
        self._running = subprocess.Popen(
            [
                *enter(root),
                PROGRAM,
                "--config.file=/tmp/config.yml",
                "--storage.path=/tmp/data",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--cluster.listen-address=",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self.wait_for(self._ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._running.kill()
        self._running.wait()
        self._folder.cleanup()

    def alerts(self):
        """Those that are active, by their job."""
        answer = requests.get(f"{self.url}/api/v2/alerts", timeout=PATIENCE)
        answer.raise_for_status()
        return {alert["labels"]["job"]: alert for alert in answer.json()}

    def silence(self, **labels):
        """Silence what has these labels, as people do."""
        matchers = [
            {"name": name, "value": value, "isRegex": False} for name, value in labels.items()
        ]
        silence = {
            "matchers": matchers,
            "startsAt": "2000-01-01T00:00:00Z",
            "endsAt": "2100-01-01T00:00:00Z",
            "createdBy": "a test",
            "comment": "maintenance",
        }
        requests.post(
            f"{self.url}/api/v2/silences", json=silence, timeout=PATIENCE
        ).raise_for_status()

    def wait_for(self, holds):
        found = awaited(holds, every=0.1)
        assert found, f"not in {PATIENCE} s"
        return found

    def _ready(self):
        try:
            return requests.get(f"{self.url}/-/ready", timeout=5).ok
        except requests.RequestException:
            return False
