"""The pod of Prometheus: a folder that a real Prometheus gets as its root, over all its lives.

What a StatefulSet mounts is laid there as the kubelet does it, again at each start; the volume of
the TSDB stays, as a persistent volume does.
"""

import base64
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests import pod_root
from tests.prometheus_server import RealPrometheus, free_port
from tools.prometheus_binary import PrometheusBinary

CONFIG = Path("/etc/prometheus/config_out/prometheus.env.yaml")
Secrets = Callable[[str], dict[str, str]]
"""The keys of a Secret with their values in base64, nothing for one that is not there."""


class NoRootError(Exception):
    """This machine lets us make no folder the root of a program; the text says what to do."""


class Pod:
    """A context manager that ends what runs in it.

    ``port`` stays the same over its lives; ``address`` is another one of the loopback in each, as a
    pod's is.
    """

    def __init__(self, folder: Path, binary: PrometheusBinary) -> None:
        self._root, self._binary = folder, binary
        self._mounted: list[Path] = []
        self._running: RealPrometheus | None = None
        self.port = free_port()
        self._lives = 0

    def __enter__(self) -> Self:
        pod_root.furnish(self._root, self._binary.prometheus)
        command = [*pod_root.enter(self._root), str(pod_root.PROGRAM), "--version"]
        try:
            subprocess.run(command, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip()
            raise NoRootError(
                f"cannot run Prometheus in a root folder of its own: {said}; allow user namespaces"
                " (sysctl kernel.unprivileged_userns_clone=1, or"
                " kernel.apparmor_restrict_unprivileged_userns=0), or run as root"
            ) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def prometheus(self) -> RealPrometheus:
        """What runs in it now."""
        if self._running is None:
            raise LookupError("the pod was never started")
        return self._running

    @property
    def address(self) -> str:
        """Its address in this life."""
        return f"127.0.1.{self._lives}"

    def restart(self, spec: dict[str, Any], secrets: Secrets, config: Callable[[], str]) -> None:
        """End it, and start it from a pod's *spec* with the *config* that then holds."""
        self._end()
        self._lives += 1
        for folder in self._mounted:
            shutil.rmtree(folder)
        self._mounted = list(self._mount(spec, secrets))
        starting = RealPrometheus(
            config(),
            binary=self._binary,
            root=self._root,
            config_file=CONFIG,
            at=(self.address, self.port),
        )
        self._running = starting.__enter__()

    def _mount(self, spec: dict[str, Any], secrets: Secrets) -> list[Path]:
        """Lay each mounted Secret's keys where the container finds them; answers what goes again."""
        names = {v["name"]: v["secret"]["secretName"] for v in spec["volumes"] if "secret" in v}
        mounted = []
        for mount in spec["containers"][0]["volumeMounts"]:
            folder = self._root / mount["mountPath"].lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
            if mount["name"] in {volume["name"] for volume in spec["volumes"]}:
                mounted.append(folder)
            for key, value in secrets(names.get(mount["name"], "")).items():
                (folder / key).write_bytes(base64.b64decode(value))
        return mounted

    def _end(self) -> None:
        if self._running is not None:
            self._running.__exit__(None, None, None)
            self._running = None
