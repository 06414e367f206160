"""Makes the HTTP session through which one Prometheus server is read: TLS and credentials."""

import errno
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
import urllib3
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import InsecureRequestWarning

from watcher.adapters.http.exchange import PATIENCE
from watcher.adapters.http.session import BoundedSession, Rotating
from watcher.errors import ConfigError
from watcher.settings import HttpSettings, address

_MIB: Final = 1024 * 1024
LARGEST: Final = 256 * _MIB
"""Longest answer that is read, in bytes: /targets of 100,000 targets has 172 MB."""


def session_for(
    http: HttpSettings, user: tuple[str, str] | None, *, largest: int = LARGEST
) -> BoundedSession:
    """A session as *http* says, or with *user* and password where it names no credentials."""
    session = BoundedSession(
        seconds=http.timeout.total_seconds() * PATIENCE,
        largest=largest,
        insecure=http.insecure_skip_verify,
    )
    if http.insecure_skip_verify:
        urllib3.disable_warnings(InsecureRequestWarning)  # it was asked for
    elif http.ca_file is not None:
        session.verify = str(http.ca_file)
    if http.cert_file is not None:
        key = http.key_file or http.cert_file
        session.cert = (str(http.cert_file), str(key))
    if http.username is not None:
        session.auth = _Basic(http)
    elif http.bearer_token_file is None and user is not None:
        session.auth = HTTPBasicAuth(user[0].encode(), user[1].encode())
    else:
        session.auth = _Bearer(http)
    return session


def twin_of(session: BoundedSession, seconds: float) -> BoundedSession:
    """A session of the same credentials and connections.

    One that threads share must not be changed under them, as PrometheusConnect does.
    """
    twin = BoundedSession(seconds=seconds, largest=LARGEST)
    twin.verify, twin.cert, twin.auth = session.verify, session.cert, session.auth
    twin.trust_env, twin.proxies = session.trust_env, session.proxies
    twin.headers.update(session.headers)
    for prefix, adapter in session.adapters.items():
        twin.mount(prefix, adapter)
    return twin


def without_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    """*url* without user, password, query and slashes at its end; and the user and password.

    Raises ConfigError, which does not show it, for something that is not an address, and where a part of a
    password may be taken for the port: ``http://user:12/34@host``.
    """
    try:
        parts = urlsplit(address(url))
    except ValueError as error:
        raise ConfigError(f"an address in the settings has {error}") from None
    host = parts.netloc.rpartition("@")[2]
    plain = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    if parts.username is None:
        return plain, None
    return plain, (unquote(parts.username), unquote(parts.password or ""))


def _secret_in(file: Path) -> str:
    """What *file* holds, which goes into a header. Raises OSError, which does not show it.

    The library would show a header that it refuses, such as one of two lines.
    """
    secret = file.read_bytes().strip().decode("utf-8", "surrogateescape")
    if not secret.isprintable():
        raise OSError(errno.EINVAL, "more than one line, or no text", str(file))
    return secret


class _Bearer(Rotating):
    """Reads the token afresh at each request, so that it may rotate."""

    def __init__(self, http: HttpSettings) -> None:
        self._file = http.bearer_token_file

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Where there is no token this still stands, to keep ~/.netrc from being read.
        if self._file is not None:
            request.headers["Authorization"] = f"Bearer {_secret_in(self._file)}"
        return request


class _Basic(Rotating):
    """Reads the password afresh at each request."""

    def __init__(self, http: HttpSettings) -> None:
        self._user, self._file = http.username or "", http.password_file

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        password = "" if self._file is None else _secret_in(self._file)
        signed: requests.PreparedRequest = HTTPBasicAuth(self._user.encode(), password.encode())(
            request
        )
        return signed
