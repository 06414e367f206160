"""Runs the credential plugin (``exec``) of a kubeconfig: within a time, and without its words.

The library waits for a plugin without end, lends it our terminal, and logs what it prints.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from kubernetes.config.exec_provider import ExecProvider

from watcher import decoding
from watcher.secrecy import clipped

_CHUNK: Final = 64 * 1024
_LARGEST: Final = 1024 * 1024
"""Most bytes that a plugin may print."""

_LONGEST: Final = 200
"""Most characters that are shown of what a plugin says went wrong."""


class PluginError(Exception):
    """A plugin that gave no credentials; says why, without a secret."""


class Given(msgspec.Struct, rename="camel"):
    """What a plugin gives: a token, or a client certificate with its key, as PEM."""

    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str
    status: Given


class Plugin(ExecProvider):
    """One plugin, as a kubeconfig names it."""

    def ask(self, seconds: float) -> Given:
        """Run it for so many *seconds* at most; then it is killed, with all that it started.

        Raises PluginError.
        """
        try:
            return self._understood(self._printed(seconds))
        except PluginError as error:
            name = Path(str(self.args[0])).name
            raise PluginError(f"the credential plugin {name} {error}") from None

    def _understood(self, printed: bytes) -> Given:
        try:
            answer = decoding.decode(printed, _Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise PluginError("printed no ExecCredential with a status") from None
        if answer.api_version != self.api_version:
            raise PluginError(f"did not answer in {self.api_version}, as the kubeconfig asks")
        given = answer.status
        if not given.token and not (given.client_certificate_data and given.client_key_data):
            raise PluginError("gave neither a token nor a certificate with its key")
        return given

    def _printed(self, seconds: float) -> bytes:
        try:
            status, printed, said = self._run(seconds)
        except subprocess.TimeoutExpired:
            raise PluginError(f"gave no answer within {seconds:g} s") from None
        except (OSError, LookupError, TypeError, ValueError) as error:
            words = getattr(error, "strerror", None) or type(error).__name__
            raise PluginError(f"cannot be run: {words}") from None
        if status != 0:
            raise PluginError(f"failed ({status}){_words(said)}")
        return printed

    def _run(self, seconds: float) -> tuple[int, bytes, bytes]:
        with subprocess.Popen(  # noqa: S603 -- the kubeconfig names it
            [str(argument) for argument in self.args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.cwd,
            env=self.env | {"KUBERNETES_EXEC_INFO": json.dumps(self._question())},
            start_new_session=True,
        ) as process:
            until = time.monotonic() + seconds
            try:
                printed, said = _read(process, until)
                return process.wait(max(0.0, until - time.monotonic())), printed, said
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise

    def _question(self) -> dict[str, Any]:
        asked: dict[str, Any] = {"interactive": False}
        if self.cluster is not None:
            cluster = dict(self.cluster.value)
            for extension in cluster.get("extensions") or ():
                if extension["name"] == "client.authentication.k8s.io/exec":
                    cluster["config"] = extension["extension"]
            asked["cluster"] = cluster
        return {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": asked}


def _read(process: "subprocess.Popen[bytes]", until: float) -> list[bytes]:
    """What *process* prints and what it says, to the end of both."""
    pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
    found = {pipe.fileno(): bytearray() for pipe in pipes}
    with selectors.DefaultSelector() as still_open:
        for number in found:
            still_open.register(number, selectors.EVENT_READ)
        while still_open.get_map():
            ready = still_open.select(max(0.0, until - time.monotonic()))
            if not ready or time.monotonic() > until:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, _ in ready:
                part = os.read(key.fd, _CHUNK)
                found[key.fd].extend(part)
                if not part:
                    still_open.unregister(key.fd)
            if sum(map(len, found.values())) > _LARGEST:
                raise PluginError("printed more than 1 MiB")
    return [bytes(each) for each in found.values()]


def _words(said: bytes) -> str:
    text = clipped(said.decode(errors="replace"), _LONGEST)
    return f": {text}" if text else ""
