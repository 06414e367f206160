"""Whether a certificate and a key make a pair, in the words of Go's ``tls.X509KeyPair``.

prometheus-operator asks that of what a monitor refers to, Prometheus of the files that a job names.
"""

from typing import Final

from watcher.model.pems import Pem

_TYPES_DIFFER: Final = "tls: private key type does not match public key type"
_KEYS_DIFFER: Final = "tls: private key does not match public key"


def pair_fault(certificate: Pem, key: Pem) -> str | None:
    """What is wrong with *certificate* and *key* together; None where nothing is, or can be told."""
    if certificate.no_certificate is not None:
        return certificate.no_certificate
    if key.no_key is not None:
        return key.no_key
    certified, paired = certificate.certified, key.paired
    if certified is None or paired is None or certified == paired:
        return None
    alike = certified.partition(":")[0] == paired.partition(":")[0]
    return _KEYS_DIFFER if alike else _TYPES_DIFFER
