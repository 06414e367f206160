"""Who we are for the API server, as it is written now: tokens and certificates rotate.

They are read again when the API server refuses them (401): files, the kubeconfig itself, and what a
plugin gives. Before, what is known is used.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import requests
from kubernetes.config.kube_config import FileOrData

from watcher.adapters.http.session import Rotating
from watcher.adapters.kubernetes.plugin import Given, Plugin, PluginError
from watcher.errors import ConfigError

_AGAIN: Final = 10.0
"""Seconds until what was refused, or could not be had, is asked for again."""


class NoCredentialsError(requests.RequestException):
    """There are no credentials to send; says why, without a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is written of an API server and of us: the client's Configuration, and a plugin."""

    configuration: Any
    plugin: Plugin | None = None


class Credentials(Rotating):
    """Puts the credentials of the moment on requests to the API server, on no others.

    Safe among threads. *read* reads the account again, and *seconds* are what a plugin may take.
    """

    def __init__(
        self, account: Account, read: Callable[[], Account | None], seconds: float
    ) -> None:
        self._account, self._read, self._seconds = account, read, seconds
        self._lock = threading.Lock()
        self._given: Given | None = None
        self._fault: str | None = None
        self._rests_until = 0.0

    @property
    def configuration(self) -> Any:
        """The client's Configuration as it was read last."""
        return self._account.configuration

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign *request*. Raises NoCredentialsError."""
        if (request.url or "").startswith(f"{self.configuration.host.rstrip('/')}/"):
            with self._lock:
                header = self._header()
            if header:
                request.headers["Authorization"] = header
        return request

    def certificate(self) -> tuple[str, str] | None:
        """Files of the client certificate and of its key. Raises NoCredentialsError."""
        with self._lock:
            given = self._ask_plugin()
            try:
                if given is not None and given.client_certificate_data:
                    return _file(given.client_certificate_data), _file(given.client_key_data or "")
            except OSError as error:
                raise NoCredentialsError(f"no place for a certificate: {error.strerror}") from None
            found = self.configuration
            return (found.cert_file, found.key_file or found.cert_file) if found.cert_file else None

    def renew(self, refused: requests.PreparedRequest) -> None:
        """Read them again, as the API server answered *refused* with 401.

        Nothing is read where another thread did so meanwhile, or a moment ago in vain.
        """
        with self._lock:
            if time.monotonic() < self._rests_until:
                return
            if self._header() != refused.headers.get("Authorization"):
                return
            self._rests_until = time.monotonic() + _AGAIN
            self._given = None
            try:
                account = self._read()
            except ConfigError as error:
                self._fault = f"refused (401), and cannot be read again: {error}"
                return
            if account is not None and account.configuration.host == self.configuration.host:
                self._account = account

    def _header(self) -> str | None:
        given = self._ask_plugin()
        if given is not None and given.token:
            return _fit(f"Bearer {given.token}")
        try:  # the client renews some tokens here
            signed = self.configuration.auth_settings().get("BearerToken")
        except Exception as error:  # noqa: BLE001 -- it may ask somebody, over libraries of all kinds
            words = getattr(error, "strerror", None) or str(error)
            raise NoCredentialsError(f"the token cannot be read: {words}") from None
        return _fit(signed["value"]) if signed and signed["value"] else None

    def _ask_plugin(self) -> Given | None:
        """What the plugin gives, None without one; it is run where nothing is known."""
        if self._fault is not None:
            if time.monotonic() < self._rests_until:
                raise NoCredentialsError(self._fault)
            self._fault = None
        if self._given is None and self._account.plugin is not None:
            try:
                self._given = self._account.plugin.ask(self._seconds)
            except PluginError as error:
                self._fault = str(error)
                self._rests_until = time.monotonic() + _AGAIN
                raise NoCredentialsError(self._fault) from None
        return self._given


def _fit(header: str) -> str:
    if not header.strip().isprintable():
        raise NoCredentialsError("the token holds more than one line, or no text")
    return header.strip()


def _file(content: str) -> str:
    given = {"data": content}
    found = FileOrData(given, None, "data", base64_file_content=False)  # type: ignore[no-untyped-call]
    return str(found.as_file())  # type: ignore[no-untyped-call]
