"""The job is not in the running configuration, and nothing tells why.

## Meaning

No earlier link is known to be broken: the monitor stands, is selected and accepted, the operator
runs and the servers reload. Yet the running configuration lacks the job, or has an older form of it.

## Evidence

The running configuration of the servers, read just now.

## Fix

Compare the configuration that the operator wrote with the one that runs; the first place where the
job is missing is the broken one.

## Not to be confused with

`job-removed`: there what declared the job has it no longer. `reload-pending`: there a change is still on its way. `operator-stale`: there the operator was never
woken. Every other cause of this link is a narrower word for this one.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _monitor, _where
from watcher.model import shell
from watcher.model.expectations import Origin
from watcher.model.facts import OPERATOR_LOG, PROMETHEUS, Unavailable
from watcher.model.findings import Confidence, Finding, FixStep, Link
from watcher.operator.objects import config_secret


def check(case: Case) -> Finding | None:
    """State what is seen."""
    if not _monitor.concerned(case):
        return None
    log = case.look(OPERATOR_LOG)
    if case.job.monitor is not None and isinstance(log, Unavailable) and log.permission:
        raise Lacking(OPERATOR_LOG.name, log)  # it may well tell why
    words = _monitor.lacks(case)
    return Finding(
        summary=f"{words}, and nothing that was read tells why",
        evidence=tuple(_monitor.running_configuration(server, words) for server in case.servers()),
        fix=tuple(_fix(case)),
        confidence=Confidence.POSSIBLE,
    )


def _fix(case: Case) -> list[FixStep]:
    prometheus = case.look(PROMETHEUS)
    if isinstance(prometheus, Unavailable) or prometheus is None:
        steps = [FixStep(do=f"See whether the file that the server reads has the job {case.pool}")]
        if case.job.origin is Origin.CONFIG_FILE:
            reload = next((_where.reload(server) for server in case.servers()), None)
            steps.append(FixStep(do="If so, have the server read it again", command=reload))
    else:
        steps = [
            FixStep(
                do="See whether the configuration that the operator wrote has the job",
                command=f"kubectl -n {quote(prometheus.namespace)} get secret"
                f" {quote(config_secret(prometheus))} -o jsonpath='{{.data.prometheus\\.yaml\\.gz}}'"
                f" | base64 -d | gunzip | {shell.lines_with(case.pool)}",
            )
        ]
    return steps


RULE = Rule(
    code="not-in-configuration",
    link=Link.LOADED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(PROMETHEUS, OPERATOR_LOG),
    check=check,
)
