"""The daemon as people run it: a process of its own, its settings in a file, its answers over HTTP."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import requests
import yaml

from tests.patience import PATIENCE

POLL = 0.2


class Daemon:
    """``watcher run`` with *settings*; a context manager that always ends it."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.settings = {
            "store": f"sqlite:///{folder / 'watcher.db'}",
            "watch_interval": "500ms",
            "snapshot_interval": "1s",
            "pending_for": "500ms",
            "settle": "500ms",
            "web": {"listen": "127.0.0.1:0"},
        } | settings
        self.settings_file = folder / "watcher.yaml"
        self.settings_file.write_text(yaml.safe_dump(self.settings), encoding="utf-8")
        self.log_file = folder / "watcher.log"

    def __enter__(self) -> Self:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*WATCHER, "run", "--config", str(self.settings_file)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.url = self.wait_for(self._url)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=PATIENCE)

    def jobs(self) -> dict[str, Any]:
        """The jobs of the last look by pool; none before the first."""
        answer = self.get("/api/v1/jobs")
        return {job["pool"]: job for job in answer.json()["jobs"]} if answer.ok else {}

    def wait_for(self, found: Any) -> Any:
        """What *found* answers as soon as it is true."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended:\n{self.log}")
            if answer := found():
                return answer
            time.sleep(POLL)
        raise AssertionError(f"not in {PATIENCE} s:\n{self.log[-3000:]}")

    def wait_for_job(self, pool: str, **fields: Any) -> dict[str, Any]:
        """The job of *pool* as soon as all these fields of it are so."""

        def there() -> Any:
            job = self.jobs().get(pool)
            return job if job is not None and fields.items() <= job.items() else None

        return self.wait_for(there)

    def wait_for_text(self, path: str, words: str) -> None:
        """Return as soon as what it answers at *path* has these words."""
        self.wait_for(lambda: words in self.get(path).text)

    def end(self) -> int:
        """SIGTERM; the exit code. Raises TimeoutExpired where it does not come."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)

    def _url(self) -> str | None:
        for line in self.log.splitlines(keepends=True):
            if " on http" in line and line.endswith("\n"):
                return line.rpartition(" on ")[2].strip()
        return None


WATCHER = [sys.executable, "-m", "watcher"]


def watcher(*words: str, stdin: str | None = None) -> tuple[int, str, str]:
    """Run one command; its exit code, standard output and standard error."""
    done = subprocess.run(
        [*WATCHER, *words],
        capture_output=True,
        text=True,
        check=False,
        input=stdin,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout, done.stderr


def watcher_json(*words: str) -> tuple[int, Any]:
    code, out, err = watcher(*words, "--format", "json")
    return code, json.loads(out) if out else err
