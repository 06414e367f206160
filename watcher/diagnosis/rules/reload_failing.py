"""Prometheus refuses the new configuration and goes on with the old one.

## Meaning

One error anywhere in the configuration, often in the job of somebody else, and the whole of it is
refused: no new or changed job arrives until it is mended. At the next restart the server does not
even start.

## Evidence

`prometheus_config_last_reload_successful` is 0 and `reloadConfigSuccess` is false; the log (or the
config-reloader) has the refusal in Prometheus's own words, which often name the job at fault.

## Fix

Mend the job that the words name; the config-reloader tries again by itself.

## Not to be confused with

A reload can also fail after the scrape jobs were taken over (bad rule file, a file missing under a running
pool): then new jobs are there. `tls-file-missing`: there the reload succeeds.
"""

from dataclasses import dataclass
from shlex import quote

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _files, _monitor, _where
from watcher.model.facts import LOGS, MONITOR, LogKind, LogLine, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.observations import ServerObservation
from watcher.operator.names import parse_pool

_APPLIED = "errors occurred while applying the new configuration"
"""Words of a reload that took the scrape jobs over and failed at something else (prometheus.md 1.14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """A server that fails to reload, and its own words, None where no log has them."""

    server: ServerObservation
    line: LogLine | None


def check(case: Case) -> Finding | None:
    """Find a server of the job that refuses its configuration."""
    if not _monitor.concerned(case):
        return None
    failing = [s for s in case.servers() if _monitor.reload_fails(s)]
    refusals = [r for r in (_refusal(case, server) for server in failing) if r is not None]
    if not refusals:
        return None
    told = next((r for r in refusals if r.line is not None), refusals[0])
    return Finding(
        summary=_summary(case, told),
        evidence=tuple(_evidence(case, told)),
        fix=(_fix(case, told),),
        confidence=Confidence.CERTAIN if told.line else Confidence.LIKELY,
        # Words that name this job show that the operator had written it, unless demand ended since.
        conclusive=_names(case, told) and case.job.gone_since is None,
        proof=case.job.prometheus,
    )


def _refusal(case: Case, server: ServerObservation) -> _Refusal | None:
    """The refusal of *server*, None when it took the scrape jobs over and failed at others.

    Raises Lacking when only the log could tell these two apart, and when nothing is known of the
    monitor either: then only words that name this job would show that earlier links hold.
    """
    logs = case.look(LOGS)
    if isinstance(logs, Unavailable):
        by_pools = server.metrics is not None and server.metrics.pool_reloads_failed
        if by_pools or (case.job.monitor and isinstance(case.look(MONITOR), Unavailable)):
            raise Lacking(LOGS.name, logs)
        return _Refusal(server=server, line=None)
    lines = [line for line in logs if _is_about(line, server)]
    last = max(lines, key=lambda line: line.at.timestamp() if line.at else 0.0, default=None)
    applied = any(_APPLIED in line.text for line in lines if last and line.at == last.at)
    if last is not None and (applied or "failed to apply the new" in last.text):
        return None
    return _Refusal(server=server, line=last)


def _is_about(line: LogLine, server: ServerObservation) -> bool:
    """Whether it is a refusal of *server*, younger than its last good configuration."""
    if line.kind is not LogKind.CONFIG_NOT_LOADED or line.server != server.server.name:
        return False
    since = max((at for at in (server.loaded_at, server.started_at) if at), default=None)
    return line.at is None or since is None or line.at >= since


def _names(case: Case, told: _Refusal) -> bool:
    return told.line is not None and told.line.pool in case.job.names


def _summary(case: Case, told: _Refusal) -> str:
    server = told.server.server.name
    if told.line is None:
        return f"{server} fails to reload its configuration, so {case.pool} does not arrive"
    if told.line.pool is None:
        return f"{server} refuses its new configuration, so {case.pool} does not arrive"
    whose = "this job" if _names(case, told) else f"the job {told.line.pool}"
    return f"{server} refuses its new configuration because of {whose}"


def _evidence(case: Case, told: _Refusal) -> list[Evidence]:
    found = [
        Evidence(
            seen="the last reload failed; what runs is the configuration of this time",
            where=_where.asked(told.server, "status/runtimeinfo"),
            at=told.server.loaded_at,
        )
    ]
    if told.line is not None:
        found.append(
            Evidence(
                seen=told.line.text,
                where=_files.where_the_log_is(case, told.server, "config"),
                at=told.line.at,
            )
        )
    found.append(_monitor.running_configuration(told.server, _monitor.lacks(case)))
    return found


def _fix(case: Case, told: _Refusal) -> FixStep:
    again = "the config-reloader tries again by itself"
    if told.line is None:
        return FixStep(
            do=f"Read why in the server's log, and mend that; {again}",
            command=_files.log_command(case, told.server, "config"),
        )
    parsed = parse_pool(told.line.pool) if told.line.pool else None
    if parsed is None:
        whose = f"the job {told.line.pool}" if told.line.pool else "what the words name"
        return FixStep(
            do=f"Mend {whose}; a job that no monitor makes stands in additionalScrapeConfigs or in"
            f" the configuration file; {again}"
        )
    ref = parsed.refs[0]
    return FixStep(
        do=f"Mend {ref}; {again}",
        command=f"kubectl -n {quote(ref.namespace)} edit {ref.kind.lower()} {quote(ref.name)}",
    )


RULE = Rule(
    code="reload-failing",
    link=Link.LOADED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(LOGS, MONITOR),
    check=check,
    refines=frozenset(
        {"server-not-rolled-out", "reloader-broken", "reload-pending", "not-in-configuration"}
    ),
)
