"""Prometheus continues with targets that are gone, and does not see those that came after them.

## Meaning

A running server keeps the last list that its discovery had. When the watch of the API server hangs,
or the right to list was taken since, targets whose pods are gone stay and fail, while the pods that
came after them are no targets. The words of the failing scrapes tell nothing: the address is
nobody's, or another's by now.

## Evidence

Addresses that fail and stand in no Endpoints, EndpointSlice or pod where the job looks, and the
addresses that stand there and are no targets, although nothing there changed within `settle`. A right
that was taken, or the log of the discovery, where they can be read.

## Fix

Give the right back; nothing restarts. Else start the pod of that server again: a reload of an unchanged
configuration does not begin discovery again.

## Not to be confused with

`connection-refused`, `connection-timeout`: there the address is that of a pod that is there.
`address-left-behind`: there the address stands in an object that nobody keeps.
"""

from collections.abc import Sequence
from shlex import quote

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import (
    _discovery,
    _files,
    _listed,
    _scrapes,
    _sources,
    _targets,
    discovery_forbidden,
)
from watcher.model.facts import (
    ACCESS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    LOGS,
    MONITOR,
    PROMETHEUS,
    SERVICES,
    TARGET_PODS,
    LogKind,
    LogLine,
)
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import FieldError, KubeObject
from watcher.model.observations import ServerObservation

_SHOWN = 3


def check(case: Case) -> Finding | None:
    """Whether most failing targets stand nowhere any more, while others do that are no targets."""
    failing, active = _listed.failing(case), case.status.targets.active
    found = _discovery.services(case) if failing and active is not None else None
    there = _listed.of_pods(case) if found is None else _listed.listed(case, found)
    if not failing or not there or active is None:
        return None
    gone = sorted(failing - {each.address for each in there})
    unseen = sorted({e.address for e in there} - failing)
    # Without a target each for those that are up, the others are what discovery does not see.
    lacking = len(unseen) - (case.status.targets.up or 0)
    if 2 * len(gone) < len(failing) or lacking <= 0 or not gone or _changing(case, there):
        return None
    return _finding(case, gone, unseen, there[0].resource)


def _changing(case: Case, there: Sequence[_listed.Listed]) -> bool:
    """Whether a pod that stands there is so young that discovery may be about to see it."""
    named = {(e.resource.namespace, e.name) for e in there if e.kind == "Pod"}
    for pod in case.read(TARGET_PODS) if named else ():
        try:
            at = pod.created_at
        except FieldError:
            continue
        if (pod.namespace, pod.name) in named and at and abs(case.now - at) < case.settle:
            return True
    return False


def _finding(
    case: Case, gone: Sequence[str], unseen: Sequence[str], resource: KubeObject
) -> Finding | None:
    server = next(case.servers(), None)
    if server is None:
        return None
    denied, line = _denied(case), _line(case)
    evidence = [
        Evidence(
            seen=f"{_named(gone)} fail{'s' if len(gone) == 1 else ''} and stand"
            f"{'s' if len(gone) == 1 else ''} in no object any more",
            where=_targets.where(case, server),
        ),
        Evidence(
            seen=f"{_named(unseen)} stand{'s' if len(unseen) == 1 else ''} there, and not each of"
            " them is a target",
            where=f"kubectl -n {quote(resource.namespace)} get {resource.kind.lower()} -o wide",
        ),
    ]
    if line is not None and denied is None:
        whose, said = line
        where = _files.where_the_log_is(case, whose, "discovery")
        evidence.append(Evidence(seen=said.text, where=where, at=said.at))
    return Finding(
        summary=f"discovery of {case.pool} stands still in {server.server.name}: it continues with"
        f" {_named(gone)}, which {'is' if len(gone) == 1 else 'are'} gone"
        + (f": {denied.evidence[0].seen}" if denied else ""),
        evidence=(*evidence, *(denied.evidence if denied else ())),
        fix=denied.fix if denied else (_restart(case, server.server.name),),
        confidence=Confidence.LIKELY,
        proof=server.server.name,
    )


def _denied(case: Case) -> Finding | None:
    try:
        return discovery_forbidden.denied(case)
    except Lacking:
        return None


def _line(case: Case) -> tuple[ServerObservation, LogLine] | None:
    try:
        return next(_sources.lines(case, LogKind.DISCOVERY_FAILED), None)
    except Lacking:
        return None


def _named(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - _SHOWN} more" if len(addresses) > _SHOWN else ""
    return ", ".join(addresses[:_SHOWN]) + more


def _restart(case: Case, server: str) -> FixStep:
    namespace, slash, _ = case.job.prometheus.partition("/")
    return FixStep(
        do="Start its pod again: a reload of an unchanged configuration does not begin discovery again",
        command=f"kubectl -n {quote(namespace)} delete pod {quote(server)}" if slash else None,
    )


RULE = Rule(
    code="discovery-stale",
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(
        MONITOR, PROMETHEUS, SERVICES, ENDPOINTS, ENDPOINT_SLICES, TARGET_PODS, ACCESS, LOGS
    ),
    check=check,
    refines=_scrapes.FAILURES,
)
