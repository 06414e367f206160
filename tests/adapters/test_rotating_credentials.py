"""Credentials that rotate are read again, and plugins that hang or talk are held in check."""

import json
import logging
import ssl
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
import yaml
from kubernetes.config import incluster_config

from tests.adapters.prometheus_answers import Answers, Reply, a_server
from tests.kube_api import KubeApi
from tests.patience import LONG, awaited
from watcher.adapters.kubernetes.api import connect
from watcher.adapters.kubernetes.resources import NAMESPACES
from watcher.adapters.prometheus.observer import Prometheus
from watcher.errors import ConfigError, SourceUnavailable
from watcher.model.expectations import ExpectedServer
from watcher.model.names import ServerName
from watcher.model.observations import ServerObservation
from watcher.settings import HttpSettings, KubernetesSettings

MARK = "mArK7f3q"
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
VERSION = "client.authentication.k8s.io/v1"


@pytest.fixture
def cluster():
    with KubeApi(check_tokens=True) as api:
        yield api


def a_kubeconfig(folder, url, **user):
    path = folder / "kubeconfig"
    config = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": url if isinstance(url, dict) else {"server": url}}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(config))
    return path


def by(path, timeout=LONG):
    return connect(KubernetesSettings(kubeconfig=path, timeout=timeout))


def another_token(cluster, name):
    """A new token that may do all; those of before are no longer taken."""
    for token in list(cluster.access._users):
        cluster.access.revoke(token)
    token = cluster.token_for("monitoring", name)
    cluster.allow(f"system:serviceaccount:monitoring:{name}", "*")
    return token


class FromTokenFile:
    def write(self, folder, cluster, token):
        (folder / "token").write_text(f"{token}\n")
        return a_kubeconfig(folder, cluster.url, tokenFile="token")


class FromKubeconfig:
    def write(self, folder, cluster, token):
        return a_kubeconfig(folder, cluster.url, token=token)


class FromPlugin:
    def write(self, folder, cluster, token):
        return a_kubeconfig(folder, cluster.url, exec=a_plugin(folder, giving(token)))


def a_plugin(folder, script):
    """A program that counts its calls in ``calls``, and then is as *script*."""
    plugin = folder / "plugin"
    plugin.write_text(f"#!/bin/sh\necho $$ >> {folder}/calls\n{script}\n")
    plugin.chmod(0o700)
    return {"apiVersion": VERSION, "command": str(plugin), "interactiveMode": "IfAvailable"}


def giving(token, **more):
    status = {"token": token} | more
    answer = {"apiVersion": VERSION, "kind": "ExecCredential", "status": status}
    return f"echo '{json.dumps(answer)}'"


def calls(folder):
    path = folder / "calls"
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("source", [FromTokenFile(), FromKubeconfig(), FromPlugin()])
def test_credentials_that_were_revoked_are_read_again_and_the_request_is_sent_again(
    source, cluster, tmp_path
):
    api = by(source.write(tmp_path, cluster, cluster.token))
    assert api.list(NAMESPACES)

    source.write(tmp_path, cluster, another_token(cluster, "second"))

    assert api.list(NAMESPACES)
    assert [request.user.rpartition(":")[2] for request in cluster.requests[-2:]] == ["", "second"]


def test_the_token_of_a_pod_is_read_again_when_it_is_refused(tmp_path, monkeypatch):
    with KubeApi(check_tokens=True, tls=True) as cluster:
        (tmp_path / "token").write_text(cluster.token)
        (tmp_path / "ca.crt").write_text(cluster.ca_pem)
        monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
        monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
        host, _, port = cluster.url.removeprefix("https://").partition(":")
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
        api = connect(KubernetesSettings(timeout=LONG))
        api.list(NAMESPACES)

        (tmp_path / "token").write_text(another_token(cluster, "second"))

        assert api.list(NAMESPACES)


