"""Certificates and keys, made when a test asks for them: none stands in this repository.

What is asked for is said in words, so that cases in YAML can say it too.
"""

import base64
import re
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from watcher.adapters.pems import judged

FOREVER = "2999-01-01"
_WORDS = re.compile(
    r"(?P<what>certificate|key) (?P<name>[\w-]+)"
    r"(?: from (?P<begins>[\w:-]+))?(?: until (?P<ends>[\w:-]+))?"
)


def made(words: str) -> bytes:
    """PEM as *words* ask for it, or the words themselves.

    ``certificate NAME [from TIME] [until TIME]``, a year long where no beginning is said; ``key
    NAME``, the one that belongs to the certificate of that name, of another kind where the name
    begins with ``rsa`` or ``ed25519``; several of them with `` + `` between.
    """
    parts = [_WORDS.fullmatch(part) for part in words.split(" + ")]
    if not all(parts):
        return words.encode()
    return b"".join(_made(**part.groupdict()) for part in parts if part)


def a_secret(kind="Secret", name="tls", namespace="monitoring", **values):
    """A Secret or ConfigMap with PEM as *values* ask for it; ``__`` in a key is a dot."""
    data = {key.replace("__", "."): made(words) for key, words in values.items()}
    return filled({"kind": kind, "metadata": {"name": name, "namespace": namespace}}, data)


def filled(raw, data):
    """*raw* with the values *data*, as the API server writes them."""
    plain = raw["kind"] == "ConfigMap"
    written = {
        key: value.decode() if plain else base64.b64encode(value).decode()
        for key, value in data.items()
    }
    return raw | {"data": written}


def verdicts(**values):
    """The verdicts on such values."""
    return judged(a_secret(**values))


@cache
def _made(what, name, begins, ends):
    if what == "key":
        return _key(name).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    until = _moment(ends or FOREVER)
    since = _moment(begins) if begins else until - timedelta(days=365)
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    key = _key(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .sign(key, None if name.startswith("ed25519") else hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


@cache
def _key(name):
    if name.startswith("rsa"):
        return rsa.generate_private_key(65537, 2048)
    if name.startswith("ed25519"):
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def _moment(text):
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
