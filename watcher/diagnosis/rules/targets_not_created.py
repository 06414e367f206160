"""Relabelling leaves the targets in a form from which Prometheus makes no target.

## Meaning

A target is made after relabelling. With an empty or malformed `__address__`, a scrape interval that
is no duration, or a time-out above the interval it is not made, and stands neither among the active
nor among the dropped ones: only a counter and a log line tell.

## Evidence

`prometheus_target_sync_failed_total` of this job counts, and fewer targets are active and dropped
together than discovery gives; or the log says `Creating target failed` for this pool.

## Fix

Correct the relabeling that writes `__address__`, `__scrape_interval__` or `__scrape_timeout__`.
Prometheus reloads by itself.

## Not to be confused with

`all-targets-dropped`: there a step drops them, and they are listed as dropped.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _drops, _files, _where
from watcher.model.comparison import JobState
from watcher.model.facts import LOGS, LogKind, LogLine, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.observations import ServerObservation


def check(case: Case) -> Finding | None:
    """Look for targets that are in neither list."""
    gone = _drops.lost_on_the_way(case)
    if gone == 0:
        return None
    counted = [s for s in case.servers() if s.metrics and s.metrics.sync_failed.get(case.pool)]
    if gone is not None and not counted:
        return None
    server, line = _line(case)
    if gone is None and line is None:
        case.read(LOGS)
        return None
    words = f": {line.text}" if line else ""
    many = "the" if gone is None else str(gone)
    return Finding(
        summary=f"relabelling leaves {many} discovered targets of {case.pool} in a form from which"
        f" no target can be made{words}",
        evidence=(
            *_counts(case, counted, gone),
            *((Evidence(seen=line.text, where=_log_of(case, server), at=line.at),) if line else ()),
        ),
        fix=(_fix(case),),
        confidence=Confidence.CERTAIN,
        conclusive=True,
    )


def _line(case: Case) -> tuple[ServerObservation | None, LogLine | None]:
    if isinstance(case.look(LOGS), Unavailable):
        return None, None
    for server in case.servers():
        line = _files.log_line(case, server, LogKind.TARGET_NOT_CREATED)
        if line is not None:
            return server, line
    return None, None


def _log_of(case: Case, server: ServerObservation | None) -> str:
    return _files.where_the_log_is(case, server) if server else ""


def _counts(case: Case, counted: list[ServerObservation], gone: int | None) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            seen=f"{server.server.name} could not make targets of {case.pool}"
            f" {server.metrics.sync_failed[case.pool]:.0f} times"
            + (f"; {gone} are neither active nor dropped" if gone else ""),
            where=_where.own_metrics(server, "target_sync_failed"),
        )
        for server in counted
        if server.metrics is not None
    )


def _fix(case: Case) -> FixStep:
    ref = case.job.monitor
    return FixStep(
        do="Correct the relabeling that writes __address__, __scrape_interval__ or"
        " __scrape_timeout__; Prometheus reloads by itself",
        command=f"kubectl -n {quote(ref.namespace)} edit {ref.kind.lower()} {quote(ref.name)}"
        if ref
        else None,
    )


RULE = Rule(
    code="targets-not-created",
    link=Link.KEPT,
    states=frozenset({JobState.EMPTY}),
    needs=needing(LOGS),
    check=check,
    refines=frozenset({"all-targets-dropped", "port-not-found", "pods-not-running", "other-shard"}),
)
