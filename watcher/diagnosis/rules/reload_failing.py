"""Prometheus refuses the new configuration and continues with the old one.

## Meaning

One error anywhere in the configuration, often in the job of somebody else, and the whole of it is
refused: no new or changed job arrives until it is fixed. At the next restart the server does not
even start.

## Evidence

`prometheus_config_last_reload_successful` is 0 and `reloadConfigSuccess` is false; the log (or the
config-reloader) has the refusal in Prometheus's own words, which often name the job at fault.

## Fix

Correct what the words name. A name that is there twice is never a monitor's fault, as the operator gives
none twice: the second is in additionalScrapeConfigs. A field that the running version does not know
comes of a `spec.version` that is newer than the image. The config-reloader tries again by itself, but
one that compares hashes only does not: then reload.

## Not to be confused with

A reload can also fail after the scrape jobs were taken over (bad rule file, a file missing under a running
pool): then new jobs are there. `tls-file-missing`: there the reload succeeds.
"""

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _files, _monitor, _where
from watcher.diagnosis.rules._refusals import Culprit, Refusal, culprit, refusal
from watcher.model.facts import DECLARED, LOGS, MONITOR, PROMETHEUS, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.model.observations import ServerObservation


def check(case: Case) -> Finding | None:
    """Find a server of the job that refuses its configuration."""
    if not _monitor.concerned(case):
        return None
    failing = [s for s in case.servers() if _monitor.reload_fails(s)]
    refusals = [r for r in (_refusal(case, server) for server in failing) if r is not None]
    if not refusals:
        return None
    told = next((r for r in refusals if r.line is not None), refusals[0])
    whose = culprit(told, _resource(case), _monitors(case))
    return Finding(
        summary=_summary(case, told, whose),
        evidence=tuple(_evidence(case, told)),
        fix=steps(told, whose, _files.log_command(case, told.server, "config")),
        confidence=Confidence.CERTAIN if told.line else Confidence.LIKELY,
        # Words that name this job show that the operator had written it, unless demand ended since.
        conclusive=_names(case, told) and case.job.gone_since is None,
        proof=case.job.prometheus,
    )


def steps(told: Refusal, whose: Culprit | None, log: str | None) -> tuple[FixStep, ...]:
    """What fixes a refusal: at whose fault it is, else where that can be read."""
    again = "the config-reloader tries again by itself"
    if told.line is None:
        do = f"Read why in the log of {told.server.server.name}, and correct that; {again}"
        return (FixStep(do=do, command=log),)
    if whose is None:
        do = (
            "Correct what the words name; a job that no monitor makes is in additionalScrapeConfigs"
            f" or in the configuration file; {again}"
        )
        return (FixStep(do=do),)
    reload = FixStep(do="Then have it read its configuration", command=_where.reload(told.server))
    if told.line.at and whose.changed_at and whose.changed_at > told.line.at:
        since = (
            f"{whose.what} was changed since, and nobody has reloaded: reload, and see it succeed"
        )
        return (FixStep(do=since, command=reload.command), *whose.fix)
    return (*whose.fix, FixStep(do=f"{again[0].upper()}{again[1:]}; else:", command=reload.command))


def _refusal(case: Case, server: ServerObservation) -> Refusal | None:
    """The refusal of *server*, None when it took the scrape jobs over and failed at others.

    Raises Lacking when only the log could tell these two apart, and when nothing is known of the
    monitor either: then only words that name this job would show that earlier links hold.
    """
    logs = case.look(LOGS)
    if isinstance(logs, Unavailable):
        by_pools = server.metrics is not None and server.metrics.pool_reloads_failed
        if by_pools or (case.job.monitor and isinstance(case.look(MONITOR), Unavailable)):
            raise Lacking(LOGS.name, logs)
        return Refusal(server=server, line=None)
    return refusal(server, logs)


def _resource(case: Case) -> KubeObject | None:
    found = case.look(PROMETHEUS)
    return None if isinstance(found, Unavailable) else found


def _monitors(case: Case) -> tuple[KubeObject, ...]:
    """The monitors that are known: all that our own store remembers, and the job's as it is now."""
    remembered, now = case.look(DECLARED), case.look(MONITOR)
    found = {} if isinstance(remembered, Unavailable) else {_id(m): m for m in remembered}
    if not isinstance(now, Unavailable) and now is not None:
        found[_id(now)] = now
    return tuple(found.values())


def _id(monitor: KubeObject) -> str:
    return f"{monitor.kind} {monitor.full_name}"


def _names(case: Case, told: Refusal) -> bool:
    return told.line is not None and told.line.pool in case.job.names


def _summary(case: Case, told: Refusal, whose: Culprit | None) -> str:
    server = told.server.server.name
    if told.line is None:
        return f"{server} fails to reload its configuration, so {case.pool} is never loaded"
    if whose is None:
        named = f" because of job {told.line.pool}" if told.line.pool else ""
        return f"{server} refuses its new configuration{named}, so {case.pool} is never loaded"
    possibly = "" if whose.sure else "possibly "
    return f"{server} refuses its new configuration, {possibly}because of {whose.what}"


def _evidence(case: Case, told: Refusal) -> list[Evidence]:
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


RULE = Rule(
    code="reload-failing",
    link=Link.LOADED,
    states=frozenset(_monitor.NOT_LOADED),
    needs=needing(LOGS, MONITOR, PROMETHEUS, DECLARED),
    check=check,
    refines=frozenset(
        {"server-not-rolled-out", "reloader-broken", "reload-pending", "not-in-configuration"}
    ),
)
