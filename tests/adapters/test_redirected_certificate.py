"""A client certificate goes to the origin that was asked, and after a redirect to no other."""

import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import trustme

from tests.patience import PATIENCE
from watcher.adapters.http.session import BoundedSession


class Server:
    """Serves over TLS, asks for a client certificate, and keeps whose it was; redirects to *to*."""

    def __init__(self, authority):
        self.shown, self.to = [], None
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self._context)
        authority.configure_trust(self._context)
        self._context.verify_mode = ssl.CERT_OPTIONAL

    def __enter__(self):
        server = self

        class Request(BaseHTTPRequestHandler):
            def do_GET(self):
                server.shown.append(self.connection.getpeercert() is not None)
                self.send_response(302 if server.to else 200)
                if server.to:
                    self.send_header("Location", server.to)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
        self._server.socket = self._context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"https://127.0.0.1:{self._server.server_port}/"


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_certificate_is_shown_to_its_own_origin_alone(tmp_path, elsewhere):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    mine = authority.issue_cert("watcher@example.org")
    mine.private_key_and_cert_chain_pem.write_to_path(tmp_path / "mine.pem")
    session = BoundedSession(seconds=PATIENCE, largest=1024)
    session.verify, session.cert = str(tmp_path / "ca.pem"), str(tmp_path / "mine.pem")
    with Server(authority) as first, Server(authority) as other, session:
        first.to = other.url if elsewhere else None
        answer = session.get(first.url)

    assert answer.status_code == 200
    assert first.shown == [True]
    assert other.shown == ([False] if elsewhere else [])
