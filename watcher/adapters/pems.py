"""Judges the values of Secrets and ConfigMaps as PEM; what it judges it neither keeps nor shows.

Finds blocks as Go's ``encoding/pem`` does, and names faults as its ``crypto/tls`` does: both
prometheus-operator and Prometheus use these. No word of a fault comes from a value.
"""

import base64
import binascii
import hashlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any, Final, TypeAlias

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from watcher import decoding
from watcher.model.pems import Certificate, Pem

_BEGIN: Final = b"-----BEGIN "
_END: Final = b"-----END "
_DASHES: Final = b"-----"
_CERTIFICATE: Final = b"CERTIFICATE"
_KEY: Final = b"PRIVATE KEY"

_NO_BLOCK: Final = "failed to decode PEM block"
_NO_CERTIFICATE: Final = "failed to parse certificate"
_MALFORMED: Final = "x509: malformed certificate"
_NO_PEM: Final = "tls: failed to find any PEM data in {} input"
_SWITCHED: Final = (
    "tls: failed to find certificate PEM data in certificate input, but did find a private key; "
    "PEM inputs may have been switched"
)
_OTHER_THAN_CERTIFICATE: Final = (
    'tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks'
)
_CERTIFICATE_AS_KEY: Final = (
    "tls: found a certificate rather than a key in the PEM for the private key"
)
_OTHER_THAN_KEY: Final = (
    'tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping '
    "PEM blocks"
)
_BAD_KEY: Final = "tls: failed to parse private key"

_BROKEN: Final = (ValueError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion)
"""What the library raises for what it cannot parse: for an encrypted key a TypeError."""

_Block: TypeAlias = tuple[bytes, bytes]
"""Type and content of a PEM block."""


def judged(raw: Mapping[str, Any]) -> dict[str, Pem]:
    """A verdict on every value of a Secret or ConfigMap, by its key, sorted.

    Of a recorded one, whose values are verdicts already, these.
    """
    plain = raw.get("kind") == "ConfigMap"
    fields = (("data", plain), ("binaryData", False), ("stringData", True))
    found = {
        str(key): _of(value, plain=is_text)
        for field, is_text in fields
        for key, value in _held(raw, field).items()
    }
    return dict(sorted(found.items()))


def as_kept(verdict: Pem) -> dict[str, Any]:
    """A verdict in a form that JSON has, which ``judged`` takes for a value."""
    plain: dict[str, Any] = msgspec.to_builtins(verdict)
    return {name: value for name, value in plain.items() if value not in (None, False, ())}


def pem(content: bytes) -> Pem:
    """The verdict on one value. Raises nothing, whatever it is."""
    blocks = tuple(_blocks(content))
    found = [_certificate(der) for name, der in blocks if name == _CERTIFICATE]
    keys = [der for name, der in blocks if _is_key(name)]
    paired = _paired(keys[0]) if keys else None
    first = found[0] if found else None
    return Pem(
        empty=not content,
        certificates=tuple(certificate.valid for certificate in found if certificate is not None),
        certified=None if first is None else first.public_key,
        paired=paired,
        no_ca=_no_ca(blocks),
        no_certificate=_no_certificate(blocks, parsed=first is not None),
        no_key=_no_key(blocks, parsed=paired is not None),
        unparsed=(bool(found) and first is None) or (bool(keys) and paired is None),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parsed:
    valid: Certificate
    public_key: str | None


def _of(value: Any, *, plain: bool) -> Pem:
    match value:
        case dict():
            try:
                return decoding.convert(value, Pem)
            except msgspec.ValidationError:
                return pem(b"")
        case str() if plain:
            return pem(value.encode(errors="replace"))
        case str():
            try:
                return pem(base64.b64decode(value))
            except ValueError:
                return pem(b"")
        case _:
            return pem(b"")


def _held(raw: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    found = raw.get(field)
    return found if isinstance(found, Mapping) else {}


def _blocks(content: bytes) -> Iterator[_Block]:
    """The PEM blocks in their order; what only looks like one is passed over.

    An indented beginning is taken, as by the newer versions of Go.
    """
    name: bytes | None = None
    lines: list[bytes] = []
    for line in content.split(b"\n"):
        ended = line.rstrip(b" \t\r")
        if line.lstrip().startswith(_BEGIN):
            begun = ended.lstrip().removeprefix(_BEGIN)
            name = begun.removesuffix(_DASHES) if begun.endswith(_DASHES) else None
            lines = []
        elif name is not None and line.startswith(_END):
            der = _decoded(lines) if ended == _END + name + _DASHES else None
            if der is not None:
                yield name, der
            name = None
        elif name is not None:
            lines.append(line)


def _decoded(lines: Sequence[bytes]) -> bytes | None:
    """The bytes of a block without its headers, None where they are no base64."""
    body = list(dropwhile(lambda line: b":" in line, lines))
    try:
        return base64.b64decode(b"".join(b"".join(body).split()), validate=True)
    except binascii.Error:
        return None


def _certificate(der: bytes) -> _Parsed | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old roots whose serial number is none any more
            found = x509.load_der_x509_certificate(der)
        valid = Certificate(begins=found.not_valid_before_utc, ends=found.not_valid_after_utc)
    except _BROKEN:
        return None
    try:
        return _Parsed(valid=valid, public_key=_fingerprint(found.public_key()))
    except _BROKEN:
        return _Parsed(valid=valid, public_key=None)


def _paired(der: bytes) -> str | None:
    """The fingerprint of the public key that belongs to a private one; None where that is none.

    That an RSA key is sound is not asked, which takes most of a second: it is never used, only what
    is public of it.
    """
    try:
        found = serialization.load_der_private_key(
            der, password=None, unsafe_skip_rsa_key_validation=True
        )
        return _fingerprint(found.public_key())
    except _BROKEN:
        return None


def _fingerprint(key: object) -> str | None:
    """Kind and hash of a public key; None for kinds that Go's TLS does not know."""
    match key:
        case rsa.RSAPublicKey():
            kind = "rsa"
        case ec.EllipticCurvePublicKey():
            kind = "ecdsa"
        case ed25519.Ed25519PublicKey():
            kind = "ed25519"
        case _:
            return None
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"{kind}:{hashlib.sha256(der).hexdigest()}"


def _is_key(name: bytes) -> bool:
    return name == _KEY or name.endswith(b" " + _KEY)


def _no_ca(blocks: Sequence[_Block]) -> str | None:
    """The operator takes the first block for the certificate, of whatever type it is."""
    if not blocks:
        return _NO_BLOCK
    return _NO_CERTIFICATE if _certificate(blocks[0][1]) is None else None


def _no_certificate(blocks: Sequence[_Block], *, parsed: bool) -> str | None:
    types = [name for name, _ in blocks]
    if _CERTIFICATE in types:
        return None if parsed else _MALFORMED
    if not types:
        return _NO_PEM.format("certificate")
    return _SWITCHED if len(types) == 1 and types[0].endswith(_KEY) else _OTHER_THAN_CERTIFICATE


def _no_key(blocks: Sequence[_Block], *, parsed: bool) -> str | None:
    types = [name for name, _ in blocks]
    if any(map(_is_key, types)):
        return None if parsed else _BAD_KEY
    if not types:
        return _NO_PEM.format("key")
    return _CERTIFICATE_AS_KEY if types == [_CERTIFICATE] else _OTHER_THAN_KEY
