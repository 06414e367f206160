"""The session through which every peer is spoken to, against peers that do not want an end."""

import contextlib
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address

import pytest
import requests
from urllib3.exceptions import HTTPError

from tests.hostile.answers import ENDLESS, HEAD, after, leave, serving
from tests.patience import PATIENCE
from watcher.adapters.http.exchange import TooLargeError, read_whole
from watcher.adapters.http.session import BoundedSession

SOON = 0.2
"""Seconds of an exchange that is to end by its limit."""


def session(seconds=PATIENCE):
    return BoundedSession(seconds=seconds, largest=1024 * 1024)


@pytest.mark.parametrize("speak", ENDLESS.values(), ids=ENDLESS.keys())
def test_every_exchange_ends_with_an_error_of_the_library(speak):
    with serving(speak) as url, session(SOON) as asking, pytest.raises(requests.RequestException):
        asking.get(f"{url}/a", timeout=PATIENCE)


@pytest.mark.parametrize("speak", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_body_that_is_read_by_the_caller_ends_too(speak):
    def read(url):
        with session(SOON) as asking, asking.get(url, timeout=PATIENCE, stream=True) as answer:
            read_whole(answer, 1024 * 1024)

    with serving(speak) as url, pytest.raises((OSError, HTTPError)):
        read(f"{url}/a")


def test_what_is_too_large_is_called_so():
    endless = ENDLESS["a body without end"]
    with serving(endless) as url, session() as asking, pytest.raises(TooLargeError):
        asking.get(url, timeout=PATIENCE)


def test_header_redirects_and_body_are_one_exchange_with_one_limit():
    with (
        origin() as (_, url),
        origin(url) as (_, first),
        session() as asking,
        asking.get(first, timeout=PATIENCE, stream=True) as answer,
    ):
        (hop,) = answer.history
        assert answer.exchange is hop.exchange
        answer.exchange.cut()
        with pytest.raises(requests.Timeout):
            read_whole(answer, 1024)


def test_after_an_exchange_that_was_cut_the_session_goes_on():
    with session(SOON) as asking:
        endless = ENDLESS["headers that never end"]
        with serving(endless) as url, pytest.raises(requests.Timeout):
            asking.get(url, timeout=PATIENCE)
        asking._seconds = PATIENCE
        done = after(HEAD + b"Content-Length: 2\r\n\r\nok", leave)
        with serving(done) as url:
            assert asking.get(url, timeout=PATIENCE).text == "ok"


class Seen(BaseHTTPRequestHandler):
    """Remembers what it was sent; ``location`` is where it sends on."""

    def do_GET(self):
        self.server.authorizations.append(self.headers.get("Authorization"))
        self.send_response(302 if self.server.location else 200)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def origin(location=None):
    with ThreadingHTTPServer(("127.0.0.1", 0), Seen) as server:
        server.authorizations, server.location = [], location
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_no_credentials_go_to_another_origin_neither_ours_nor_those_of_a_netrc(
    tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password marked\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    def token(request):
        request.headers["Authorization"] = "Bearer marked"
        return request

    with origin() as (other, elsewhere), origin(elsewhere) as (first, url), session() as asking:
        asking.get(url, timeout=PATIENCE)
        asking.auth = token
        asking.get(url, timeout=PATIENCE)

    assert first.authorizations == [None, "Bearer marked"]
    assert other.authorizations == [None, None]


def test_an_authority_that_the_clusters_other_clients_take_is_taken(tmp_path):
    """Without key usage and key identifiers, as `openssl req -x509` of old made them."""
    certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Seen) as server, session() as asking:
        server.authorizations, server.location = [], None
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"https://127.0.0.1:{server.server_port}/"
        with pytest.raises(requests.exceptions.SSLError):
            asking.get(url, timeout=PATIENCE)
        asking.verify = str(tmp_path / "ca.crt")

        answer = asking.get(url, timeout=PATIENCE)
        server.shutdown()

    assert answer.status_code == 200
    assert not asking.get_adapter(url)._context.verify_flags & ssl.VERIFY_X509_STRICT


def certificates(folder):
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    def name(text):
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)

    def signed(subject, key, by, by_key, *extensions):
        made = x509.CertificateBuilder(
            subject_name=name(subject),
            issuer_name=name(by),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(days=1),
            not_valid_after=now + timedelta(days=1),
        )
        for extension in extensions:
            made = made.add_extension(extension, critical=False)
        return made.sign(by_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    ca, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    is_ca = x509.BasicConstraints(ca=True, path_length=None)
    (folder / "ca.crt").write_bytes(signed("old", ca, "old", ca, is_ca))
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    (folder / "server.crt").write_bytes(signed("server", own, "old", ca, names))
    (folder / "server.key").write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
