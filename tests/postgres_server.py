"""Runs a real PostgreSQL for tests: on a unix socket in a temporary folder, as no root.

It makes databases and forgets them with the folder; nothing of it outlives the `with` block.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from tests.patience import PATIENCE

OWNER = "watcher"
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")


class NoPostgresError(Exception):
    """This machine has none; the text says what to install."""


class RealPostgres:
    """A running PostgreSQL server; a context manager that always ends it."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has 107 bytes
        self._server: subprocess.Popen[bytes] | None = None
        self._numbers = count()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def new_database(self) -> str:
        """The URL of a database in which nothing is."""
        name = f"store_{next(self._numbers)}"
        with self._connection() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://{OWNER}@/{name}?host={self._folder}"

    def empty(self, url: str, tables: Iterable[str]) -> None:
        """Empty tables of one of its databases."""
        with self._connection(_name(url)) as connection:
            connection.execute(f"TRUNCATE {', '.join(tables)}")

    def end_sessions(self, url: str) -> None:
        """End all sessions of one of its databases, as a restart of the server does."""
        with self._connection() as connection:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(ended, [_name(url)])

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let no session of it answer, as a machine that swaps or a volume that hangs."""
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._pid)],
            capture_output=True,
            text=True,
            check=True,
        )
        pids = [self._pid, *map(int, found.stdout.split())]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    @property
    def _pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    def _connection(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(host=str(self._folder), user=OWNER, dbname=database, autocommit=True)

    def _start(self) -> None:
        user = _user()
        if user:
            shutil.chown(self._folder, user)
        data = self._folder / "data"
        subprocess.run(
            [
                *(self._programs / "initdb", "--pgdata", data, "--username", OWNER, "--no-sync"),
                *("--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-instructions"),
            ],
            check=True,
            capture_output=True,
            cwd=self._folder,
            user=user,
        )
        flags = [word for setting in SETTINGS for word in ("-c", setting)]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", data, "-k", self._folder, *flags],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=user,
            )
        self._wait(self._server)

    def _wait(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._connection().close()
            except psycopg.OperationalError:
                if server.poll() is not None or time.monotonic() > deadline:
                    log = (self._folder / "log").read_text(errors="replace")
                    raise AssertionError(f"PostgreSQL did not start:\n{log[-2000:]}") from None
                time.sleep(0.05)
            else:
                return

    def _stop(self) -> None:
        if self._server is not None:
            self._server.terminate()  # to PostgreSQL this is the patient way
            try:
                self._server.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def _programs() -> Path:
    """The folder of PostgreSQL's programs: Debian puts them beside PATH, one folder per version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*folders, *map(Path, os.get_exec_path())):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgresError("no PostgreSQL server here: apt-get install postgresql")


def _user() -> str | None:
    """Whose the server is: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
