"""A pool lives on with an old configuration, because the new one could not be applied to it.

## Meaning

A reload changed the job, and its new HTTP client could not be made (a file is missing). Prometheus
keeps the pool as it was, so all looks well. A restart makes every pool again from the configuration:
this one then is not made, and the job is gone without an alert.

## Evidence

The log says `error reloading scrape pool` for it since the server started, no reload has succeeded
since, and the pool is there.

## Fix

Fix what the log names, reload, and see that the reload succeeds, before anything restarts the pod.

## Not to be confused with

`tls-file-missing`: there the pool is already gone. `mount-not-in-cr`: there the file is still there.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.diagnosis.rules import _where
from watcher.model.facts import LOGS, LogKind, LogLine
from watcher.model.findings import Evidence, FixStep, Risk
from watcher.model.observations import ServerObservation


def check(ground: Ground) -> tuple[Risk, ...]:
    """Find the pools of which a reload failed and was not made good."""
    servers = [s for s in ground.observation.readable if _doubtful(s)] if ground.observation else []
    if not servers:
        return ()
    lines = ground.read(LOGS)
    return tuple(_risk(ground, *found) for server in servers for found in _failed(server, lines))


def _doubtful(server: ServerObservation) -> bool:
    """Whether any reload of a pool failed since it started, and the last reload was none that succeeded."""
    return not server.reload_ok and (
        server.metrics is None or server.metrics.pool_reloads_failed != 0
    )


def _failed(
    server: ServerObservation, lines: tuple[LogLine, ...]
) -> Iterator[tuple[ServerObservation, LogLine]]:
    latest: dict[str, LogLine] = {}
    for line in lines:
        if line.kind is not LogKind.POOL_NOT_RELOADED or line.server != server.server.name:
            continue
        if line.at and server.loaded_at and line.at < server.loaded_at:
            continue  # a reload has succeeded since
        if line.pool in server.pools:
            latest[line.pool or ""] = line
    for pool in sorted(latest):
        yield server, latest[pool]


def _risk(ground: Ground, server: ServerObservation, line: LogLine) -> Risk:
    namespace, in_cluster, _ = ground.name.partition("/")
    name = server.server.name
    log = (
        f"kubectl -n {quote(namespace)} logs {quote(name)} -c prometheus"
        if in_cluster
        else f"the log of {name}"
    )
    return risk(
        ground,
        RULE.code,
        pool=line.pool,
        summary=f"{line.pool} runs on {name} with its old configuration and is lost at the next"
        f" restart: {line.text}",
        evidence=(
            Evidence(
                seen=line.text,
                where=f"{log} | grep 'error reloading scrape pool'",
                at=line.at,
            ),
            Evidence(
                seen=f"the last reload of {name} failed, and the pool is there",
                where=_where.asked(server, "status/runtimeinfo"),
            ),
        ),
        fix=(
            FixStep(
                do="Fix what this names before the pod restarts, then reload and see it succeed",
                command=_where.reload(server),
            ),
        ),
        proof=f"{name} {line.text}",
    )


RULE = RiskRule(code="lost-at-next-restart", needs=needing(LOGS), check=check)
