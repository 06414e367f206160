"""What the rules about failing scrapes share: which targets fail, how, and what most of them say.

Several targets of one job may fail differently. The cause is the commonest way, at a tie the one
that comes first in the chain, so that exactly one of these rules convicts; the others are told in
its evidence.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _targets
from watcher.diagnosis.wording_of_last_errors import LastError, LastErrorKind, classify_last_error
from watcher.diagnosis.wording_of_prometheus import FileFault
from watcher.model.comparison import JobState
from watcher.model.findings import Evidence
from watcher.model.observations import ScrapePool, ServerObservation, Target

STATES: Final = frozenset({JobState.DOWN, JobState.DEGRADED})
"""The states that failing targets explain."""

_K = LastErrorKind
_CODES: Final = {
    _K.TARGET_LIMIT: "target-limit-exceeded",
    _K.CONNECTION_REFUSED: "connection-refused",
    _K.CONNECTION_TIMEOUT: "connection-timeout",
    _K.NAME_NOT_RESOLVED: "name-not-resolved",
    _K.NETWORK_UNREACHABLE: "network-unreachable",
    _K.CONNECTION_CLOSED: "connection-closed",
    _K.PROXY_REFUSED: "proxy-refused",
    _K.UNAUTHORIZED: "unauthorized",
    _K.TOKEN_NOT_GIVEN: "unauthorized",
    _K.FORBIDDEN: "forbidden",
    _K.NOT_FOUND: "not-found",
    _K.SERVER_ERROR: "server-error",
    _K.OTHER_STATUS: "server-error",
    _K.REDIRECT_LOOP: "server-error",
    _K.CERTIFICATE_EXPIRED: "certificate-expired",
    _K.CERTIFICATE_NOT_YET_VALID: "certificate-expired",
    _K.CERTIFICATE_UNTRUSTED: "certificate-untrusted",
    _K.CERTIFICATE_NAME_MISMATCH: "certificate-name-mismatch",
    _K.CLIENT_CERTIFICATE_REQUIRED: "tls-handshake-failed",
    _K.CLIENT_CERTIFICATE_REJECTED: "tls-handshake-failed",
    _K.TLS_HANDSHAKE: "tls-handshake-failed",
    _K.PROTOCOL_MISMATCH: "protocol-mismatch",
    _K.TLS_SPOKEN: "protocol-mismatch",
    _K.HTTP2_SPOKEN: "protocol-mismatch",
    _K.HEADER_INVALID: "credentials-value-invalid",
    _K.FILE: "credentials-file-missing",
    _K.SAMPLE_LIMIT: "sample-limit-exceeded",
    _K.BODY_SIZE_LIMIT: "body-size-limit-exceeded",
    _K.LABEL_LIMIT: "label-limit-exceeded",
    _K.EXPOSITION: "invalid-exposition",
    _K.TRUNCATED: "invalid-exposition",
    _K.CONTENT_TYPE: "unsupported-content-type",
}
"""The code of each kind, in the order of the chain; every other kind is ``scrape-failed``."""

NO_SAMPLES: Final = "no-samples"
OTHERWISE: Final = "scrape-failed"
_BEHIND: Final = ("credentials-file-invalid", OTHERWISE)
"""Codes that stand behind ``credentials-file-missing``: the last of the link scraped."""

_ORDER: Final = tuple(
    each
    for code in (*dict.fromkeys(_CODES.values()), NO_SAMPLES)
    for each in (code, *(_BEHIND if code == "credentials-file-missing" else ()))
)
FAILURES: Final = frozenset(
    _ORDER[_ORDER.index("connection-refused") : _ORDER.index("sample-limit-exceeded")]
)
"""Codes of the link scraped."""

_BAD_REQUEST: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One target that is down on one server, with what its lastError means."""

    server: ServerObservation
    target: Target
    error: LastError
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """The failing targets of which most say the same, and how many say what.

    ``down`` and ``active`` count the targets of all shards of one replica; ``barren`` those that are
    up and yield nothing. ``tally`` is of the targets read: a pool shows at most a few dozen.
    """

    code: str
    found: tuple[Failure, ...]
    tally: tuple[tuple[str, int], ...]
    active: int
    down: int
    barren: int

    @property
    def first(self) -> Failure:
        """The one whose words are shown. There is none for ``no-samples``."""
        return self.found[0]

    @property
    def urls(self) -> tuple[str, ...]:
        """Addresses of the targets, each once."""
        return tuple(dict.fromkeys(f.target.url for f in self.found))

    @property
    def count(self) -> str:
        """How many fail so: ``3 of 5 targets``, ``the only target``, ``all 4 targets``."""
        number = self.barren if self.code == NO_SAMPLES else len(self.urls)
        if len(self.tally) == 1 and self.code != NO_SAMPLES:
            number = self.down
        if number == self.active:
            return "the only target" if number == 1 else f"all {number} targets"
        return f"{number} of {self.active} targets"


