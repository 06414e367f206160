"""A service discovery block of the job could not be made, so that nothing is ever looked for.

## Meaning

Prometheus makes each discovery once, at a reload: a CA or kubeconfig file that is not there, no
service account in the pod, a bad proxy. The reload succeeds all the same, the pool is there and
stays empty until the next reload. For a job with several blocks the others continue.

## Evidence

The log says `Cannot create service discovery` for this job since the server started, and
`prometheus_sd_failed_configs` counts the blocks that failed.

## Fix

Correct what the log names, then reload: this one does not heal by itself.

## Not to be confused with

`discovery-unreachable`: there the block was made and its source does not answer.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _discovery, _files, _sources, _where
from watcher.model.comparison import JobState
from watcher.model.facts import LOGS, LogKind
from watcher.model.findings import Evidence, Finding, FixStep, Link


def check(case: Case) -> Finding | None:
    """Look for the line that names the job, where any block failed."""
    if _discovery.discovered(case):
        return None
    told = [s.metrics for s in case.servers() if s.metrics is not None]
    if told and all(metrics.failed_sd_configs == 0 for metrics in told):
        return None
    found = [
        (server, line)
        for server, line in _sources.lines(case, LogKind.DISCOVERY_NOT_CREATED)
        if line.pool == case.pool
    ]
    if not found:
        return None
    server, line = max(found, key=lambda pair: pair[1].at.timestamp() if pair[1].at else 0.0)
    failed = server.metrics.failed_sd_configs if server.metrics else None
    counted = (
        Evidence(
            seen=f"{server.server.name} counts {failed:.0f} discovery blocks that failed",
            where=_where.own_metrics(server, "prometheus_sd_failed_configs"),
        ),
    )
    return Finding(
        summary=f"the service discovery of {case.pool} could not be made: {line.text}",
        evidence=(
            Evidence(
                seen=line.text,
                where=_files.where_the_log_is(case, server, "Cannot create service discovery"),
                at=line.at,
            ),
            *(counted if failed else ()),
        ),
        fix=(
            FixStep(
                do="Correct what this names (a file that is not there, a setting of the discovery),"
                " then reload: nothing else heals it",
                command=_where.reload(server),
            ),
        ),
        proof=line.text,
    )


RULE = Rule(
    code="discovery-broken",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(LOGS),
    check=check,
    refines=frozenset(
        {
            "discovery-unreachable",
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
