"""Targets that go wrong in one way each: real servers on loopback, each with a port of its own.

A target's path says what it answers; the TLS ones differ in their certificates. What Prometheus and
the watcher make of it is for the tests.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

METRICS = b"some_metric 1\n"
TEXT = "text/plain; version=0.0.4"
PAGE = b"<html><body>Please log in</body></html>"
LABELS = b"m{" + b",".join(b'l%d="v"' % n for n in range(8)) + b"} 1\n"
SAMPLES = b"".join(b"m%d 1\n" % n for n in range(50))
ANSWERS = {
    "/metrics": (TEXT, METRICS),
    "/empty": (TEXT, b""),
    "/page": ("text/html; charset=utf-8", PAGE),
    "/blank": (None, METRICS),
    "/bad": (TEXT, b"some_metric one\n"),
    "/labels": (TEXT, LABELS),
    "/samples": (TEXT, SAMPLES),
}


class Answers(BaseHTTPRequestHandler):
    """``/status/NNN`` is answered with that status, ``/hang`` not in time, ``/close`` not at all.

    ``/elsewhere`` sends on to an address of a protocol that Prometheus does not speak.
    """

    def do_POST(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/close":
            self.close_connection = True
            return
        if path == "/hang":
            self.server.over.wait(5)
            return
        status, (kind, body) = 200, ANSWERS.get(path, (TEXT, METRICS))
        if path.startswith("/status/"):
            status, body = int(path.rpartition("/")[2]), b""
        status = 302 if path == "/elsewhere" else status
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "gopher://127.0.0.1/")
        if kind is not None:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        return


class Target(ThreadingHTTPServer):
    """One server; with *context* it speaks TLS."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Answers)
        self.context = context
        self.over = threading.Event()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_port}"

    def finish_request(self, request, client_address):
        if self.context is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(5)
        with contextlib.suppress(OSError), self._wrapped(request) as spoken:
            super().finish_request(spoken, client_address)

    def _wrapped(self, request):
        return self.context.wrap_socket(request, server_side=True)

    def handle_error(self, *_):
        return


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Addresses of the targets; ``authority`` has signed most TLS ones, ``ca`` is its file."""

    plain: str
    refused: str
    tls: str
    expired: str
    stranger: str
    misnamed: str
    demanding: str
    authority: trustme.CA
    ca: Path


@contextmanager
def running_targets(folder: Path) -> Iterator[Targets]:
    """All targets, until the end of the block."""
    authority, other = trustme.CA(), trustme.CA()
    ca = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca)
    past = datetime(2021, 1, 1, tzinfo=UTC)
    before = datetime(2020, 1, 1, tzinfo=UTC)
    demanding = context(authority.issue_cert("127.0.0.1"))
    demanding.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(demanding)
    expired = authority.issue_cert("127.0.0.1", not_before=before, not_after=past)
    with ExitStack() as stack:
        yield Targets(
            plain=stack.enter_context(served()),
            refused=stack.enter_context(unheard()),
            tls=stack.enter_context(served(context(authority.issue_cert("127.0.0.1")))),
            expired=stack.enter_context(served(context(expired))),
            stranger=stack.enter_context(served(context(other.issue_cert("127.0.0.1")))),
            misnamed=stack.enter_context(served(context(authority.issue_cert("example.test")))),
            demanding=stack.enter_context(served(demanding)),
            authority=authority,
            ca=ca,
        )


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


@contextmanager
def served(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    with Target(tls) as target:
        thread = threading.Thread(target=target.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield target.address
        finally:
            target.over.set()
            target.shutdown()
            thread.join()


@contextmanager
def unheard() -> Iterator[str]:
    """An address that is taken and at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"
