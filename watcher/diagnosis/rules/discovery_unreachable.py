"""The source that the job's service discovery asks does not answer.

## Meaning

The Kubernetes API, an HTTP endpoint, a DNS or Consul server refuses the connection, times out or
answers with an error of its own. Targets that were found before stay; after a restart there are
none. Some builds log nothing when the Kubernetes API refuses connections (client-go 0.36).

## Evidence

The log names this job (`Unable to refresh target groups`); or no request of the discovery was ever
answered since the server started, by its own counters (Kubernetes, and whatever is asked at an
interval, such as HTTP) or, for Kubernetes, its log.

## Fix

See from the pod whether the source can be reached: address, network policy, proxy, certificate.

## Not to be confused with

`discovery-forbidden`: there the source answers that it may not. `discovery-broken`: there the
discovery was never made.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _discovery, _files, _sources, _where
from watcher.model.comparison import JobState
from watcher.model.facts import LOGS, LogKind, LogLine
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import objects, text, texts
from watcher.model.observations import RunningJob, ServerObservation
from watcher.operator.durations import milliseconds

_LATELY: Final = timedelta(hours=1)
"""How old the last failure of a source may be that is not asked at a fixed interval."""

_LATE: Final = timedelta(seconds=15)
"""How much later than twice its interval a source that is asked at one may fail again."""

_SILENT: Final = re.compile(
    r"connection refused|i/o timeout|no such host|no route to host|network is unreachable"
    r"|deadline exceeded|connection reset|server misbehaving|TLS handshake|x509:|EOF"
    r"|the server is currently unable|an error on the server|Internal error",
    re.IGNORECASE,
)


def check(case: Case) -> Finding | None:
    """See what the log says of the job's discovery, and whether Kubernetes ever answered."""
    if _discovery.discovered(case):
        return None
    running = case.running()
    if running is None or not any(name.endswith("_sd_configs") for name in running.raw):
        return None
    counted = _never_answered(case, running)
    try:
        line = _line(case)
    except Lacking:
        if counted is None:
            raise
        line = None
    if line is None:
        return _by_counter(counted) if counted else None
    server, said = line
    files = _file_patterns(running)
    words = (
        f"the files that {case.pool} discovers its targets by cannot be read"
        if files
        else f"what {case.pool} discovers its targets by does not answer"
    )
    return Finding(
        summary=f"{words}: {said.text}",
        evidence=(
            Evidence(
                seen=f"{said.text} ({said.count} times)",
                where=_files.where_the_log_is(case, server, _grepped(said.text)),
                at=said.at,
            ),
            *((counted.evidence,) if counted else ()),
        ),
        fix=(_fix_files(files) if files else _fix(server),),
        confidence=Confidence.CERTAIN if said.pool or counted else Confidence.LIKELY,
        proof=said.text,
    )


def _grepped(said: str) -> str:
    """What of it stands in the log as it is: the file that it is about stands apart there."""
    return said.partition(" (")[0][:40]


def _line(case: Case) -> tuple[ServerObservation, LogLine] | None:
    found = []
    for server, line in _sources.lines(case, LogKind.DISCOVERY_FAILED):
        answered, _ = _sources.answers(server)
        # A line of Kubernetes is of any job, and old when the API answers now.
        of_anybody = line.pool is None and not answered and _SILENT.search(line.text)
        lately = line.at is None or case.now - line.at < _fresh(server.jobs.get(case.pool))
        if of_anybody or (line.pool is not None and lately):
            found.append((server, line))
    return max(
        found,
        key=lambda pair: (pair[1].pool is not None, pair[1].at.timestamp() if pair[1].at else 0.0),
        default=None,
    )


def _fresh(job: RunningJob | None) -> timedelta:
    """How old the last failure may be while the sources of *job* still fail: each time is logged.

    Once the longest ``refresh_interval`` has passed twice without another one, they answer again.
    """
    raw = {} if job is None else job.raw
    blocks = [b for name in raw if name.endswith("_sd_configs") for b in objects(raw, name)]
    intervals = [milliseconds(text(block, "refresh_interval") or "") for block in blocks]
    known = [interval for interval in intervals if interval]
    if not known or len(known) < len(blocks):
        return _LATELY
    return 2 * timedelta(milliseconds=max(known)) + _LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """That a server's own metrics count no answer to the job's discovery."""

    server: ServerObservation
    summary: str
    evidence: Evidence
    proof: str


def _never_answered(case: Case, running: RunningJob) -> _Counted | None:
    kubernetes = bool(_discovery.blocks(case))
    each = (
        _kubernetes_never(case, server) if kubernetes else _others_never(case, server, running)
        for server in case.servers()
    )
    return next((counted for counted in each if counted is not None), None)


def _kubernetes_never(case: Case, server: ServerObservation) -> _Counted | None:
    name, (answered, failed) = server.server.name, _sources.answers(server)
    if answered or not failed:
        return None
    seen = f"{failed:.0f} requests of its Kubernetes discovery failed and none was answered"
    return _Counted(
        server=server,
        summary=f"the Kubernetes API answers no request of the discovery of {name}, so {case.pool}"
        " has no targets",
        evidence=Evidence(
            seen=seen, where=_where.own_metrics(server, "sd_kubernetes_http_request_total")
        ),
        proof=f"Kubernetes API of {name}",
    )


def _others_never(case: Case, server: ServerObservation, running: RunningJob) -> _Counted | None:
    name = server.server.name
    kinds = sorted(_sources.mechanism(n) for n in running.raw if n.endswith("_sd_configs"))
    failed, words = _sources.never_refreshed(server, kinds), " and ".join(kinds)
    if not failed:
        return None
    return _Counted(
        server=server,
        summary=f"no source of the {words} discovery of {name} gives a list that it can use, so"
        f" {case.pool} has no targets",
        evidence=Evidence(
            seen=f"all {failed} requests of its {words} discovery failed",
            where=_where.own_metrics(server, "sd_refresh"),
        ),
        proof=f"{words} discovery of {name}",
    )


def _by_counter(counted: _Counted) -> Finding:
    return Finding(
        summary=counted.summary,
        evidence=(counted.evidence,),
        fix=(_fix(counted.server),),
        confidence=Confidence.LIKELY,
        proof=counted.proof,
    )


def _file_patterns(running: RunningJob) -> tuple[str, ...]:
    """The patterns of files where these alone are its discovery."""
    names = {name for name in running.raw if name.endswith("_sd_configs")}
    blocks = objects(running.raw, "file_sd_configs") if names == {"file_sd_configs"} else ()
    return tuple(pattern for block in blocks for pattern in texts(block, "files"))


def _fix_files(patterns: tuple[str, ...]) -> FixStep:
    return FixStep(
        do=f"Put the files where Prometheus reads them ({', '.join(patterns[:3])}), or fix what stands"
        " in them; targets come by themselves then"
    )


def _fix(server: ServerObservation) -> FixStep:
    return FixStep(
        do="See whether the source answers from where Prometheus runs (address, NetworkPolicy, proxy,"
        " certificate); targets come by themselves once it does",
        command=_where.asked(server, "status/config"),
    )


RULE = Rule(
    code="discovery-unreachable",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(LOGS),
    check=check,
    refines=frozenset(
        {
            "discovery-forbidden",
            "namespace-selector-ignored",
            "kubelet-sync-off",
            "endpoints-role-mismatch",
            "no-ready-endpoints",
            "no-matching-service",
            "no-matching-pods",
            "no-matching-ingress",
            "nothing-discovered",
        }
    ),
)
