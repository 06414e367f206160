"""Small real servers that take what the watcher tells: HTTP for programs, SMTP for people."""

import email
import json
import socketserver
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class HttpReceiver:
    """Takes POSTs, after *faults* of each has no complaint; fails as it is told. A context manager."""

    faults: object = lambda *_: []
    taken: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    gets: int = 0
    said: str = ""
    """What it answers to what it takes."""
    _planned: deque = field(default_factory=deque)

    def __enter__(self):
        receiver = self

        class Request(BaseHTTPRequestHandler):
            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.answer(self, content)

            def do_GET(self):
                receiver.gets += 1
                receiver.answer(self, None)

            def log_message(self, *_):
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def fail(self, failure):
        self._planned.append(failure)

    def answer(self, request, content):
        failure = self._planned.popleft() if self._planned else None
        kind = failure.kind if failure else None
        if kind is None or kind == "torn after":
            wrong = self._take(request, content)
            if kind is None:
                _send(request, 400 if wrong else 200, json.dumps(wrong) if wrong else self.said)
        elif kind == "status":
            wait = {"Retry-After": str(failure.retry_after)} if failure.retry_after else {}
            _send(request, failure.status, "no", headers=wait)
        elif kind == "html":
            _send(request, 200, "<html>please log in</html>", kind="text/html")
        elif kind == "endless":
            self._take(request, content)
            _send_without_end(request)
        elif kind == "timeout":
            request.rfile.read(1)  # until the client hangs up

    def _take(self, request, content):
        body = None if content is None else json.loads(content)
        wrong = [] if body is None else self.faults(request.path, body)
        if not wrong and body is not None:
            self.taken.append(body)
            self.headers.append({**dict(request.headers.items()), "body": content})
        return wrong


def _send_without_end(request):
    request.send_response(200)
    request.end_headers()
    while True:  # until the client hangs up, which raises
        request.wfile.write(b" " * 65_536)


def _send(request, status, text, kind="application/json", headers=()):
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(text.encode())))
    for name, value in dict(headers).items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(text.encode())


@dataclass
class SmtpReceiver:
    """Takes mail by SMTP (RFC 5321), as far as a client without TLS needs. A context manager.

    ``refuse["MAIL"] = "451 later"`` refuses the next MAIL; ``None`` breaks the connection instead.
    """

    mails: list = field(default_factory=list)
    refuse: dict = field(default_factory=dict)
    users: dict = field(default_factory=dict)
    silent: bool = False

    def __enter__(self):
        receiver = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                # A client does not speak first: where a byte is waited for, until it hangs up.
                self.rfile.read(int(receiver.silent))
                self.say("220 local ESMTP")
                while line := self.rfile.readline().decode().strip():
                    verb = line.split()[0].upper()
                    if verb in receiver.refuse:
                        reply = receiver.refuse.pop(verb)
                        if reply is None:
                            return
                        self.say(reply)
                    elif verb == "DATA":
                        self.say("354 continue")
                        receiver.mails.append(self.data())
                        self.say("250 taken")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

            def data(self):
                lines = []
                while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                    lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                return email.message_from_bytes(b"".join(lines), policy=default)

            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self):
        return self._server.server_address[1]


@contextmanager
def a_closed_port():
    """A port on which nobody listens."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        port = server.server_address[1]
    yield port
