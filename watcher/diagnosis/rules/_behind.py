"""What stands in the cluster behind the TLS files of a job, and what Prometheus cannot use of it.

A file under a mounted Secret or ConfigMap is what stands under one of its keys; where these may be
read there is a verdict on it. Words of faults are Prometheus's, which are those of Go's crypto/tls.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from watcher.diagnosis.rule import Case, Lacking
from watcher.diagnosis.rules import _files
from watcher.diagnosis.wording_of_prometheus import FileFault, FileProblem
from watcher.model.expectations import FilePath
from watcher.model.facts import SECRET_KEYS, Unavailable
from watcher.model.observations import ServerObservation
from watcher.model.pems import Pem
from watcher.operator.pairs import pair_fault
from watcher.operator.spots import Spot, spots, standing

CA: Final = "tls_config.ca_file"
CERTIFICATE: Final = "tls_config.cert_file"
KEY: Final = "tls_config.key_file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A file of the job, the spot behind it, and the verdict on what stands there.

    *pem* is None where nothing stands there, or *lacking* says why it could not be read.
    """

    field: str
    path: str
    spot: Spot
    pem: Pem | None
    lacking: Unavailable | None = None


Files: TypeAlias = Mapping[str, Behind]
"""By the field that names the file; one that no Secret or ConfigMap holds is not among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A file of no use by what stands behind it, in the words of Go.

    *sure* is false where it could not be parsed here, and Go may still be able to.
    """

    problem: FileProblem
    spot: Spot
    words: str
    sure: bool = True


def files(case: Case, server: ServerObservation) -> Files:
    """What stands behind the TLS files of the job on *server*.

    Raises Lacking when the mounts could not be read.
    """
    named = [file for file in case.files(server) if file.field in {CA, CERTIFICATE, KEY}]
    if not named:
        return {}
    holder, mounts = _files.mounts_of_server(case, server)
    if holder is None or mounts is None:
        _files.need_mounts(case)
        return {}
    found = (_behind(case, file, spots(file.path, mounts, holder.namespace)) for file in named)
    return {behind.field: behind for behind in found if behind is not None}


def need_all(known: Files) -> None:
    """Raise Lacking where what stands behind a file could not be read."""
    for behind in known.values():
        if behind.lacking is not None:
            raise Lacking(SECRET_KEYS.name, behind.lacking)


def fault(known: Files) -> Bad | None:
    """The first file that Prometheus cannot use, in its own order; None where none is known."""
    for field, words_of in _FAULTS.items():
        behind = known.get(field)
        if behind is None or behind.pem is None:
            continue
        if (words := words_of(behind.pem)) is not None:
            problem = FileProblem(kind=FileFault.BAD_PEM, path=behind.path, field=field)
            sure = not behind.pem.unparsed
            return Bad(problem=problem, spot=behind.spot, words=words, sure=sure)
    return _no_pair(known.get(CERTIFICATE), known.get(KEY))


def _behind(case: Case, file: FilePath, at: tuple[Spot, ...]) -> Behind | None:
    """None for a file that no Secret or ConfigMap holds."""
    if not at:
        return None
    keys = case.look(SECRET_KEYS)
    held = keys if isinstance(keys, Unavailable) else standing(at, keys)
    if isinstance(held, Unavailable):
        return Behind(field=file.field, path=file.path, spot=at[0], pem=None, lacking=held)
    spot, pem = held.value or (at[0], None)
    return Behind(field=file.field, path=file.path, spot=spot, pem=pem)


def _no_pair(certificate: Behind | None, key: Behind | None) -> Bad | None:
    if certificate is None or key is None or certificate.pem is None or key.pem is None:
        return None
    words = pair_fault(certificate.pem, key.pem)
    if words is None:
        return None
    problem = FileProblem(
        kind=FileFault.MISMATCH, path=certificate.path, field=CERTIFICATE, other=key.path
    )
    return Bad(problem=problem, spot=certificate.spot, words=words)


def _of_ca(pem: Pem) -> str | None:
    """Of a CA file Prometheus takes whatever certificates it can."""
    return None if pem.certificates else "no certificate of a CA"


_FAULTS: Final[Mapping[str, Callable[[Pem], str | None]]] = {
    CA: _of_ca,
    CERTIFICATE: lambda pem: pem.no_certificate,
    KEY: lambda pem: pem.no_key,
}
"""What is wrong with what stands behind a file, by the field that names it."""
