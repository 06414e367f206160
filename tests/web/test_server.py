"""Listening, stopping, TLS and basic authentication."""

import asyncio
import contextlib
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor

import bcrypt
import pytest
import requests
import trustme

from tests.depth import DEEP
from tests.patience import PATIENCE
from tests.web.serving import serving
from watcher.errors import ConfigError
from watcher.web.server import WebServer

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()


async def slow(_scope, _receive, _send):
    """An application that takes its time."""
    await asyncio.sleep(30)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def tls(tmp_path, authority):
    """A directory with certificates; gives back a maker of configuration files in it."""
    server = authority.issue_cert("127.0.0.1", "localhost")
    server.private_key_pem.write_to_path(tmp_path / "tls.key")
    server.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    client = authority.issue_cert("somebody@example.org")
    client.private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")

    def made(*more):
        lines = ["tls_server_config:", "  cert_file: tls.crt", "  key_file: tls.key", *more]
        return written(tmp_path, "\n".join(lines))

    made.directory = tmp_path
    return made


def written(directory, text):
    path = directory / "web.yml"
    path.write_text(text, encoding="utf-8")
    return path


CLIENTS, REQUESTS = (200, 10) if DEEP else (40, 5)


def test_many_clients_at_once_all_get_an_answer():
    with serving("127.0.0.1:0") as url, ThreadPoolExecutor(CLIENTS) as clients:

        def ask(_):
            with requests.Session() as session:
                return [
                    session.get(f"{url}/-/healthy", timeout=PATIENCE).status_code
                    for _ in range(REQUESTS)
                ]

        codes = [code for each in clients.map(ask, range(CLIENTS)) for code in each]

    assert codes == [200] * (CLIENTS * REQUESTS)


def test_a_free_port_is_taken_and_told():
    with serving("127.0.0.1:0") as url:
        answer = requests.get(f"{url}/-/healthy", timeout=PATIENCE)

    assert answer.status_code == 200
    assert not url.endswith(":0")


def test_without_a_host_it_listens_on_all_addresses():
    with serving(":0") as url:
        port = url.rpartition(":")[2]
        answer = requests.get(f"http://127.0.0.1:{port}/-/healthy", timeout=PATIENCE)

    assert answer.status_code == 200


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_it_listens_on_an_address_of_version_6():
    with serving("[::1]:0") as url:
        answer = requests.get(f"{url}/-/healthy", timeout=PATIENCE)

    assert answer.status_code == 200
    assert url.startswith("http://[::1]:")


@pytest.mark.parametrize("listen", ["9393", "localhost", "localhost:http", "localhost:99999", ""])
def test_what_is_no_address_is_refused_with_the_form_of_one(listen):
    with pytest.raises(ConfigError, match=r"web\.listen: no address: write :9393"):
        WebServer(slow, listen)


def test_a_port_that_is_taken_is_named_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(ConfigError, match=f"cannot listen on {listen}: .*free the port"):
            WebServer(slow, listen)


def test_it_stops_though_an_answer_is_in_flight_that_never_comes(caplog):
    asked, answers = threading.Event(), []

    async def never(_scope, _receive, _send):
        asked.set()
        await asyncio.Event().wait()

    server = WebServer(never, "127.0.0.1:0")
    server.start()
    asking = threading.Thread(target=lambda: answers.append(_ask(server.url)), daemon=True)
    asking.start()
    assert asked.wait(PATIENCE)

    server.stop()

    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=PATIENCE)
    asking.join()
    assert answers == [503]
    assert "Traceback" not in caplog.text


def _ask(url):
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=PATIENCE).status_code
    return None


def test_it_speaks_tls_with_the_certificate_of_its_file(tls):
    with serving(config_file=tls()) as url:
        answer = requests.get(f"{url}/-/healthy", verify=tls.directory / "ca.crt", timeout=PATIENCE)

    assert url.startswith("https://")
    assert answer.status_code == 200


