"""The operator does not look at ScrapeConfigs at all.

## Meaning

Operators before v0.65 do not know the kind. Later ones look once, at their start, whether the
definition is there and whether they may list it; if not, they pass over all ScrapeConfigs until the
next start, with one line in their log.

## Evidence

No server has loaded any job of a ScrapeConfig, and the operator's log says that it did not find the
kind or may not list it: that is proof. Else the operator is older than v0.65, or was started before
this ScrapeConfig was made while the config-reloader runs: two signals, no proof.

## Fix

Give the operator the right to list ScrapeConfigs, then restart it. That restarts no Prometheus.

## Not to be confused with

`crd-missing`: there the definition is not there now. `rejected-by-operator`: there the operator refuses
this one; with a `spec.version` below 2.40 it refuses every one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _monitor, _operator_log, _reconciling, _reloader, _where
from watcher.model.comparison import JobState
from watcher.model.facts import (
    MONITOR,
    OPERATOR,
    OPERATOR_LOG,
    OPERATOR_PODS,
    PODS,
    OperatorWord,
)
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject, moment
from watcher.model.names import MonitorKind
from watcher.model.observations import at_least
from watcher.operator.scope import operator_version

FIRST: Final = (0, 65)
"""First operator that knows the kind."""


def check(case: Case) -> Finding | None:
    """See whether any ScrapeConfig is loaded, then how old the operator is."""
    if not _passed_over(case):
        return None
    monitor, operators = _monitor.monitor_of(case), case.read(OPERATOR)
    if monitor is None or not operators:
        return None
    old = [d for d in operators if not at_least(operator_version(d), *FIRST)]
    if old:
        words = f"operator {old[0].full_name} is {operator_version(old[0])}, before v0.65"
        return _finding(case, old[0], words, None)
    started = _last_start(case.read(OPERATOR_PODS))
    said = _operator_log.last(
        case, OperatorWord.NOT_WATCHED, "scrapeconfigs", prometheus="", since=started
    )
    if said is not None:
        words = f"the operator does not watch the kind: {said.text}"
        found = _finding(case, operators[0], words, None)
        seen = (found.evidence[0], _operator_log.evidence(said))
        return replace(found, evidence=seen, confidence=Confidence.CERTAIN)
    return _started_before(case, monitor, operators[0], started)


def _started_before(
    case: Case, monitor: KubeObject, operator: KubeObject, started: datetime | None
) -> Finding | None:
    if started is None or monitor.created_at is None or started >= monitor.created_at:
        return None
    if _reloader.not_ready(case) is not None:
        return None  # what the operator writes does not reach the servers, so they cannot show it
    made = f"{monitor.kind} {monitor.full_name} was made"
    words = f"the operator started before {made}, and may not have found the kind"
    return _finding(case, operator, words, started)


def _passed_over(case: Case) -> bool:
    """Whether no ScrapeConfig is loaded, and no failing reload explains that."""
    ref = case.job.monitor
    if ref is None or ref.kind is not MonitorKind.SCRAPE_CONFIG:
        return False
    jobs = (name for server in case.observation.readable for name in server.jobs)
    if any(name.lower().startswith("scrapeconfig/") for name in jobs):
        return False
    return not any(_monitor.reload_fails(server) for server in case.servers())


def _last_start(pods: Sequence[KubeObject]) -> datetime | None:
    starts = [moment(pod.raw, "status", "startTime") for pod in pods]
    return max((at for at in starts if at is not None), default=None)


def _finding(case: Case, operator: KubeObject, words: str, at: datetime | None) -> Finding:
    namespace, name = operator.namespace, operator.name
    return Finding(
        summary=f"no ScrapeConfig reaches {case.job.prometheus}: {words}",
        evidence=(
            Evidence(seen="no server has a job of any ScrapeConfig", where=_configuration_of(case)),
            Evidence(seen=words, where=operator.kubectl(), at=at),
        ),
        fix=(
            FixStep(
                do="See in its log whether it found the kind and may list it",
                command=f"kubectl -n {quote(namespace)} logs deployment/{quote(name)} | grep -i scrapeconfig",
            ),
            FixStep(
                do="Restart the operator, once definition and right are there; no Prometheus"
                " restarts",
                command=f"kubectl -n {quote(namespace)} rollout restart deployment {quote(name)}",
            ),
        ),
        confidence=Confidence.LIKELY,
        proof=operator.full_name,
    )


def _configuration_of(case: Case) -> str:
    server = next(iter(case.observation.readable), None)
    return _where.asked(server, "status/config") if server else "/api/v1/status/config"


RULE = Rule(
    code="scrapeconfig-unsupported",
    link=Link.RECONCILED,
    states=frozenset({JobState.MISSING}),
    needs=needing(MONITOR, OPERATOR, OPERATOR_PODS, OPERATOR_LOG, PODS),
    check=check,
    refines=_reconciling.after("scrapeconfig-unsupported"),
)
