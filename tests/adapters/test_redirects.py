"""A redirect takes no credentials to another origin, and no receiver's message."""

import ast
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

import watcher
from tests.peers import MARK, PEERS, READ, RECEIVERS
from watcher.errors import NotifyError, SourceUnavailable

STATUSES = (301, 302, 303, 307, 308)


class Server:
    """Keeps what it is asked; redirects it, below *to*, or says that all is well."""

    def __init__(self):
        self.asked, self.to, self.status = [], None, 302

    def __enter__(self):
        server = self

        class Request(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.asked.append(f"{self.path}\n{self.headers}\n{body.decode()}")
                self.send_response(server.status if server.to else 200)
                if server.to:
                    self.send_header("Location", server.to + self.path.partition("?")[0])
                said = b"" if server.to else b'{"ok":true,"ts":"1.2","channel":"C1"}'
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def do_GET(self):
                self.answer()

            def do_POST(self):
                self.answer()

            def log_message(self, *_):
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"


def test_every_peer_is_tried():
    package = Path(watcher.__file__).parent
    makers = {
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"BoundedSession", "session_for"}
    }

    assert makers == set(PEERS)
    assert {peer for peers in PEERS.values() for peer in peers} == {*RECEIVERS, *READ}


@pytest.fixture(scope="module")
def servers():
    with Server() as here, Server() as there:
        yield here, there


@pytest.fixture
def redirected(servers, request):
    """The one that redirects to another port or another host, and that other one."""
    here, there = servers
    here.asked.clear()
    there.asked.clear()
    here.status, host = request.param
    here.to = there.url.replace("127.0.0.1", host)
    return here, there


WAYS = [(status, host) for status in STATUSES for host in ("127.0.0.1", "localhost")]


@pytest.mark.parametrize("redirected", WAYS, ids=str, indirect=True)
@pytest.mark.parametrize("peer", [*RECEIVERS, *READ])
def test_no_credentials_go_to_another_origin(peer, redirected, tmp_path):
    here, there = redirected

    with pytest.raises((NotifyError, SourceUnavailable)) as raised:
        peer(here.url, tmp_path)

    assert here.asked != []
    assert [asked for asked in there.asked if "uthorization" in asked or MARK in asked] == []
    assert MARK not in str(raised.value)


@pytest.mark.parametrize("redirected", WAYS, ids=str, indirect=True)
@pytest.mark.parametrize("peer", RECEIVERS)
def test_an_answer_of_another_host_is_no_delivery(peer, redirected, tmp_path):
    here, there = redirected

    with pytest.raises(NotifyError):
        peer(here.url, tmp_path)

    assert here.asked != []
    assert there.asked == []
