"""How one Prometheus server is spoken to over HTTP: session, credentials, limits, errors.

It knows paths and JSON envelopes, not what the answers mean. Whatever goes wrong becomes
SourceUnavailable, whose reason names the path and what to do, and never holds a secret.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from watcher import decoding
from watcher.adapters.http.exchange import PATIENCE, read_whole
from watcher.adapters.http.retry_after import date
from watcher.adapters.http.session import BoundedSession
from watcher.adapters.prometheus.answers import Envelope, Sample, query_result
from watcher.adapters.prometheus.refusals import advice_on, reason_of
from watcher.adapters.prometheus.session import (
    LARGEST,
    session_for,
    twin_of,
    without_credentials,
)
from watcher.adapters.tape import LIVE, Answered, Asked, Tape
from watcher.errors import SourceUnavailable
from watcher.secrecy import clipped
from watcher.settings import HttpSettings

T = TypeVar("T")

_MIB: Final = 1024 * 1024
_LARGEST_OF: Final = {"/metrics": 64 * _MIB, "/api/v1/status/config": 64 * _MIB}
"""Of these less is read, as each byte costs more: 3.5 million lines took 41 s and 1 GB."""

_QUERY: Final = "/api/v1/query"
_REFUSED: Final = 400
_READ: Final = 16_384
_BEGIN: Final = 60


class Api:
    """The HTTP API of one server, below its route prefix.

    *session*, when given, is already authenticated, and its connections are used; else one is made
    that keeps its own. Credentials in *url* are used where *http* names none, and shown nowhere.
    """

    def __init__(
        self, url: str, http: HttpSettings, session: BoundedSession | None, tape: Tape = LIVE
    ) -> None:
        self._tape = tape
        self.url, user = without_credentials(url)
        self.clock: datetime | None = None
        """What the server's clock showed at its last answer, None before the first."""
        self._timeout = http.timeout.total_seconds()
        self._session = (
            session_for(http, user)
            if session is None
            else twin_of(session, self._timeout * PATIENCE)
        )
        # The library repeats a request three times on 500 and 503, with pauses; so we bring our own
        # adapter, and take away the one that it hangs into the session for this address.
        self._connect = PrometheusConnect(
            url=self.url, session=self._session, retry=HTTPAdapter().max_retries
        )
        self._session.adapters.pop(self.url, None)

    def get(self, path: str, form: type[T], params: Mapping[str, str] | None = None) -> T:
        """The ``data`` of the answer at *path*, checked against *form*. Raises SourceUnavailable."""
        body = self._read(path, "application/json", params)
        try:
            envelope = decoding.decode(body, Envelope)
            if envelope.status != "success":
                raise self._unavailable(path, f"answered {envelope.status}: {envelope.error}")
            return decoding.decode(envelope.data, form)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            what = f"answered no JSON of the expected form ({error}; it begins {_begin(body)})"
            raise self._unavailable(path, what) from None

    def text(self, path: str) -> str:
        """The answer at *path* as text. Raises SourceUnavailable."""
        return self._read(path, "text/plain;version=0.0.4").decode("utf-8", "replace")

    def query(self, promql: str, at: float | None = None) -> Sequence[Sample]:
        """The samples of an instant query at *at* (Unix time), else at the server's now.

        Of a range, the last sample of each series. Raises SourceUnavailable, also for an agent,
        which has no PromQL.
        """
        params = {"timeout": f"{self._timeout:g}s"}
        if at is not None:
            params["time"] = f"{at:.3f}"
        asked = self._asked(_QUERY, {"query": promql, **params})
        answered = self._tape.ask(asked, lambda: self._live_query(promql, params))
        try:
            return query_result(decoding.plain(answered.body))
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            msgspec.MsgspecError,
            TypeError,
            ValueError,
        ) as error:
            what = f"answered no result of the expected form ({type(error).__name__})"
            raise self._unavailable(_QUERY, what) from None

    def _live_query(self, promql: str, params: Mapping[str, str]) -> Answered:
        result: Any
        try:
            result = self._connect.custom_query(promql, params=params, timeout=self._timeout)
        except (requests.RequestException, OSError, HTTPError) as error:
            raise self._unavailable(_QUERY, reason_of(error)) from None
        except PrometheusApiClientException as error:
            raise self._unavailable(
                _QUERY, f"refused a query: {clipped(str(error), 200)}"
            ) from None
        except (LookupError, RecursionError, TypeError, ValueError) as error:
            what = f"answered no result of the expected form ({type(error).__name__})"
            raise self._unavailable(_QUERY, what) from None
        try:
            return Answered(body=msgspec.json.encode(result))
        except (ArithmeticError, RecursionError, ValueError):  # a number of 400 digits
            raise self._unavailable(
                _QUERY, "answered something that is not a query result"
            ) from None

    def _read(self, path: str, accept: str, params: Mapping[str, str] | None = None) -> bytes:
        answered = self._tape.ask(
            self._asked(path, params), lambda: self._live(path, accept, params)
        )
        self._check(path, answered)
        if answered.date is not None:
            self.clock = date(answered.date)
        return answered.body

    def _asked(self, path: str, params: Mapping[str, str] | None) -> Asked:
        return Asked(source=self.url, path=f"{path}?{urlencode(params)}" if params else path)

    def _live(self, path: str, accept: str, params: Mapping[str, str] | None) -> Answered:
        try:
            with self._session.get(
                self.url + path,
                params=params,
                headers={"Accept": accept},
                timeout=self._timeout,
                stream=True,
                verify=self._session.verify,
                cert=self._session.cert,
            ) as response:
                return Answered(
                    body=read_whole(response, _LARGEST_OF.get(path, LARGEST)),
                    status=response.status_code,
                    words=response.reason or "",
                    date=response.headers.get("Date"),
                )
        except (requests.RequestException, OSError, HTTPError, ValueError) as error:
            raise self._unavailable(path, reason_of(error)) from None

    def _check(self, path: str, answered: Answered) -> None:
        if answered.status < _REFUSED:
            return
        body = answered.body
        what = f"answered {answered.status} {answered.words}".rstrip()
        try:
            what += f": {decoding.decode(body, Envelope).error}"
        except (msgspec.DecodeError, UnicodeDecodeError):
            what += f", beginning {_begin(body)}" if body else ""
        raise self._unavailable(path, what, answered.status)

    def _unavailable(self, path: str, reason: str, status: int | None = None) -> "Refused":
        return Refused(f"{self.url}{path}", f"{reason}; {advice_on(status)}", status)


class Refused(SourceUnavailable):
    """An answer that could not be used; *status* is its HTTP status, None without one."""

    def __init__(self, source: str, reason: str, status: int | None) -> None:
        super().__init__(source, reason)
        self.status = status


def _begin(body: bytes) -> str:
    text = clipped(body[:_READ].decode("utf-8", "replace"), _BEGIN)
    return repr("".join(char for char in text if char.isprintable()))
