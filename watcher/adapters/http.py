"""The HTTP session through which every peer is spoken to: bounded, and true to its origin.

Whatever a peer does, one exchange ends: within a time (from the first byte sent to the last header;
``read_whole`` minds the body), and below a number of bytes. The time is kept by cutting the
connection from another thread: the libraries beneath wait for whole lines, trailers and unpacked
bytes without a look at any clock. Credentials go to no other origin.
"""

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

# At debug level it writes paths, some of which are secrets (webhooks), and queries.
logging.getLogger("urllib3").setLevel(logging.INFO)

_CHUNK: Final = 64 * 1024
_MIB: Final = 1024 * 1024

ANSWER_OF_A_RECEIVER: Final = _MIB
"""Most bytes that are read of an answer that only says whether something was taken."""


class TooLargeError(requests.RequestException):
    """An answer is larger than it may be."""


class BoundedSession(requests.Session):
    """A session whose every exchange ends after *seconds*, with at most *largest* bytes of body.

    A request with ``stream=True`` leaves the body to the caller, for ``read_whole``. *insecure* does
    not verify certificates; *trusts_system* takes the machine's authorities beside those of requests;
    *server_name* is what the certificate must name instead of the host.
    """

    def __init__(
        self,
        *,
        seconds: float,
        largest: int,
        insecure: bool = False,
        trusts_system: bool = False,
        server_name: str | None = None,
        pool_size: int = 10,
    ) -> None:
        super().__init__()
        self._seconds, self._largest = seconds, largest
        self.verify = not insecure
        self.auth = _as_it_is  # without one the library reads ~/.netrc
        context = _context(insecure=insecure)
        if trusts_system:
            context.load_default_certs()
        adapter = _Adapter(seconds, context, server_name, pool_size)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send it; the body of the answer is read, unless it is to be streamed."""
        until = time.monotonic() + self._seconds
        is_streamed = kwargs.get("stream", self.stream)
        response = super().send(request, **{**kwargs, "stream": True})
        if not is_streamed:
            _fill(response, self._largest, until)
        return response

    def merge_environment_settings(self, *args: Any, **kwargs: Any) -> Any:
        """Of the surroundings, authorities (REQUESTS_CA_BUNDLE) count only where none are set."""
        merged = super().merge_environment_settings(*args, **kwargs)
        return merged if self.verify is True else {**merged, "verify": self.verify}

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """After a redirect: no credentials for another origin, neither ours nor those of a .netrc."""
        before, after = response.request.url or "", prepared_request.url or ""
        if self.should_strip_auth(before, after):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


def read_whole(
    response: requests.Response, largest: int, until: float, *, cut: bool = False
) -> bytes:
    """The body, unpacked, read as it comes: neither an endless nor a dripping answer can hold us.

    *until* is a moment of ``time.monotonic``; with *cut* what comes after *largest* bytes is left.
    Raises TooLargeError, requests.Timeout, and whatever the connection raises.
    """
    body = BytesIO()  # joined parts would be held twice for a moment: lists can be large
    exchange = getattr(response, "exchange", None) or _Exchange()
    with exchange.within(until, "timed out: the answer did not end in time"):
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body.write(chunk)
            if cut and body.tell() >= largest:
                return body.getvalue()[:largest]
            if body.tell() > largest:
                raise TooLargeError(f"answered more than {largest / _MIB:g} MiB")
            if time.monotonic() > until:
                exchange.end()
    return body.getvalue()


def _fill(response: requests.Response, largest: int, until: float) -> None:
    """Give *response* its body as the library would, but bounded."""
    try:
        response._content = read_whole(response, largest, until)  # noqa: SLF001 -- there is no other way
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError(error) from None
    finally:
        response.close()
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001


class _Exchange:
    """One request and its answer. ``end`` cuts the connection, also from another thread."""

    def __init__(self) -> None:
        self.connection: HTTPConnection | None = None
        self.sock: object = None  # a connection lets go of it when its answer is the last one
        self.is_late = False

    @contextlib.contextmanager
    def within(self, until: float, said: str) -> Iterator[None]:
        """Cut what is done in here at the moment *until*; then *said* is raised as a Timeout."""
        timer = threading.Timer(max(0.0, until - time.monotonic()), self.end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception:
            if self.is_late:
                raise requests.Timeout(said) from None
            raise
        finally:
            timer.cancel()
        if self.is_late:  # the end of a body that was cut may look like its own
            raise requests.Timeout(said)

    def end(self) -> None:
        self.is_late = True
        sock = self.sock or getattr(self.connection, "sock", None)
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):  # it ended by itself
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS, which is in use


_current: Final = threading.local()


class _Adapter(HTTPAdapter):
    def __init__(
        self, seconds: float, context: ssl.SSLContext, server_name: str | None, pool_size: int
    ) -> None:
        self._seconds = seconds
        self._context, self._server_name = context, server_name
        super().__init__(pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._server_name:
            kwargs["server_hostname"] = kwargs["assert_hostname"] = self._server_name
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        exchange = _current.exchange = _Exchange()
        until = time.monotonic() + self._seconds
        try:
            with exchange.within(until, "timed out: no answer in time"):
                response = super().send(request, *args, **kwargs)
        finally:
            _current.exchange = None
        response.exchange = exchange  # type: ignore[attr-defined]
        if response.is_redirect:
            _fill(response, _MIB, until)  # the library reads it before it follows
        return response


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _context(*, insecure: bool) -> ssl.SSLContext:
    """Verifies as the other clients of a cluster do.

    Python 3.13 began to refuse authorities without key usage or key identifier, which kubectl and
    Prometheus (crypto/x509 of Go) take.
    """
    context = create_urllib3_context(cert_reqs=ssl.CERT_NONE if insecure else ssl.CERT_REQUIRED)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _take_part(connection: HTTPConnection) -> None:
    exchange = getattr(_current, "exchange", None)
    if exchange is not None:
        exchange.connection, exchange.sock = connection, connection.sock


class _Plain(HTTPConnection):
    """A connection that its exchange knows of."""

    def connect(self) -> None:
        _take_part(self)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        _take_part(self)
        super().request(*args, **kwargs)
        _take_part(self)


class _Secure(_Plain, HTTPSConnection):
    """The same over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS: Final = {"http": _PlainPool, "https": _SecurePool}
