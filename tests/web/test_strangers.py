"""What strangers who reach the port can cost: bodies, connections, paths, globs, guesses."""

import logging
import re
import resource
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta

import bcrypt
import pytest
import requests

from tests.builders import NOW, a_job, some_expectations
from tests.fakes import MemoryStore
from tests.patience import PATIENCE, awaited
from tests.web.serving import serving
from watcher.app.mutes import Mutes
from watcher.cycles.accept import Accept
from watcher.web.basic_auth import _Costs
from watcher.web.connections import Seldom
from watcher.web.limits import BODY, PATH

MUTE = {"match": {"namespace": "shop"}, "seconds": 60, "reason": "r"}
CHANGES = ("/api/v1/mutes", "/api/v1/accept")
CHUNK = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"


@pytest.fixture
def store():
    kept = MemoryStore()
    kept.keep(some_expectations(a_job("web", gone_since=NOW)), ())
    return kept


@contextmanager
def changeable(store, **more):
    mutes = Mutes(store=store, windows=lambda *_: (), clock=lambda: NOW)
    accepting = Accept(store=store, clock=lambda: NOW)
    with serving(mutes=mutes, accepting=accepting, **more) as url:
        yield url


def connected(url):
    return socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=PATIENCE)


def sent_without_end(url, path, *headers, most=400):
    """How many chunks of 64 KiB are taken of a body without end, and the answer."""
    with connected(url) as peer:
        lines = [f"POST {path} HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", *headers]
        peer.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        chunks = 0
        try:
            while chunks < most:
                peer.sendall(CHUNK)
                chunks += 1
        except OSError:
            pass
        return chunks


@pytest.mark.parametrize("path", [*CHANGES, "/", "/nothing"])
@pytest.mark.parametrize("headers", [(), ("Origin: https://evil.example",)])
def test_no_body_without_end_is_taken_from_anybody(store, path, headers):
    with changeable(store) as url:
        chunks = sent_without_end(url, path, *headers)

    assert chunks < 200  # what fits into the buffers of the two sockets, and a little more


@pytest.mark.parametrize("path", CHANGES)
def test_a_body_that_is_too_large_is_refused(store, path):
    with changeable(store) as url:
        answer = requests.post(url + path, data=b"x" * (BODY + 1), timeout=PATIENCE)

    assert answer.status_code == 413
    assert "64 KiB" in answer.text


@pytest.mark.parametrize("path", CHANGES)
def test_a_body_that_does_not_come_is_not_waited_for_without_end(store, path, monkeypatch):
    monkeypatch.setattr("watcher.web.limits.BODY_WITHIN", 0.2)
    with changeable(store) as url, connected(url) as peer:
        peer.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx".encode())
        answer = b"".join(iter(lambda: peer.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/accept", {"jobs": ["*a" * 600]}),
        ("/api/v1/mutes", MUTE | {"match": {"namespace": "*a" * 600}}),
    ],
)
def test_a_glob_without_end_is_refused(store, path, body):
    with changeable(store) as url:
        answer = requests.post(url + path, json=body, timeout=PATIENCE)

    assert answer.status_code == 400
    assert "length <= 1024" in answer.text


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000, b"null", b'{"a": 1e999}'])
def test_a_body_of_anything_is_a_bad_request(store, path, body):
    with changeable(store) as url:
        assert requests.post(url + path, data=body, timeout=PATIENCE).status_code == 400


def test_a_path_without_end_is_refused_in_few_words(store):
    with changeable(store) as url:
        answer = requests.get(f"{url}/jobs/{'/' * PATH}", timeout=PATIENCE)

    assert answer.status_code == 414
    assert len(answer.content) < 100


def test_the_pages_answer_while_a_change_waits_for_the_store():
    waiting, go_on = threading.Event(), threading.Event()

    class Locked(MemoryStore):
        def mute(self, mute):
            waiting.set()
            assert go_on.wait(PATIENCE)
            super().mute(mute)

    locked = Locked()
    with changeable(locked) as url:
        posted = threading.Thread(
            target=requests.post, args=(f"{url}/api/v1/mutes",), kwargs={"json": MUTE}
        )
        posted.start()
        assert waiting.wait(PATIENCE)
        healthy = requests.get(f"{url}/-/healthy", timeout=PATIENCE)
        kept_waiting = not go_on.is_set()
        go_on.set()
        posted.join()

    assert (healthy.status_code, kept_waiting) == (200, True)
    assert len(locked.mutes(NOW, NOW + timedelta(seconds=1))) == 1


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost:"])
def test_a_connection_that_asks_nothing_is_closed(said, monkeypatch):
    monkeypatch.setattr("watcher.web.connections.REQUEST_WITHIN", 0.2)
    with serving() as url, connected(url) as peer:
        peer.sendall(said)
        with suppress(ConnectionResetError):
            assert peer.recv(1) == b""


