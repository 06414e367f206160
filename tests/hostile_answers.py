"""Answers that have no end, and a server on loopback that gives them."""

import contextlib
import gzip
import socket
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


@contextlib.contextmanager
def serving(speak, *, speaks_first=False):
    """A server on loopback that takes a request's first bytes and then does as *speak* says."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer(connection):
            with connection, contextlib.suppress(OSError):
                if not speaks_first:
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
