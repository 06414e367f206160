"""What we say of a pair of files, every real Prometheus says too, in the same words."""

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.pems import made
from tests.prometheus_server import RealPrometheus, every_prometheus
from watcher.adapters.pems import pem
from watcher.adapters.wording.log_lines import Log
from watcher.model.names import ServerName
from watcher.operator.pairs import pair_fault

pytestmark = [pytest.mark.prometheus]

LOCKED = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hunter2"),
    )
    .decode()
)
OLD_FORM = (
    rsa.generate_private_key(65537, 2048)
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    .decode()
)
MALFORMED = "-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n"
CARRIAGE = made("certificate one").decode().replace("\n", "\r\n")

PAIRS = {
    "a pair": ("certificate one", "key one"),
    "a pair of RSA": ("certificate rsa-one", "key rsa-one"),
    "a pair of Ed25519": ("certificate ed25519-one", "key ed25519-one"),
    "with its chain": ("certificate one + certificate two", "key one"),
    "all in one": ("key one + certificate one", "certificate one + key one"),
    "lines of another system": (CARRIAGE, "key one"),
    "another key": ("certificate one", "key two"),
    "the chain first": ("certificate two + certificate one", "key one"),
    "another kind of key": ("certificate one", "key rsa-one"),
    "a key in its old form": ("certificate rsa-one", OLD_FORM),
    "switched": ("key one", "certificate one"),
    "a key for a certificate": ("key one", "key one"),
    "two keys for a certificate": ("key one + key two", "key one"),
    "a certificate for a key": ("certificate one", "certificate one"),
    "two certificates for a key": ("certificate one", "certificate one + certificate two"),
    "no certificate": ("hunter2", "key one"),
    "no key": ("certificate one", "hunter2"),
    "nothing at all": ("", ""),
    "malformed": (MALFORMED, "key one"),
    "a key with a passphrase": ("certificate one", LOCKED),
}
AUTHORITIES = {
    "one": "certificate one",
    "one among others": f"{MALFORMED}{made('certificate one').decode()}",
    "behind a key": "key one + certificate one",
    "only a key": "key one",
    "only a malformed one": MALFORMED,
    "empty": "",
    "no PEM": "hunter2",
}


@every_prometheus
def test_prometheus_refuses_what_we_refuse_and_in_our_words(prometheus_binary, tmp_path):
    jobs, wanted = {}, {}
    for number, (name, (certificate, key)) in enumerate(PAIRS.items()):
        (tmp_path / f"{number}.crt").write_bytes(made(certificate))
        (tmp_path / f"{number}.key").write_bytes(made(key))
        files = {"cert_file": f"{tmp_path}/{number}.crt", "key_file": f"{tmp_path}/{number}.key"}
        jobs[f"pair: {name}"] = files
        wanted[f"pair: {name}"] = pair_fault(pem(made(certificate)), pem(made(key)))
    for number, (name, content) in enumerate(AUTHORITIES.items()):
        (tmp_path / f"{number}.pem").write_bytes(made(content))
        jobs[f"CA: {name}"] = {"ca_file": f"{tmp_path}/{number}.pem"}
        usable = bool(pem(made(content)).certificates)
        wanted[f"CA: {name}"] = None if usable else "unable to use specified CA cert"
    targets = [{"targets": ["127.0.0.1:1"]}]
    text = yaml.safe_dump(
        {
            "scrape_configs": [
                {"job_name": name, "tls_config": tls, "static_configs": targets}
                for name, tls in jobs.items()
            ]
        }
    )
    bad = {name for name, fault in wanted.items() if fault is not None}

    with RealPrometheus(text, binary=prometheus_binary) as server:
        server.wait_until(lambda server: set(said(server)) >= bad)
        found = said(server)

    assert set(found) == bad
    assert {name: words for name, words in found.items() if wanted[name] not in words} == {}


def said(server):
    """What the log says of the pools that could not be made."""
    log = Log(ServerName("a"))
    log.take(server.log)
    return {line.pool: line.text for line in log.lines()}
