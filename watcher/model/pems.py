"""What a value of a Secret or ConfigMap is to TLS: a verdict on it, and nothing of the value itself."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The time in which a certificate is valid."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pem:
    """What one value is as the PEM of a CA, a certificate or a key.

    ``certificates`` are those that could be parsed, in their order: the first one is the holder's,
    the others its chain, or further CAs. ``certified`` is the fingerprint of the public key that the
    first one certifies, ``paired`` that of the public key which belongs to the private key; both
    are None where there is none, or it is of an unknown kind. ``no_ca``, ``no_certificate`` and
    ``no_key`` say why prometheus-operator and Prometheus would not take the value for one, None
    where they would. ``unparsed``: a block of the right type could not be parsed here, which does
    not quite prove that Go cannot.
    """

    empty: bool = False
    certificates: tuple[Certificate, ...] = ()
    certified: str | None = None
    paired: str | None = None
    no_ca: str | None = None
    no_certificate: str | None = None
    no_key: str | None = None
    unparsed: bool = False
