"""Uvicorn in a thread of its own: started on an address, stopped within two seconds."""

import asyncio
import socket
import ssl
import threading
import time
from functools import partial
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Self

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watcher.errors import ConfigError
from watcher.web import web_config
from watcher.web.basic_auth import BasicAuth
from watcher.web.connections import Connection, Seldom, say_seldom
from watcher.web.limits import Limits

GRACE: Final = 1
"""Seconds that answers in flight have when the server is stopped."""

STARTED_WITHIN: Final = 10.0
"""Seconds within which the server must serve."""


class WebServer:
    """Serves *app* on *listen* (``:9393``, ``host:port``, ``[::1]:9393``; port 0 takes a free one).

    *config_file* is one of the form of Prometheus's ``--web.config.file``. The address is bound and
    the file read at once: raises ConfigError when either cannot be used.
    """

    def __init__(self, app: ASGIApp, listen: str, config_file: Path | None = None) -> None:
        config = web_config.read(config_file) if config_file else web_config.WebConfig()
        tls: ssl.SSLContext | None = None
        if config_file is not None and config.tls_server_config is not None:
            tls = web_config.tls_context(config.tls_server_config, config_file)
        if config.basic_auth_users:
            app = BasicAuth(app, config.basic_auth_users)
        seldom = Seldom()
        self._socket = _bound(listen)
        self._url = _url("https" if tls else "http", self._socket)
        self._server = _Server(_settings(_Farewell(Limits(app)), tls, seldom), seldom)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def url(self) -> str:
        """Where it can be reached on this machine, with the real port."""
        return self._url

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve; comes back when it does."""
        self._thread.start()
        deadline = time.monotonic() + STARTED_WITHIN
        while not self._server.started and self._thread.is_alive():
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        if not self._server.started:
            raise ConfigError(f"web.listen: nothing could be served on {self._url}: see the log")

    def stop(self) -> None:
        """Stop: answers in flight have a second to end."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout=GRACE + 0.9)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


class _Server(uvicorn.Server):
    """Uvicorn, which at its end waits for no client's word of farewell over TLS."""

    def __init__(self, config: uvicorn.Config, seldom: Seldom) -> None:
        super().__init__(config)
        self._seldom = seldom

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        say_seldom(asyncio.get_running_loop(), self._seldom)
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        await asyncio.sleep(0)  # whoever still waits is told so
        for connection in tuple(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)


class _Farewell:
    """In front of all: an answer that is not there when the server ends is 503, and no error of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:
            if not begun:
                words = "the watcher ends; ask again when it runs\n"
                await PlainTextResponse(words, HTTPStatus.SERVICE_UNAVAILABLE)(scope, receive, send)


def _settings(app: ASGIApp, tls: ssl.SSLContext | None, seldom: Seldom) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=partial(Connection, seldom=seldom),  # type: ignore[arg-type]  # makes one
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )
    config.load()
    config.ssl = tls
    return config


def parted(listen: str) -> tuple[str, int]:
    """Host (empty for all addresses) and port of *listen*. Raises ConfigError for no address."""
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004
        raise ConfigError("web.listen: no address: write :9393, 127.0.0.1:9393 or [::1]:9393")
    return host, int(port)


def _bound(listen: str) -> socket.socket:
    host, port = parted(listen)
    try:
        if not host and socket.has_dualstack_ipv6():
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        family, _, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address, family=family)
    except OSError as error:
        raise ConfigError(
            f"web.listen: cannot listen on {listen}: {error.strerror or error};"
            " free the port or choose another"
        ) from None


def _url(scheme: str, bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = "localhost"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
