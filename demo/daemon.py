"""The watcher as it is shipped: its daemon, and the commands that a person runs beside it."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.patience import PATIENCE

_ENDS_WITHIN = 6.0
"""Seconds that the daemon has to end after SIGTERM."""


class DaemonError(Exception):
    """The watcher ended, or said nothing; the text is what it logged."""


class Daemon:
    """``watcher run``; a context manager that ends it. ``page`` is where its page is."""

    def __init__(self, settings: Path, log: Path) -> None:
        self._settings, self._log = settings, log

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "watcher", "run", "--config", str(self._settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.page = self._where()
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
    def log(self) -> str:
        """All that it has logged."""
        return self._log.read_text(encoding="utf-8")

    def jobs(self) -> dict[str, Any]:
        """What its API tells of the jobs now."""
        answer = requests.get(f"{self.page}/api/v1/jobs", timeout=PATIENCE)
        told: dict[str, Any] = answer.json() if answer.ok else {"jobs": []}
        return told

    def front(self) -> str:
        """Its front page, as HTML."""
        return requests.get(f"{self.page}/", timeout=PATIENCE).text

    def _where(self) -> str:
        while self._running.poll() is None:
            for line in self.log.splitlines(keepends=True):
                if " on http" in line and line.endswith("\n"):
                    return line.rpartition(" on ")[2].strip().rstrip("/")
            try:
                self._running.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        raise DaemonError(f"the watcher ended:\n{self.log}")

    def _end(self) -> None:
        self._running.terminate()
        try:
            self._running.wait(timeout=_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()


def ask(command: str, settings: Path) -> tuple[int, dict[str, Any]]:
    """``watcher once`` or ``watcher audit``, as a person runs it: exit code and JSON."""
    words = [sys.executable, "-m", "watcher", command, "--format", "json"]
    done = subprocess.run(
        [*words, "--config", str(settings)], capture_output=True, text=True, check=False
    )
    if not done.stdout:
        raise DaemonError(f"watcher {command} said nothing:\n{done.stderr}")
    return done.returncode, json.loads(done.stdout)
