"""The source that the job's service discovery asks does not answer.

## Meaning

The Kubernetes API, an HTTP endpoint, a DNS or Consul server refuses the connection, times out or
answers with an error of its own. Targets that were found before stay; after a restart there are
none. Some builds log nothing when the Kubernetes API refuses connections (client-go 0.36).

## Evidence

The log names this job (`Unable to refresh target groups`); or, for Kubernetes, no request of the
discovery was ever answered since the server started, by its own counter or its log.

## Fix

See from the pod whether the source can be reached: address, network policy, proxy, certificate.

## Not to be confused with

`discovery-forbidden`: there the source answers that it may not. `discovery-broken`: there the
discovery was never made.
"""

import re
from datetime import timedelta
from typing import Final

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _discovery, _sources, _where
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
    counted = _never_answered(case)
    try:
        line = _line(case)
    except Lacking:
        if counted is None:
            raise
        line = None
    if line is None:
        return _by_counter(case, counted) if counted else None
    server, said = line
    files = _files(running)
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
                where=_sources.where(case, server, _grepped(said.text)),
                at=said.at,
            ),
            *(_counter(counted) if counted else ()),
        ),
        fix=(_fix_files(files) if files else _fix(server),),
        confidence=Confidence.CERTAIN if said.pool or counted else Confidence.LIKELY,
        proof=said.text,
    )


def _grepped(said: str) -> str:
    """What of it stands in the log as it is: the file that it is about stands apart there."""
    return said.partition(" (")[0][:40].replace("'", ".")


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


def _never_answered(case: Case) -> ServerObservation | None:
    """A server of a job with Kubernetes discovery of which no request was ever answered."""
    if not _discovery.blocks(case):
        return None
    for server in case.servers():
        answered, failed = _sources.answers(server)
        if failed and not answered:
            return server
    return None


def _by_counter(case: Case, server: ServerObservation) -> Finding:
    return Finding(
        summary=f"the Kubernetes API answers no request of the discovery of"
        f" {server.server.name}, so {case.pool} has no targets",
        evidence=_counter(server),
        fix=(_fix(server),),
        confidence=Confidence.LIKELY,
        proof=f"Kubernetes API of {server.server.name}",
    )


def _counter(server: ServerObservation) -> tuple[Evidence, ...]:
    _, failed = _sources.answers(server)
    return (
        Evidence(
            seen=f"{failed:.0f} requests of its Kubernetes discovery failed and none was answered",
            where=_where.own_metrics(server, "sd_kubernetes_http_request_total"),
        ),
    )


def _files(running: RunningJob) -> tuple[str, ...]:
    """The patterns of files where these alone are its discovery."""
    names = {name for name in running.raw if name.endswith("_sd_configs")}
    blocks = objects(running.raw, "file_sd_configs") if names == {"file_sd_configs"} else ()
    return tuple(pattern for block in blocks for pattern in texts(block, "files"))


def _fix_files(patterns: tuple[str, ...]) -> FixStep:
    return FixStep(
        do=f"Put the files where Prometheus reads them ({', '.join(patterns[:3])}), or mend what stands"
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