def test_handshakes_that_never_come_hold_up_nobody(tls):
    with serving(config_file=tls()) as url, contextlib.ExitStack() as silent:
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        for _ in range(50):
            silent.enter_context(socket.create_connection(address, timeout=PATIENCE))
        answer = requests.get(f"{url}/-/healthy", verify=tls.directory / "ca.crt", timeout=PATIENCE)

    assert answer.status_code == 200


def test_it_refuses_a_version_of_tls_below_the_least(tls):
    context = ssl.create_default_context(cafile=tls.directory / "ca.crt")
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    with serving(config_file=tls("  min_version: TLS13")) as url:
        port = int(url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain,
            pytest.raises(ssl.SSLError),
        ):
            context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_it_demands_a_client_certificate_where_the_file_says_so(tls):
    config = tls("  client_ca_file: ca.crt", "  client_auth_type: RequireAndVerifyClientCert")
    ca, client = tls.directory / "ca.crt", tls.directory / "client.pem"

    with serving(config_file=config) as url:
        answer = requests.get(f"{url}/-/healthy", verify=ca, cert=str(client), timeout=PATIENCE)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/-/healthy", verify=ca, timeout=PATIENCE)

    assert answer.status_code == 200


def test_everything_is_behind_basic_authentication(tmp_path):
    config = written(tmp_path, f"basic_auth_users:\n  alice: {HASH.replace('$2b$', '$2y$')}\n")
    addresses = ["/", "/metrics", "/-/healthy", "/api/v1/jobs", "/nothing"]

    with serving(config_file=config) as url:
        without = [requests.get(url + a, timeout=PATIENCE).status_code for a in addresses]
        right = [
            requests.get(url + a, auth=("alice", "secret"), timeout=PATIENCE).status_code
            for a in ("/-/healthy", "/-/healthy", "/metrics")
        ]

    assert set(without) == {401}
    assert set(right) == {200}


@pytest.mark.parametrize(
    "header",
    [
        "Basic " + "YWxpY2U6d3Jvbmc=",  # alice:wrong
        "Basic " + "Ym9iOnNlY3JldA==",  # bob:secret
        "Basic YWxpY2U=",  # no colon
        "Basic !!!",
        "Bearer secret",
        "Basic",
    ],
)
def test_wrong_credentials_are_refused(tmp_path, header):
    config = written(tmp_path, f"basic_auth_users: {{alice: '{HASH}'}}")

    with serving(config_file=config) as url:
        answer = requests.get(
            f"{url}/-/healthy", headers={"Authorization": header}, timeout=PATIENCE
        )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_an_empty_file_changes_nothing(tmp_path):
    with serving(config_file=written(tmp_path, "")) as url:
        answer = requests.get(f"{url}/-/healthy", timeout=PATIENCE)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tls_config: {}", "unknown field `tls_config`"),
        ("tls_server_config: {cert_file: a, key_file: b, cipher: x}", "unknown field `cipher`"),
        ("tls_server_config: {cert_file: a}", "missing required field `key_file`"),
        ("tls_server_config: {cert_file: a, key_file: b, min_version: SSL3}", "min_version"),
        (
            "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAnyClientCert}",
            "client_auth_type",
        ),
        ("basic_auth_users: [alice]", "basic_auth_users"),
        ("basic_auth_users: {alice: secret}", r"basic_auth_users\.alice: not a bcrypt hash"),
        ("basic_auth_users: {alice", "not valid YAML"),
        ("- a", "Expected `object`"),
        ("tls_server_config: {cert_file: gone.crt, key_file: gone.key}", r"gone\.crt"),
    ],
)
def test_a_faulty_file_is_refused_by_the_name_of_the_field(tmp_path, text, named):
    path = written(tmp_path, text)

    with pytest.raises(ConfigError, match=named) as raised:
        WebServer(slow, "127.0.0.1:0", path)

    assert str(path) in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_client_authority_without_a_policy_is_refused(tls):
    with pytest.raises(ConfigError, match=r"tls_server_config\.client_auth_type: needed"):
        WebServer(slow, "127.0.0.1:0", tls("  client_ca_file: ca.crt"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"web\.yml: cannot be read: .* web\.config_file"):
        WebServer(slow, "127.0.0.1:0", tmp_path / "web.yml")