def test_a_connection_that_asks_slowly_gets_its_answer(monkeypatch):
    began = threading.Event()

    def result():
        began.set()
        threading.Event().wait(0.5)

    def asked():
        with suppress(requests.ConnectionError):
            return requests.get(url, timeout=PATIENCE).status_code
        return None

    monkeypatch.setattr("watcher.web.connections.REQUEST_WITHIN", 0.2)
    with serving(result=result) as url:
        # A busy machine may bring the request itself too late: then nothing was begun.
        status = awaited(asked, wanted=lambda status: status or began.is_set(), every=0.1)

    assert (status, began.is_set()) == (503, True)


def test_with_too_many_connections_the_oldest_gives_way_and_the_log_says_so_once(
    monkeypatch, caplog
):
    monkeypatch.setattr("watcher.web.connections.MOST", 5)
    with serving() as url, ExitStack() as stack, caplog.at_level(logging.WARNING, "watcher"):
        for _ in range(30):
            stack.enter_context(connected(url))
        answer = requests.get(f"{url}/-/healthy", timeout=PATIENCE)

    assert answer.status_code == 200
    assert len([line for line in caplog.messages if "more than 5 connections" in line]) == 1


STARVED = """
import logging, sys, time, threading
from tests.patience import PATIENCE, awaited
from tests.web.serving import serving
logging.basicConfig(stream=sys.stderr, level="WARNING")
with serving() as url:
    print(url, flush=True)
    sys.stdin.readline()
"""


def test_where_no_file_may_be_opened_the_log_says_so_once():
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    with subprocess.Popen(
        [sys.executable, "-c", STARVED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=few,  # noqa: PLW1509 -- it only sets a limit
    ) as starved:
        url = starved.stdout.readline().strip()
        with ExitStack() as stack:
            for _ in range(60):
                stack.enter_context(connected(url))
            with pytest.raises(requests.RequestException):
                requests.get(url, timeout=1)
        answer = requests.get(f"{url}/-/healthy", timeout=PATIENCE)
        _, said = starved.communicate("\n")

    assert answer.status_code == 200
    assert said.count("no connection can be taken") == 1
    assert "Traceback" not in said


def test_the_same_warning_comes_once_a_minute(caplog):
    moments = iter((1000.0, 1059.0, 1060.0, 1060.0))
    seldom = Seldom(lambda: next(moments))
    with caplog.at_level(logging.WARNING, "watcher"):
        for text in "aaab":
            seldom.warn(text)

    assert caplog.messages == ["web: a", "web: a", "web: b"]


def test_every_guess_costs_as_much_as_the_dearest_user():
    cheap, dear = (bcrypt.hashpw(b"right", bcrypt.gensalt(cost)).decode() for cost in (4, 7))
    costs = _Costs((cheap, dear))
    spent = []

    def counted(password, hashed):
        spent.append(2 ** int(hashed.split("$")[2]))
        return bcrypt.checkpw(password, hashed.encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("watcher.web.basic_auth._matches", counted)
        for hashed in (cheap, dear, None):
            for password in (b"right", b"wrong"):
                spent.clear()
                right = costs.matches(password, hashed)
                assert (right, sum(spent)) == (hashed is not None and password == b"right", 2**7)


ODD_PATHS = (
    b"/../../etc/passwd",
    b"/jobs/%2e%2e/%2e%2e/etc/passwd",
    b"/causes/..%2f..%2fpyproject.toml",
    b"/static/../app.py",
    b"/%00",
    b"/jobs/%0d%0aSet-Cookie:%20a=b",
    b"/jobs/%ff%fe",
    b"//evil.example/",
    b"http://evil.example/",
    b"*",
    b"/?" + b"a=b&" * 500,
    b"/api/v1/jobs?state=%00&state[]=x",
    b"/" + b"x" * 60_000,
)
VERBS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT")
BROKEN = (
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nA\x00b: c\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
)


def test_no_request_of_any_form_makes_a_fault_or_opens_a_file(caplog):
    plain = (b"Host: a", b"Connection: close", b"Content-Length: 0")
    asked = [
        b"\r\n".join([verb + b" " + path + b" HTTP/1.1", *plain, b"", b""])
        for verb in VERBS
        for path in ODD_PATHS
    ]
    with serving() as url:
        answers = [answered(url, request) for request in (*asked, *BROKEN)]
        alive = requests.get(f"{url}/-/healthy", timeout=PATIENCE)

    assert alive.status_code == 200
    for answer in answers:
        assert answer == b"" or re.match(rb"HTTP/1\.1 (?:[2-4]\d\d|503) ", answer), answer[:80]
        assert b"root:" not in answer
        assert b"[project]" not in answer
        assert b"Set-Cookie" not in answer.partition(b"\r\n\r\n")[0]
    assert "Traceback" not in caplog.text
    assert caplog.messages.count("web: Invalid HTTP request received.") == 1
    assert "Invalid HTTP request received." not in caplog.messages


def answered(url, request):
    """The beginning of what comes back; nothing where the connection is only closed."""
    address = ("127.0.0.1", int(url.rpartition(":")[2]))
    with socket.create_connection(address, timeout=PATIENCE) as connection, suppress(OSError):
        connection.sendall(request)
        return connection.recv(65_536)
    return b""
