"""What a failing peer answers may hold secrets; its error, its log lines and its trace hold none."""

import io
import json
import logging
import traceback
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.messages import a_message
from tests.peers import MARK, NOW, READ, RECEIVERS, alertmanager
from tests.receivers import SmtpReceiver
from tests.secrets.forms import FORMS
from watcher.adapters.receivers.mail import Mail
from watcher.errors import NotifyError, SourceUnavailable
from watcher.settings import EmailSettings

STATUSES = (200, 400, 401, 403, 404, 410, 413, 422, 429, 500, 502, 503, 504)
BODIES = {
    "words": lambda words: words,
    "prometheus": lambda words: json.dumps(
        {"status": "error", "errorType": "internal", "error": words}
    ),
    "loki": lambda words: json.dumps({"code": 13, "message": words, "status": "error"}),
    "kubernetes": lambda words: json.dumps(
        {"kind": "Status", "status": "Failure", "reason": "Invalid", "message": words}
    ),
    "slack": lambda words: json.dumps({"ok": False, "error": words, "needed": words}),
    "another shape": lambda words: json.dumps({"status": "success", "data": words}),
}


@dataclass
class Failing:
    """Answers everything with the same status and words, in body, reason and headers."""

    status: int = 500
    body: str = ""
    words: str = ""
    asked: list = field(default_factory=list)

    def __enter__(self):
        failing = self

        class Request(BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                failing.asked.append(self.path)
                line = " ".join(failing.words.split()).encode("ascii", "replace").decode()
                body = failing.body.encode()
                self.send_response(failing.status, line)
                for name in ("Retry-After", "WWW-Authenticate", "Set-Cookie", "Warning"):
                    self.send_header(name, line)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

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


@pytest.fixture(scope="module")
def server():
    with Failing() as running:
        yield running


@pytest.fixture
def log():
    """All that anybody logs."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def said_by(act):
    """Everything that an error says, if there is one."""
    try:
        act()
    except (NotifyError, SourceUnavailable) as error:
        return "".join(traceback.format_exception(error)) + repr(vars(error))
    return ""


AROUND = ("{}", "backend said: {}", "x" * 30 + " {}", "y" * 180 + " {}")
ANSWERS = [
    (peer, status)
    for peer in (*RECEIVERS, *READ)
    for status in STATUSES
    if (peer, status) != (alertmanager, 200)  # is well, whatever it says
]


def words(number):
    """The forms in turn, each time with other words around."""
    form, around = FORMS[number % len(FORMS)], AROUND[number // len(FORMS) % len(AROUND)]
    return around.format(form.format(MARK))


@pytest.mark.parametrize(
    ("number", "peer", "status"), [(n, *answer) for n, answer in enumerate(ANSWERS)]
)
def test_an_answer_that_is_an_error_brings_no_secret_in(
    server, number, peer, status, tmp_path, log
):
    out = {}
    for turn, (shape, body) in enumerate(BODIES.items()):
        server.status, server.words = status, words(number * len(BODIES) + turn)
        server.body = body(server.words)
        out[shape, server.words] = said_by(lambda: peer(server.url, tmp_path))

    assert server.asked
    assert {at: said for at, said in out.items() if MARK in said} == {}
    assert MARK not in log.getvalue()


@pytest.mark.parametrize("cut", range(30, 90))
@pytest.mark.parametrize("peer", READ)
def test_a_secret_that_is_cut_in_the_middle_does_not_come_in(server, peer, cut, tmp_path):
    server.status = 500
    server.words = "x" * cut + f" at http://user:{MARK}{MARK}@host/"
    server.body = server.words

    assert MARK not in said_by(lambda: peer(server.url, tmp_path))


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_a_mail_server_brings_no_secret_in(verb, log):
    out = []
    with SmtpReceiver() as server:
        settings = EmailSettings(
            host="127.0.0.1",
            port=server.port,
            tls="none",
            sender="w@shop.example",
            to=("sre@shop.example",),
            timeout=timedelta(seconds=60),
        )
        for code, form in zip(("421", "451", "550", "554"), FORMS[::40], strict=False):
            server.refuse[verb] = f"{code} {' '.join(form.format(MARK).split())}"
            out.append(said_by(lambda: Mail(settings, lambda: NOW).notify(a_message(), None)))

    assert any(out) or verb == "EHLO"
    assert MARK not in "".join(out)
    assert MARK not in log.getvalue()
