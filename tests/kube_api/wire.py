"""HTTP/1.1 on loopback: connections, chunked streams, TLS. Knows nothing of Kubernetes."""

import gzip
import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from tests.kube_api.routes import Asked
from tests.kube_api.statuses import JSON, Answer

_PACKED_FROM = 128 * 1024  # bytes; shorter answers are not packed
Reply = Answer | Iterator[bytes] | None  # None: close the connection without an answer


class Wire:
    """A listening server; every connection has a thread of its own."""

    def __init__(self, answer: Callable[[Asked], Reply], tls: ssl.SSLContext | None = None) -> None:
        self._server = _Server(answer, tls)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="kube-api", daemon=True
        )

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Also ends the connections that clients keep open."""
        self._server.shutdown()
        self._server.server_close()
        self._server.disconnect()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, answer: Callable[[Asked], Reply], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        if tls is not None:
            # The handshake is left to the connection's thread: a client may take its time.
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error; anything else is shown by the base class."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def disconnect(self) -> None:
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class _Exchange(BaseHTTPRequestHandler):
    """Requests and answers on one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "kube-api"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body

    def log_message(self, *_: Any) -> None:
        """The server keeps its own log."""

    def _serve(self) -> None:
        server = cast("_Server", self.server)
        reply = server.answer(self._asked())
        match reply:
            case None:
                self.close_connection = True
            case Answer():
                self._send(reply)
            case _:
                self._stream(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        return Asked(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            raw_query=parts.query,
            headers={key.lower(): value for key, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
        )

    def _send(self, answer: Answer) -> None:
        body = answer.body
        packs = len(body) > _PACKED_FROM and "gzip" in self.headers.get("Accept-Encoding", "")
        self.send_response(answer.code)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if packs:
            self.send_header("Content-Encoding", "gzip")
            body = gzip.compress(body, 1)
        self.send_header("Content-Length", str(len(body)))
        for key, value in answer.headers.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _stream(self, lines: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for line in lines:
            if line:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
                self.wfile.flush()
            elif self._client_left():
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _client_left(self) -> bool:
        """Readable while we stream: the client said goodbye (it has nothing else to say)."""
        return bool(select.select([self.connection], [], [], 0)[0])
