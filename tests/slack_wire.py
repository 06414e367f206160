"""The wire of the local Slack server: HTTP in, HTTP out, and the ways in which that can fail.

Failures that come ``after`` the message was taken are those whose outcome the sender cannot know.
"""

import json
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

HOOK = "/services/T0LOCAL/B0LOCAL/hooksecret"


@dataclass(frozen=True)
class Refused:
    """HTTP 200 and ``ok: false``, as Slack refuses."""

    error: str
    needed: str | None = None


@dataclass(frozen=True)
class RateLimited:
    """HTTP 429."""

    retry_after: int


@dataclass(frozen=True)
class Answered:
    """Any status and body, such as a 503 or the HTML page of a proxy."""

    status: int
    body: str = ""
    content_type: str = "text/html"


@dataclass(frozen=True)
class Slow:
    """No answer until the client hangs up; *after*: the message is taken all the same."""

    after: bool = False


@dataclass(frozen=True)
class Torn:
    """A connection that breaks without an answer; *after*: the message is taken all the same."""

    after: bool = False


class SlackServer(ThreadingHTTPServer):
    daemon_threads = True
    slack = None


class SlackRequest(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        if path.startswith("/upload/"):
            self._run("upload", lambda: self._upload(path, body))
        elif path == HOOK:
            self._run("webhook", lambda: (*self.server.slack.hook(_json(body)), "text/plain"))
        elif path.startswith("/api/"):
            method = path.removeprefix("/api/")
            self._run(method, lambda: self._call(method, body))
        else:
            self._send(404, "no_service", "text/plain")

    def log_message(self, *_):
        """Stay silent."""

    def _call(self, method, body):
        query = parse_qs(urlsplit(self.path).query)
        if self.headers.get("Content-Type", "").startswith("application/x-www-form"):
            query |= parse_qs(body.decode())
        arguments = {key: values[0] for key, values in query.items()} | (_json(body) or {})
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        answer = self.server.slack.call(method, arguments, token)
        return 200, json.dumps(answer), "application/json"

    def _upload(self, path, body):
        self.server.slack.files[path.removeprefix("/upload/")] = body
        return 200, f"OK - {len(body)}", "text/plain"

    def _run(self, method, answer):
        match self.server.slack.planned(method):
            case None:
                self._send(*answer())
            case Refused(error) if method == "webhook":
                self._send(403, error, "text/plain")
            case Refused(error, needed):
                more = {"needed": needed} if needed else {}
                self._send(200, json.dumps({"ok": False, "error": error, **more}))
            case RateLimited(seconds):
                body = json.dumps({"ok": False, "error": "ratelimited"})
                self._send(429, body, headers={"Retry-After": str(seconds)})
            case Answered(status, body, kind):
                self._send(status, body, kind)
            case Slow() | Torn() as silent:
                if silent.after:
                    answer()
                if isinstance(silent, Slow):
                    self.rfile.read(1)  # until the client hangs up
                self.close_connection = True

    def _send(self, status, text, kind="application/json", headers=()):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _json(body):
    try:
        return json.loads(body)
    except ValueError:
        return None
