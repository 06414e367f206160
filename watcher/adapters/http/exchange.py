"""One exchange with a peer, which ends at a moment, whatever the peer does until then.

The time is kept by cutting the connection from another thread: the libraries beneath wait for whole
lines, trailers and unpacked bytes without a look at any clock.
"""

import contextlib
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

PATIENCE: Final = 4
"""How many times the time-out a whole exchange may take; the time-out itself is for each silence."""

_CHUNK: Final = 64 * 1024
_MIB: Final = 1024 * 1024
_LARGEST_OF_A_REDIRECT: Final = _MIB


class TooLargeError(requests.RequestException):
    """An answer is larger than it may be."""


class Exchange:
    """What is sent to a peer and all that it answers, for at most so many *seconds* from now on."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self.connection: object = None
        """That which is used; it has its socket as ``sock``."""
        self.sock: object = None
        """The socket, for a connection lets go of it when its answer is the last one."""
        self.first_asked = ""
        """The address that was asked first, before any redirect."""
        self._is_late = False

    @property
    def left(self) -> float:
        """Seconds that are left, none at the end."""
        return max(0.0, self._until - time.monotonic())

    @contextlib.contextmanager
    def within(self, said: str) -> Iterator[None]:
        """Cut what is done in here when the time is over; then *said* is raised as a Timeout."""
        timer = threading.Timer(self.left, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception:
            if self._is_late:
                raise requests.Timeout(said) from None
            raise
        finally:
            timer.cancel()
        if self._is_late:  # the end of a body that was cut may look like its own
            raise requests.Timeout(said)

    def cut(self) -> None:
        """End it now, also from another thread."""
        self._is_late = True
        sock = self.sock or getattr(self.connection, "sock", None)
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):  # it ended by itself
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS, which is in use


def read_whole(response: requests.Response, largest: int, *, cut: bool = False) -> bytes:
    """The body of an answer of a BoundedSession, unpacked, within the time of its exchange.

    With *cut* what comes after *largest* bytes is left. Raises TooLargeError, requests.Timeout, and
    whatever the connection raises.
    """
    body = BytesIO()  # joined parts would be held twice for a moment: lists can be large
    exchange: Exchange = response.exchange  # type: ignore[attr-defined]
    with exchange.within("timed out: the answer did not end in time"):
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body.write(chunk)
            if cut and body.tell() >= largest:
                return body.getvalue()[:largest]
            if body.tell() > largest:
                raise TooLargeError(f"answered more than {largest / _MIB:g} MiB")
            if not exchange.left:
                exchange.cut()
    return body.getvalue()


def fill(response: requests.Response, largest: int) -> None:
    """Give *response* its body as the library would, but bounded."""
    try:
        response._content = read_whole(response, largest)  # noqa: SLF001 -- there is no other way
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError(error) from None
    finally:
        response.close()
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001


_current: Final = threading.local()


@contextlib.contextmanager
def exchanging(seconds: float) -> Iterator[tuple[Exchange, bool]]:
    """The exchange of this thread, and whether it begins here: hops of redirects are parts of one."""
    outer = getattr(_current, "exchange", None)
    exchange = _current.exchange = outer or Exchange(seconds)
    try:
        yield exchange, outer is None
    finally:
        _current.exchange = outer


def first_asked() -> str:
    """The address that the exchange of this thread asked first; empty outside of one."""
    exchange: Exchange | None = getattr(_current, "exchange", None)
    return exchange.first_asked if exchange is not None else ""


class Adapter(HTTPAdapter):
    """Sends requests as parts of the exchange of their thread."""

    def __init__(self, context: ssl.SSLContext, server_name: str | None, pool_size: int) -> None:
        self._context, self._server_name = context, server_name
        super().__init__(pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As the library does, but with connections that their exchange knows of."""
        if self._server_name:
            kwargs["server_hostname"] = kwargs["assert_hostname"] = self._server_name
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """As ``init_poolmanager``, for a proxy."""
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """One request and the header of its answer."""
        exchange: Exchange = _current.exchange
        response = None
        try:
            with exchange.within("timed out: no answer in time"):
                response = super().send(request, *args, **kwargs)
        except BaseException:
            if response is not None:  # it came, and too late
                response.close()
            raise
        response.exchange = exchange  # type: ignore[attr-defined]
        if response.is_redirect:
            fill(response, _LARGEST_OF_A_REDIRECT)  # the library reads it before it follows
        return response


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
