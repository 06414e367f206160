"""A server refuses its configuration and continues with the old one; it would not start again with it.

## Meaning

The last reload failed, so what runs is an older configuration. Every job may still be there, and no new
one arrives. At its next restart the server reads the refused configuration, ends at once, and all of its
jobs are gone.

## Evidence

`reloadConfigSuccess` is false, and the log has the refusal in Prometheus's own words, which often name
whose fault it is.

## Fix

Correct what the words name, and see a reload succeed, before anything restarts the server.

## Not to be confused with

`lost-at-next-restart`: there the configuration is taken, and one pool cannot be made of it.
`reload-failing`: the cause of a job that is missing already.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.rule import Ground, Lacking, RiskRule, needing
from watcher.diagnosis.rules import _monitor, _where
from watcher.diagnosis.rules._refusals import Culprit, Refusal, culprit, refusal
from watcher.diagnosis.rules.reload_failing import steps
from watcher.model import shell
from watcher.model.facts import LOGS, MONITORS, PROMETHEUS, Unavailable
from watcher.model.findings import Evidence, Risk
from watcher.model.observations import ServerObservation


def check(ground: Ground) -> Iterator[Risk]:
    """Find the servers whose last reload failed, but for those that failed at one pool alone."""
    observed = ground.observation.readable if ground.observation else ()
    for server in observed:
        if _monitor.reload_fails(server) and (found := _refusal(ground, server)) is not None:
            yield _risk(ground, found, _culprit(ground, found))


def _refusal(ground: Ground, server: ServerObservation) -> Refusal | None:
    logs = ground.look(LOGS)
    if not isinstance(logs, Unavailable):
        return refusal(server, logs)
    if server.metrics is not None and server.metrics.pool_reloads_failed:
        raise Lacking(LOGS.name, logs)  # only the log could tell it from one pool that failed
    return Refusal(server=server, line=None)


def _culprit(ground: Ground, found: Refusal) -> Culprit | None:
    resource, monitors = ground.look(PROMETHEUS), ground.look(MONITORS)
    return culprit(
        found,
        None if isinstance(resource, Unavailable) else resource,
        () if isinstance(monitors, Unavailable) else monitors,
    )


def _risk(ground: Ground, found: Refusal, whose: Culprit | None) -> Risk:
    name, line = found.server.server.name, found.line
    by = f", {'' if whose.sure else 'possibly '}because of {whose.what}" if whose else ""
    log = _log(ground, found.server)
    return risk(
        ground,
        RULE.code,
        summary=f"{name} refuses its configuration{by}: it does not start with it at its next restart,"
        " and all of its jobs are gone then" + (f" ({line.text})" if line else ""),
        evidence=(
            Evidence(
                seen="the last reload failed; what runs is the configuration of this time",
                where=_where.asked(found.server, "status/runtimeinfo"),
                at=found.server.loaded_at,
            ),
            *((Evidence(seen=line.text, where=log, at=line.at),) if line else ()),
        ),
        fix=steps(found, whose, log),
        proof=f"{name} {line.text if line else ''}",
    )


def _log(ground: Ground, server: ServerObservation) -> str:
    name = server.server.name
    if server.server.log_file is not None:
        return f"{shell.lines_with('config')} {quote(server.server.log_file)}"
    namespace, in_cluster, _ = ground.name.partition("/")
    if not in_cluster:
        return f"the log of {name}, lines: config"
    return (
        f"kubectl -n {quote(namespace)} logs {quote(name)} -c prometheus"
        f" | {shell.lines_with('config')}"
    )


RULE = RiskRule(
    code="configuration-refused", needs=needing(LOGS, PROMETHEUS, MONITORS), check=check
)
