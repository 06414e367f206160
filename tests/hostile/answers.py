"""Answers that no peer should give, and a server on loopback that gives them.

An answer is a function of the connection: it speaks as long as it likes.
"""

import contextlib
import gzip
import socket
import struct
import threading
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def leave(connection):
    """Say nothing more, and go."""


def drip(data, every=0.02):
    """Bytes one by one, as long as somebody reads them."""

    def speak(connection):
        while True:
            for byte in data:
                connection.sendall(bytes([byte]))
                time.sleep(every)

    return speak


def after(head, then):
    def speak(connection):
        connection.sendall(head)
        then(connection)

    return speak


def flood(data):
    def speak(connection):
        while True:
            connection.sendall(data)

    return speak


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08"
EMPTY_BLOCK = b"\0\0\0\xff\xff"  # of deflate: five bytes that unpack to nothing

BOMB = gzip.compress(bytes(20 * 1024 * 1024))

ENDLESS = {
    "a status that never ends": drip(b"HTTP/1.1 200 OOOOOOOO"),
    "headers that never end": after(HEAD, drip(b"X-A: b\r\n")),
    "100 Continue for ever": flood(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body that drips": after(HEAD + b"Content-Length: 9999999\r\n\r\n", drip(b"x")),
    "a body without end": after(HEAD + b"\r\n", flood(b"x" * 65536)),
    "chunks without end": after(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n", flood(b"4\r\nabcd\r\n")
    ),
    "the size of a chunk that drips": after(CHUNKED, drip(b"0")),
    "trailers that drip": after(CHUNKED + b"4\r\nabcd\r\n0\r\n", drip(b"X-A: b\r\n")),
    "trailers without end": after(CHUNKED + b"4\r\nabcd\r\n0\r\n", flood(b"X-A: b\r\n" * 999)),
    "a packed name that drips": after(PACKED + b"\x08" + bytes(6), drip(b"n")),
    "a packed name without end": after(PACKED + b"\x08" + bytes(6), flood(b"n" * 65536)),
    "packed nothing that drips": after(PACKED + bytes(7), drip(EMPTY_BLOCK)),
    "packed nothing without end": after(PACKED + bytes(7), flood(EMPTY_BLOCK * 999)),
    "a bomb": after(
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB,
        leave,
    ),
    "silence": lambda connection: connection.recv(1),
    "a redirect that drips": after(
        b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 9999999\r\n\r\n", drip(b"x")
    ),
    "a redirect without end": after(
        b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", flood(b"x" * 65536)
    ),
}


def reset(connection):
    """Break the connection off, so that the peer loses what it has not read yet."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def whole(body, status="200 OK", kind="application/json", **headers):
    """A whole answer, as a well server would send it."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += ["Connection: close", "", ""]
    return after("\r\n".join(lines).encode() + body, leave)


def success(data):
    return whole(b'{"status": "success", "data": %s}' % data)


HTML = b"<!doctype html><html><body>Please log in.</body></html>"
MANY = 100_000

NO_HEADER = {
    "nothing at all": leave,
    "a reset at once": reset,
    "a header line without end": after(HEAD, flood(b"x" * 65536)),
    "more headers than anybody has": after(HEAD, flood(b"X-A: b\r\n" * 999)),
    "early hints for ever": flood(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 99),
    "a greeting of another protocol": after(b"SSH-2.0-OpenSSH_9.6\r\n", leave),
    "a status that is no number": after(b"HTTP/1.1 OK OK\r\n\r\n", leave),
    "a status of four digits": after(b"HTTP/1.1 2000 OK\r\n\r\n", leave),
    "two lengths": after(HEAD + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}", leave),
    "an error without end": after(b"HTTP/1.1 500 No\r\n\r\n", flood(b"x" * 65536)),
}
"""No whole header, or one that says no: nothing was taken."""

NO_BODY = {
    "a reset in the header": after(HEAD[:20], reset),
    "a reset in the body": after(HEAD + b'Content-Length: 99\r\n\r\n{"status": "succ', reset),
    "a body that is cut off": after(HEAD + b'Content-Length: 99\r\n\r\n{"status": "succ', leave),
    "chunks that are cut off": after(CHUNKED + b"ff\r\nabcd", leave),
    "chunks of no size": after(CHUNKED + b"zz\r\nabcd\r\n0\r\n\r\n", leave),
    "a chunk of a negative size": after(CHUNKED + b"-5\r\nabcd\r\n0\r\n\r\n", leave),
    "packed data that are cut off": after(
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + BOMB[:99], leave
    ),
    "packed data that are none": after(HEAD + b"Content-Encoding: gzip\r\n\r\nnone", leave),
    "a negative length": after(HEAD + b"Content-Length: -5\r\n\r\n{}", leave),
    "a length of 400 digits": after(HEAD + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n{}", leave),
}
"""A header that says yes, and no whole body: whoever reads it knows nothing."""

REFUSED = {
    "429 for a billion seconds": whole(b"", "429 Too Many Requests", Retry_After="1000000000"),
    "429 for 400 digits": whole(b"", "429 Too Many Requests", Retry_After="9" * 400),
    "503 until the year 9999": whole(
        b"",
        "503 No",
        Retry_After="Fri, 31 Dec 9999 23:59:59 GMT",
        Date="Mon, 23 Nov 2026 05:00:00 GMT",
    ),
    "503 until no date": whole(b"", "503 No", Retry_After="Fri, 99 Foo 99999999999 99:99:99 GMT"),
    "503 at once for ever": whole(b"", "503 No", Retry_After="0"),
    "401": whole(b"", "401 Unauthorized", WWW_Authenticate='Basic realm="x"'),
    "403 in HTML": whole(HTML, "403 Forbidden", "text/html"),
    "404": whole(b"404 page not found", "404 Not Found", "text/plain"),
    "502 of a proxy": whole(HTML, "502 Bad Gateway", "text/html"),
    "a redirect to nowhere": whole(b"", "302 Found", Location="http://127.0.0.1:1/"),
    "a redirect to another protocol": whole(b"", "302 Found", Location="file:///etc/passwd"),
    "a redirect to something that is not an address": whole(
        b"", "302 Found", Location="http://[::1"
    ),
    "a redirect to itself": whole(b"", "307 Again", Location="?"),
    "a redirect without a place": whole(b"", "302 Found"),
}
"""Whole answers that say no."""

WRONG = {
    "an empty body": whole(b""),
    "HTML of a proxy": whole(HTML, kind="text/html"),
    "HTML that says it is JSON": whole(HTML),
    "204": whole(b"", "204 No Content"),
    "no date": whole(b"{}", Date="Mon, 99 Foo 99999999999 99:99:99 GMT"),
    "no UTF-8": whole(b'{"status": "\xff\xfe"}'),
    "UTF-16": whole('{"status": "success"}'.encode("utf-16")),
    "half a character": whole(b'{"status": "success", "data": "\\ud800"}'),
    "deep lists": whole(b"[" * MANY),
    "deep objects": whole(b'{"a":' * MANY),
    "deep data": success(b"[" * MANY + b"]" * MANY),
    "a number of 400 digits": whole(b"9" * 400),
    "data of 400 digits": success(b"9" * 400),
    "a number beyond all": success(b"1e999"),
    "NaN": success(b"NaN"),
    "infinity": success(b"-Infinity"),
    "a key twice": whole(b'{"status": "success", "status": 1, "data": null, "data": 2}'),
    "null": whole(b"null"),
    "a list": whole(b"[]"),
    "a text": whole(b'"success"'),
    "an object of nothing": whole(b"{}"),
    "an error with 200": whole(b'{"status": "error", "error": {"a": [1]}}'),
    "a status that is a number": whole(b'{"status": 1, "data": {}}'),
    "no data": whole(b'{"status": "success"}'),
    "data that are null": success(b"null"),
    "data that are a list": success(b"[]"),
    "data that are a number": success(b"1"),
    "data that are a text": success(b'"x"'),
    "data of wrong types": success(
        b'{"yaml": 1, "version": [], "startTime": {}, "scrapePools": {"a": 1}, "groups": 5,'
        b' "activeTargets": "x", "droppedTargetCounts": [], "resultType": [], "result": {"a": 1}}'
    ),
    "data of wrong types within": success(
        b'{"yaml": "a: [", "version": "", "startTime": "yesterday", "scrapePools": [1, null],'
        b' "groups": [null], "activeTargets": [{"scrapePool": null}, 3], "resultType": "vector",'
        b' "droppedTargetCounts": {"web": "many"}, "result": [{"metric": [], "value": [[], {}]}]}'
    ),
    "log lines of no time": success(
        b'{"resultType": "streams", "result": [{"values": [["never", "x"]]}]}'
    ),
    "a list of no objects": whole(b'{"kind": "List", "items": [1, null, "x"]}'),
    "a list that is none": whole(b'{"kind": "PodList", "items": {"a": 1}}'),
    "a list of a wrong kind": whole(b'{"kind": "Status", "items": []}'),
    "a list of objects of wrong types": whole(
        b'{"kind": "PodList", "metadata": {"continue": 5}, "items": [{"metadata": 1, "spec": []}]}'
    ),
    "ok without more": whole(b'{"ok": true}'),
    "ok that is a text": whole(b'{"ok": "true", "channel": 1, "ts": []}'),
    "ok of wrong types": whole(b'{"ok": true, "channel": {}, "ts": {"a": [1]}, "message": 5}'),
    "messages of wrong types": whole(
        b'{"ok": true, "messages": [1, {"ts": 5}, {"ts": "1.2", "metadata": {"event_payload": 3}}],'
        b' "response_metadata": [7]}'
    ),
    "messages that are none": whole(b'{"ok": true, "messages": "x", "response_metadata": null}'),
    "an error of wrong types": whole(b'{"ok": false, "error": {"a": 1}, "needed": [2]}'),
}
"""Whole answers that mean nothing."""

HOSTILE = {**ENDLESS, **NO_HEADER, **NO_BODY, **REFUSED, **WRONG}


@contextlib.contextmanager
def serving(speak, *, speaks_first=False, reads=False):
    """A server on loopback that takes a request's first bytes and then does as *speak* says.

    It takes nothing where it *speaks_first*, or where *speak* itself *reads*.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer(connection):
            with connection, contextlib.suppress(OSError):
                if not (speaks_first or reads):
                    connection.recv(65536)
                speak(connection)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