class Passport(BaseHTTPRequestHandler):
    """Takes only those whose certificate has the name that the server wants now."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        certificate = self.connection.getpeercert() or {}
        names = [value for _, value in certificate.get("subjectAltName", ())]
        self.server.seen.append(names)
        body = b'{"kind": "NamespaceList", "items": []}' if self.server.wanted in names else b"{}"
        self.send_response(200 if self.server.wanted in names else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_client_certificate_is_read_again_when_it_is_refused(tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")

    def issue(name):
        made = authority.issue_cert(name)
        made.cert_chain_pems[0].write_to_path(tmp_path / "client.crt")
        made.private_key_pem.write_to_path(tmp_path / "client.key")

    with ThreadingHTTPServer(("127.0.0.1", 0), Passport) as server:
        server.daemon_threads, server.wanted, server.seen = True, "old", []
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        issue("old")
        where = {
            "server": f"https://127.0.0.1:{server.server_port}",
            "certificate-authority": "ca.crt",
        }
        files = {"client-certificate": "client.crt", "client-key": "client.key"}
        api = by(a_kubeconfig(tmp_path, where, **files))
        assert api.list(NAMESPACES) == ()

        issue("new")
        server.wanted = "new"
        assert api.list(NAMESPACES) == ()
        server.shutdown()

    assert server.seen == [["old"], ["old"], ["new"]]


def test_a_token_of_a_server_that_rotates_while_it_is_sent_is_read_again(tmp_path):
    file = tmp_path / "token"
    file.write_text("old")

    def guarded(reply):
        def answer(asked):
            if asked.headers["Authorization"] == "Bearer new":
                return reply(asked) if callable(reply) else reply
            file.write_text("new")
            return Reply(b"", 401)

        return answer

    with Answers({path: guarded(reply) for path, reply in a_server().items()}) as answers:
        server = ExpectedServer(name=ServerName("p-0"), shard=0, replica=0, url=answers.url)
        http = HttpSettings(timeout=LONG, bearer_token_file=file)

        assert isinstance(Prometheus(http).observe(server, NOW), ServerObservation)
    sent = [asked.headers["Authorization"] for asked in answers.asked]
    assert sent.count("Bearer old") == 1


def test_credentials_that_are_refused_for_good_are_not_asked_for_at_each_request(cluster, tmp_path):
    api = by(a_kubeconfig(tmp_path, cluster.url, exec=a_plugin(tmp_path, giving("no"))))

    for _ in range(4):
        with pytest.raises(SourceUnavailable, match="401"):
            api.list(NAMESPACES)

    assert len(calls(tmp_path)) == 2


def test_a_kubeconfig_that_cannot_be_read_again_is_told(cluster, tmp_path):
    path = FromKubeconfig().write(tmp_path, cluster, "refused")
    api = by(path)
    path.unlink()

    for _ in range(2):
        with pytest.raises(SourceUnavailable, match=r"401.*no such file"):
            api.list(NAMESPACES)


def test_another_cluster_in_the_kubeconfig_gets_no_request_meant_for_the_first(cluster, tmp_path):
    with KubeApi(check_tokens=True) as other:
        api = by(FromKubeconfig().write(tmp_path, cluster, "refused"))
        FromKubeconfig().write(tmp_path, other, other.token)

        with pytest.raises(SourceUnavailable, match="401"):
            api.list(NAMESPACES)

        assert not other.requests
        assert other.token not in str([r.user for r in cluster.requests])


def test_a_plugin_is_run_when_its_credentials_are_needed_and_not_before(cluster, tmp_path):
    api = by(a_kubeconfig(tmp_path, cluster.url, exec=a_plugin(tmp_path, giving(cluster.token))))
    assert calls(tmp_path) == []

    api.list(NAMESPACES)
    api.list(NAMESPACES)

    assert len(calls(tmp_path)) == 1


def test_a_certificate_of_a_plugin_is_used(tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    mine = authority.issue_cert("mine")
    status = {
        "clientCertificateData": mine.cert_chain_pems[0].bytes().decode(),
        "clientKeyData": mine.private_key_pem.bytes().decode(),
    }
    answer = {"apiVersion": VERSION, "kind": "ExecCredential", "status": status}
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    with ThreadingHTTPServer(("127.0.0.1", 0), Passport) as server:
        server.daemon_threads, server.wanted, server.seen = True, "mine", []
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = {
            "server": f"https://127.0.0.1:{server.server_port}",
            "certificate-authority": "ca.crt",
        }
        plugin = a_plugin(tmp_path, f"cat {tmp_path}/answer.json")

        assert by(a_kubeconfig(tmp_path, where, exec=plugin)).list(NAMESPACES) == ()
        server.shutdown()


def is_running(pid):
    """Whether it runs: neither gone nor dead and not yet fetched by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_plugin_that_hangs_is_killed_with_its_children(cluster, tmp_path):
    child = f"sleep 1000 & echo $! > {tmp_path}/child; wait"
    api = by(a_kubeconfig(tmp_path, cluster.url, exec=a_plugin(tmp_path, child)), timeout="2s")

    for _ in range(3):
        with pytest.raises(SourceUnavailable, match="plugin gave no answer within 2 s"):
            api.list(NAMESPACES)

    assert len(calls(tmp_path)) == 1
    pids = calls(tmp_path) + (tmp_path / "child").read_text().split()
    assert len(pids) == 2
    assert not awaited(
        lambda: [pid for pid in pids if is_running(pid)], wanted=lambda left: not left, every=0.05
    )
    assert cluster.requests == []


