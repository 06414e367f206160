"""Two targets that speak TLS and demand the client certificate, as kubelets may."""

import base64
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import trustme

ADDRESSES = ("127.0.0.1", "127.0.0.2")
_METRICS = b"# TYPE kubelet_node_name gauge\nkubelet_node_name 1\n"


class Kubelets:
    """Both of them, on one port of two loopback addresses; a context manager."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        client = self._authority.issue_cert("prometheus")
        self.certificate = client.cert_chain_pems[0].bytes()
        self.key = client.private_key_pem.bytes()

    def __enter__(self) -> Self:
        first = self._serve(ADDRESSES[0], 0)
        self.port = int(first.server_address[1])
        self._servers = [first, *(self._serve(each, self.port) for each in ADDRESSES[1:])]
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    @property
    def secret(self) -> dict[str, object]:
        """The Secret with the client certificate, as the API keeps it."""
        data = {"tls.crt": self.certificate, "tls.key": self.key}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": "kubelet-tls", "namespace": "monitoring"},
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
        }

    def _serve(self, address: str, port: int) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer((address, port), _Kubelet)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(address).configure_cert(context)
        self._authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server


class _Kubelet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(_METRICS)))
        self.end_headers()
        self.wfile.write(_METRICS)

    def log_message(self, *_: object) -> None:
        """Nothing: the play has its own words."""
