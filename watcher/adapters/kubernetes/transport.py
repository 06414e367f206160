"""One request to the API server, one whole answer, within one time limit.

Knows HTTP and its failures, nothing of Kubernetes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

import requests

from watcher.adapters.http.exchange import TooLargeError, read_whole
from watcher.adapters.http.session import WELL, BoundedSession
from watcher.adapters.kubernetes.credentials import NoCredentialsError
from watcher.adapters.kubernetes.session import LARGEST
from watcher.adapters.tape import LIVE, Answered, Asked, Tape
from watcher.errors import SourceUnavailable
from watcher.secrecy import clipped

SOURCE: Final = "kubernetes"
"""Name of the API server as a source."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and whole body of an answer."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return self.status in WELL


class Transport:
    """Sends requests to one server over pooled connections. Safe among threads."""

    def __init__(
        self, session: BoundedSession, server: str, timeout: float, tape: Tape = LIVE
    ) -> None:
        self._session = session
        self._tape = tape
        self._server = server
        self._timeout = timeout
        self.calls = 0
        """Requests so far; this and the next are only for budgets, a lost count does no harm."""
        self.bytes_read = 0
        """Bytes of answers so far, unpacked."""

    def ask(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        post: object = None,
        limit: int | None = None,
    ) -> Answer:
        """GET, or POST of *post* as JSON; at most *limit* bytes of the body are read.

        Raises SourceUnavailable when no whole answer came within the time limit.
        """
        self.calls += 1
        asked = Asked(
            source=SOURCE,
            method="GET" if post is None else "POST",
            path=f"{path}?{urlencode(query)}" if query else path,
            body="" if post is None else json.dumps(post, sort_keys=True),
        )
        answered = self._tape.ask(asked, lambda: self._live(path, query, post, limit))
        self.bytes_read += len(answered.body)
        return Answer(answered.status, answered.body)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _live(
        self, path: str, query: Mapping[str, str] | None, post: object, limit: int | None
    ) -> Answered:
        try:
            with self._session.request(
                "GET" if post is None else "POST",
                self._server + quote(path, safe="/:"),
                params=query,
                json=post,
                timeout=self._timeout,
                allow_redirects=False,  # a redirect leads to some login page
                stream=True,
            ) as response:
                body = self._body(response, limit)
                return Answered(body=body, status=response.status_code)
        except requests.RequestException as error:
            raise self._unreachable(error) from None

    def _body(self, response: requests.Response, limit: int | None) -> bytes:
        try:
            return read_whole(response, LARGEST if limit is None else limit, cut=limit is not None)
        except requests.RequestException:
            raise
        except Exception as error:  # noqa: BLE001 -- urllib3's errors have no common base here
            raise SourceUnavailable(
                SOURCE, f"the answer of {self._server} broke off ({_line(error)}); try again"
            ) from None

    def _late(self) -> SourceUnavailable:
        return SourceUnavailable(
            SOURCE,
            f"{self._server} did not answer in full within {self._timeout:g} s; see whether it is "
            "overloaded, or raise kubernetes.timeout",
        )

    def _unreachable(self, error: requests.RequestException) -> SourceUnavailable:
        match error:
            case requests.exceptions.SSLError():
                reason = (
                    f"TLS with {self._server} failed: {_line(error)}; check the certificate "
                    "authority in the kubeconfig"
                )
            case NoCredentialsError():
                reason = f"no credentials for {self._server}: {error}; check the kubeconfig"
            case requests.Timeout():
                return self._late()
            case TooLargeError():
                reason = f"{self._server} {_line(error)}; see what it is"
            case requests.ConnectionError():
                reason = (
                    f"{self._server} cannot be reached: {_line(error)}; check the address and "
                    "the network"
                )
            case _:
                reason = f"{self._server}: {_line(error)}; check the kubeconfig"
        return SourceUnavailable(SOURCE, reason)


def _line(error: BaseException) -> str:
    """The innermost reason in one short line: the outer ones repeat the address three times."""
    seen: BaseException = error
    while True:
        inner = getattr(seen, "reason", None) or next(
            (arg for arg in seen.args if isinstance(arg, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            break
        seen = inner
    words = clipped(str(seen), 400) or type(seen).__name__
    return (words.rpartition(": ")[2] if "object at 0x" in words else words)[:200]
