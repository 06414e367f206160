"""Runs a real Prometheus on a free loopback port, for tests and for the demo.

It starts, reloads, waits and stops; what the answers mean is for the caller. Nothing of it outlives
the `with` block but what the caller laid into `root`.
"""

import random
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import requests

from tests import pod_root
from tests.depth import DEEP
from tests.patience import PATIENCE, awaited
from tools.prometheus_binary import PrometheusBinary, default, places

CONFIG_FILE = Path("/etc/prometheus/prometheus.yml")
POLL_SECONDS = 0.1
ATTEMPTS = 3
AGENT = frozenset({"--agent", "--enable-feature=agent"})
READY = "Server is ready to receive web requests"
PORTS = range(12_000, 32_000)
"""Below those that systems give to connections and to servers that ask for any port (32768 up)."""

every_prometheus = pytest.mark.parametrize(
    "prometheus_binary", (places() or ("PATH",))[0 if DEEP else -1 :], indirect=True
)
"""Runs a test that takes `prometheus_binary` once for each version this machine can have.

With `make test` the last of them alone.
"""


class NotInTimeError(AssertionError):
    """What was waited for did not come; the text ends with the last lines of the server's log."""


class RealPrometheus:
    """A running Prometheus; a context manager that always ends it.

    `root`: a folder it gets as `/`, with its configuration at `config_file` inside; the folder is
    the caller's, as a pod's volumes are, and stays. Without it all is in a temporary folder.
    `at`: address and port, as a pod has them; by default a free port of 127.0.0.1. `arguments`:
    further flags; those that make it an agent change where it stores.
    """

    def __init__(
        self,
        config: str,
        *,
        binary: PrometheusBinary | None = None,
        log_format: str = "logfmt",
        root: Path | None = None,
        config_file: Path = CONFIG_FILE,
        at: tuple[str, int] | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        self.binary = binary or default()
        self._config, self._log_format, self._root = config, log_format, root
        self._config_file, self._arguments = config_file, arguments
        self.address, self.port = at or ("127.0.0.1", 0)
        self._given_port = self.port
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._made = tempfile.TemporaryDirectory(prefix="prometheus-")
        self.folder = Path(self._made.name)
        self.log_file = self.folder / "prometheus.log"
        try:
            self.write_config(self._config)
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{self.address}:{self.port}"

    @property
    def log(self) -> str:
        """All it has logged so far, of earlier starts too."""
        return self.log_file.read_text(encoding="utf-8") if self.log_file.is_file() else ""

    def write_config(self, text: str) -> None:
        """Replace its configuration file; it is read at the next start or `reload`."""
        file = self._outside(self._config_file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def start(self) -> None:
        """Start it and wait until it is ready; after `stop` it is the same pod starting again."""
        for attempt in range(1, ATTEMPTS + 1):
            self.port = self._given_port or free_port(self.address)
            before = len(self.log)
            self._launch()
            if self._became_ready(before):
                self._given_port = self.port
                return
            self.stop()
            if attempt == ATTEMPTS or "address already in use" not in self.log[before:]:
                raise NotInTimeError(f"Prometheus did not become ready:\n{self._last_lines()}")

    def reload(self) -> bool:
        """Ask it to read its configuration again; False where it refuses the new one."""
        return requests.post(f"{self.url}/-/reload", timeout=PATIENCE).ok

    def api(self, path: str, **parameters: str) -> Any:
        """The `data` of one answer of its HTTP API, such as `api("targets", state="active")`."""
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()["data"]

    def pools(self) -> frozenset[str]:
        """The names of the scrape pools it has now."""
        return frozenset(self.api("scrape_pools")["scrapePools"] or ())

    def wait_for_pools(self, *names: str) -> None:
        """Return once it has exactly these pools."""
        self.wait_until(lambda server: server.pools() == frozenset(names))

    def wait_until(self, holds: Callable[[Self], bool]) -> None:
        """Return once `holds` answers True of this server; raises NotInTimeError."""
        if not awaited(lambda: holds(self), every=POLL_SECONDS):
            raise NotInTimeError(f"not in {PATIENCE} s:\n{self._last_lines()}")

    def stop(self) -> None:
        """End it, by force after half a minute; a second call does nothing."""
        if self._running is None:
            return
        self._running.terminate()
        try:
            self._running.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()
        self._running = None

    def _end(self) -> None:
        self.stop()
        self._made.cleanup()

    def _outside(self, path: Path) -> Path:
        return (self._root or self.folder) / path.relative_to("/")

    def _launch(self) -> None:
        if self._root:
            pod_root.furnish(self._root, self.binary.prometheus)
            program = (*pod_root.enter(self._root), str(pod_root.PROGRAM))
            config, data = self._config_file, Path("/prometheus")
        else:
            program = (str(self.binary.prometheus),)
            config, data = self._outside(self._config_file), self.folder / "data"
        storage = "tsdb" if AGENT.isdisjoint(self._arguments) else "agent"
        command = (
            *program,
            f"--config.file={config}",
            f"--storage.{storage}.path={data}",
            f"--web.listen-address={self.address}:{self.port}",
            f"--log.format={self._log_format}",
            "--web.enable-lifecycle",
            *self._arguments,
        )
        with self.log_file.open("ab") as log:
            self._running = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _became_ready(self, before: int) -> bool:
        """Whether it says so itself: at its address somebody else may answer."""

        def ended_or_ready() -> bool:
            running = self._running is not None and self._running.poll() is None
            return not running or READY in self.log[before:]

        awaited(ended_or_ready, every=POLL_SECONDS)
        return READY in self.log[before:]

    def _last_lines(self) -> str:
        return "\n".join(self.log.splitlines()[-15:])


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody has, and that nobody gets by chance before its server starts."""
    chance = random.SystemRandom()  # the seed of a test run is the same for all its processes
    while True:
        port = chance.choice(PORTS)
        with socket.socket() as tried:
            try:
                tried.bind((address, port))
            except OSError:
                continue
            return port
