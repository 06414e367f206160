"""A certificate that jobs or the Prometheus itself use ends soon, or has ended.

## Meaning

Certificates end on a known day. Then every target that demands the client certificate refuses the
scrape, and no target is trusted that only an ended CA vouches for. Nothing in Prometheus tells the
day; connections that stand continue for a while and hide it.

## Evidence

The `notAfter` of the certificates that the running jobs and the Prometheus resource use (remote write,
Alertmanagers, its own web server), whether a monitor refers to a Secret or names a file under a mounted
one. Told are the last 21 days, or the last quarter of a shorter life; of a CA file with several
certificates the one that ends last. Only the dates are kept, and only where Secrets may be read: else
this is undecided and names the right.

## Fix

Renew the certificate; the operator and Prometheus read it again by themselves.

## Not to be confused with

`certificate-expired`: there the certificate of a target has ended, and the target is down.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, Lacking, RiskRule, needing
from watcher.diagnosis.rules import _where
from watcher.model.facts import CERTIFICATES, PODS, PROMETHEUS, STATEFUL_SETS, Unavailable
from watcher.model.findings import Confidence, Evidence, FixStep, Risk
from watcher.model.pems import Certificate, Pem
from watcher.operator.certificates import Use, of_jobs, of_resource
from watcher.operator.spots import Spot, mounts_in_use, standing

SOON: Final = timedelta(days=21)
SHORT: Final = 4
"""Of a short life its last quarter is soon: what is renewed every day is well."""

_NOW: Final = timedelta()
_OF_CHAIN: Final = "a certificate of the chain"
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A certificate in use, as it was read at *spot*."""

    use: Use
    spot: Spot
    pem: Pem

    @property
    def source(self) -> Spot:
        """The spot to be fixed: what is mounted may be a copy."""
        return self.use.at[-1]


def check(ground: Ground) -> Iterator[Risk]:
    """Tell what could be read, then lack what could not; with no certificate nothing is asked."""
    lacking: list[Lacking] = []
    held = sorted(_held(ground, lacking), key=_order)
    for _, of_one in groupby(held, key=_order):
        told = _risk(ground, tuple(of_one))
        if told is not None:
            yield told
    if lacking:
        raise next((each for each in lacking if each.unavailable.permission), lacking[0])


def _held(ground: Ground, lacking: list[Lacking]) -> Iterator[_Held]:
    """Every certificate in use that could be read; why others could not is added to *lacking*."""
    for use in _uses(ground, lacking):
        keys = ground.look(CERTIFICATES)
        found = keys if isinstance(keys, Unavailable) else standing(use.at, keys)
        if isinstance(found, Unavailable):
            reason = f"{use.file or use.field}: {found.reason}"
            lacking.append(Lacking(CERTIFICATES.name, replace(found, reason=reason)))
        elif found.value is not None and found.value[1].certificates:
            yield _Held(use=use, spot=found.value[0], pem=found.value[1])


def _uses(ground: Ground, lacking: list[Lacking]) -> Iterator[Use]:
    pods, workloads = ground.look(PODS), ground.look(STATEFUL_SETS)
    mounts = mounts_in_use(pods, workloads)
    prometheus = ground.look(PROMETHEUS)
    found: list[Use] = []
    if ground.observation is not None:
        found += of_jobs(ground.observation, mounts)
    if isinstance(prometheus, Unavailable):
        lacking.append(Lacking(PROMETHEUS.name, prometheus))
    elif prometheus is not None:
        found += of_resource(prometheus, mounts)
    for use in found:
        if use.at or mounts is not None:
            yield use
            continue
        for fact, known in ((PODS, pods), (STATEFUL_SETS, workloads)):
            if isinstance(known, Unavailable):
                lacking.append(Lacking(fact.name, known))


def _order(held: _Held) -> tuple[str, str, bool]:
    return held.source.place, held.source.key, held.use.authority


def _risk(ground: Ground, held: Sequence[_Held]) -> Risk | None:
    """The risk of one certificate, by all who use it; None where it is good for long."""
    first = held[0]
    what, ends = _first_to_end(first)
    left = ends.ends - ground.now
    if left >= min(SOON, (ends.ends - ends.begins) / SHORT):
        return None
    pools = sorted({each.use.pool for each in held if each.use.pool is not None})
    users = sorted({each.use.pool or f"{ground.name} {each.use.field}" for each in held})
    when = f"ended {_span(-left)} ago" if left < _NOW else f"ends in {_span(left)}"
    source = f"the key {first.source.key} of {first.source}"
    several = len(first.pem.certificates) > 1
    return risk(
        ground,
        RULE.code,
        pool=pools[0] if len(users) == len(pools) == 1 else None,
        summary=f"{what} under {source} {when}, on {ends.ends:%Y-%m-%d %H:%M} UTC;"
        f" in use by {_listed(users)}",
        evidence=(
            Evidence(
                seen=f"notAfter is {ends.ends.isoformat()} under the key {first.spot.key} of"
                f" {first.spot}",
                where=first.spot.certificates() if several else first.spot.certificate(),
                at=ends.ends,
            ),
            _named(ground, first.use),
        ),
        fix=(
            FixStep(
                do=f"Renew what stands under {source}; the operator and Prometheus read it again by"
                " themselves",
                command=first.source.describe(),
            ),
        ),
        confidence=Confidence.LIKELY if what == _OF_CHAIN else Confidence.CERTAIN,
        proof=f"{first.source.place}/{first.source.key}",
    )


def _first_to_end(held: _Held) -> tuple[str, Certificate]:
    """The certificate that decides, in words: of several CAs the last one, of a chain the first."""
    certificates = held.pem.certificates
    if held.use.authority:
        what = "the CA certificate" if len(certificates) == 1 else "the last of the CA certificates"
        return what, max(certificates, key=_ends)
    soonest = min(certificates, key=_ends)
    return ("the certificate" if soonest == certificates[0] else _OF_CHAIN), soonest


def _ends(certificate: Certificate) -> datetime:
    return certificate.ends


def _span(length: timedelta) -> str:
    return f"{length.days} days" if length.days > 1 else f"{int(length.total_seconds() // 3600)} h"


def _listed(users: Sequence[str]) -> str:
    more = len(users) - _SHOWN
    return ", ".join(users[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _named(ground: Ground, use: Use) -> Evidence:
    """Where somebody says that it is in use."""
    for server in ground.observation.readable if ground.observation else ():
        if use.pool in server.jobs:
            return Evidence(
                seen=f"the running configuration of {server.server.name} names {use.file}"
                f" ({use.field}) for {use.pool}",
                where=_where.asked(server, "status/config"),
            )
    resource = ground.read(PROMETHEUS)
    where = resource.kubectl() if resource is not None else ground.name
    return Evidence(seen=f"{ground.name} names it in {use.field}", where=where)


RULE = RiskRule(
    code="certificate-expiring",
    needs=needing(CERTIFICATES, PODS, PROMETHEUS, STATEFUL_SETS),
    check=check,
)