def failing(case: Case, code: str) -> Failures | None:
    """The failing targets of the case, if *code* is what most of them come to."""
    found = every(case)
    barren = sum(_barren(pool) for _, pool in case.pools())
    tally = Counter(dict.fromkeys(_ORDER, 0))
    tally.update(f.code for f in found)
    tally[NO_SAMPLES] += barren
    prevailing = max(tally, key=lambda each: (tally[each], -_ORDER.index(each)))
    if not tally[prevailing] or prevailing != code:
        return None
    counts = case.status.targets
    active = counts.active or 0
    said = tuple((each, number) for each, number in tally.most_common() if number)
    chosen = (f for f in found if f.code == code)
    return Failures(
        code=code,
        found=tuple(sorted(chosen, key=lambda f: (f.target.url, f.server.server.name))),
        tally=said,
        active=active,
        down=counts.down or 0,
        barren=min(barren, active),
    )


def every(case: Case) -> tuple[Failure, ...]:
    """The failing targets of the case, as far as the servers show them."""
    return tuple(_failures(case))


def evidence(case: Case, failures: Failures) -> tuple[Evidence, ...]:
    """The words of one target, how many there are of them, and what the others say."""
    first = failures.first
    where = _targets.where(case, first.server)
    found = [Evidence(seen=f"{first.target.url}: {first.error.text}", where=where)]
    others = [url for url in failures.urls if url != first.target.url]
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""  # noqa: PLR2004
        found.append(Evidence(seen=f"likewise {', '.join(others[:3])}{more}", where=where))
    if len(failures.tally) > 1:
        said = ", ".join(f"{number} {code}" for code, number in failures.tally)
        found.append(Evidence(seen=f"not all fail alike: {said}", where=where))
    expected = case.status.targets.expected
    if expected is not None and failures.active < expected and not case.status.disagree:
        seen = f"{failures.active} targets are active where {expected} are expected"
        found.append(Evidence(seen=seen, where=where))
    return tuple(found)


def proof(failures: Failures) -> str:
    """What is at fault: the host, where all are on one, else the Service that all belong to."""
    hosts = {_targets.host(url) for url in failures.urls}
    if len(hosts) == 1:
        return hosts.pop()
    labels = [dict(f.target.labels) for f in failures.found]
    services = {(each.get("namespace"), each.get("service")) for each in labels}
    namespace, service = services.pop()
    return f"{namespace}/{service}" if not services and namespace and service else ""


def _failures(case: Case) -> Iterator[Failure]:
    for server, pool in case.pools():
        for target in pool.failing:
            error = classify_last_error(target.last_error)
            yield Failure(
                server=server, target=target, error=error, code=_code(case, target, error)
            )


def _barren(pool: ScrapePool) -> int:
    """Targets that are up and yield nothing, where that is all that are up."""
    barren = pool.barren or 0
    return barren if barren >= pool.up else 0


def _code(case: Case, target: Target, error: LastError) -> str:
    """What the error comes to for this target: the same words can mean different things."""
    if error.kind is LastErrorKind.FILE and error.file is not None:
        gone = error.file.kind is FileFault.MISSING
        return "credentials-file-missing" if gone else "credentials-file-invalid"
    if error.kind is LastErrorKind.CONNECTION_CLOSED:
        if target.url.startswith("https:"):
            return "tls-handshake-failed"
        if _targets.meant_for_tls(case, target):
            return "protocol-mismatch"
    if error.status == _BAD_REQUEST and _targets.meant_for_tls(case, target):
        return "protocol-mismatch"
    return _CODES.get(error.kind, OTHERWISE)