TALK = (
    f"echo 'cannot log in: token={MARK} password: {MARK} Bearer {MARK}{MARK}' >&2; "
    f"head -c 20000 /dev/zero | tr '\\0' x >&2; printf '\\033[31m' >&2; exit 3"
)
BROKEN = {
    "that fails": (f"{TALK}", r"failed \(3\): cannot log in"),
    "that floods": ("yes", "printed more than 1 MiB"),
    "that floods us with errors": ("yes >&2", "printed more than 1 MiB"),
    "without words": (":", "printed no ExecCredential"),
    "that prints its token": (f"echo {MARK}", "printed no ExecCredential"),
    "of deep JSON": ("head -c 100000 /dev/zero | tr '\\0' '['", "printed no ExecCredential"),
    "of wrong types": (
        f'echo \'{{"apiVersion": "{VERSION}", "status": []}}\'',
        "no ExecCredential",
    ),
    "of another version": (
        giving(MARK).replace("/v1", "/v1beta1"),
        "did not answer in client.authentication.k8s.io/v1",
    ),
    "without credentials": (giving(""), "neither a token nor a certificate"),
    "of two lines": (giving(f"{MARK}\n{MARK}").replace("\\n", "\\\\n"), "more than one line"),
    "that reads the terminal": ("read answer || exit 4", r"failed \(4\)"),
}


@pytest.mark.parametrize(("script", "said"), BROKEN.values(), ids=BROKEN)
def test_a_plugin_that_gives_nothing_is_told_shortly_and_without_what_is_secret(
    script, said, cluster, tmp_path, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    api = by(a_kubeconfig(tmp_path, cluster.url, exec=a_plugin(tmp_path, script)))

    with pytest.raises(SourceUnavailable, match=said) as raised:
        api.list(NAMESPACES)

    printed = capfd.readouterr()
    assert MARK not in str(raised.value) + caplog.text + printed.out + printed.err
    assert len(str(raised.value)) < 500
    assert cluster.requests == []


def test_a_plugin_that_is_not_there_is_told(cluster, tmp_path):
    plugin = a_plugin(tmp_path, "") | {"command": str(tmp_path / "nothing")}
    api = by(a_kubeconfig(tmp_path, cluster.url, exec=plugin))

    with pytest.raises(SourceUnavailable, match="plugin nothing cannot be run: No such file"):
        api.list(NAMESPACES)


def test_a_plugin_without_a_command_is_refused_with_the_settings(cluster, tmp_path):
    path = a_kubeconfig(tmp_path, cluster.url, exec={"apiVersion": VERSION})

    with pytest.raises(ConfigError, match="command"):
        by(path)


def test_a_plugin_gets_its_arguments_environment_and_question(cluster, tmp_path):
    told = f'echo "$1 $MORE $KUBERNETES_EXEC_INFO" > {tmp_path}/told; {giving(cluster.token)}'
    plugin = a_plugin(tmp_path, told) | {
        "args": ["one"],
        "env": [{"name": "MORE", "value": "two"}],
        "provideClusterInfo": True,
    }

    by(a_kubeconfig(tmp_path, cluster.url, exec=plugin)).list(NAMESPACES)

    first, second, question = (tmp_path / "told").read_text().split(maxsplit=2)
    assert (first, second) == ("one", "two")
    assert json.loads(question) == {
        "apiVersion": VERSION,
        "kind": "ExecCredential",
        "spec": {"interactive": False, "cluster": {"server": cluster.url}},
    }
