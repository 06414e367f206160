"""The pods that the monitor selects do not run.

## Meaning

The operator drops pods in phase Succeeded or Failed (`filterRunning`, on by default), and a pod that
has no IP yet is no target at all. So the pods of a finished Job leave an empty pool: that can be
quite as it should be.

## Evidence

The pods that the PodMonitor selects, with their phases; or the dropped targets, replayed, end at the
step that drops pods that are over.

## Fix

See why they do not run. For pods that are scraped until they end, `filterRunning: false` keeps them;
for those that come and go, the annotation `watcher/ignore` keeps the watcher quiet.

## Not to be confused with

`no-matching-pods`: there are no such pods. `all-targets-dropped`: there another step drops them.
"""

from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _discovery, _drops, _pods, all_targets_dropped
from watcher.model.comparison import JobState
from watcher.model.facts import DROPPED, MONITOR, PROMETHEUS, TARGET_PODS
from watcher.model.findings import Finding, FixStep, Link
from watcher.model.kube import FieldError, KubeObject, text
from watcher.operator.discovery import Role

_POD: Final = frozenset({Role.POD.value})


def check(case: Case) -> Finding | None:
    """See at which step the targets end, else in which phases the pods are."""
    try:
        drop = _drops.furthest(case)
    except Lacking as lacking:
        found = _by_pods(case)
        if found is None and _discovery.discovered(case):
            raise lacking from None
        return found
    if drop is not None and drop.kind is _drops.Kind.RUNNING:
        return Finding(
            summary=f"the pods of {case.pool} are over: every target is dropped for its phase",
            evidence=all_targets_dropped.evidence(case, drop),
            fix=(_fix(case),),
            conclusive=True,
        )
    return _by_pods(case)


def _by_pods(case: Case) -> Finding | None:
    found = _discovery.among(case, TARGET_PODS, _POD)
    if found is None or not found.matching or any(map(_runs, found.matching)):
        return None
    first = found.matching[0]
    return Finding(
        summary=f"none of the {len(found.matching)} pods with {found.wanted} in"
        f" {found.sought.where} runs: {first.full_name} is {_pods.condition(first)}",
        evidence=tuple(_pods.shown(found.matching)),
        fix=(
            FixStep(
                do=f"See why Pod {first.full_name} does not run",
                command=f"kubectl -n {quote(first.namespace)} describe pod {quote(first.name)}",
            ),
            _fix(case),
        ),
        proof=f"Pod {first.full_name}",
    )


def _runs(pod: KubeObject) -> bool:
    try:
        over = text(pod.raw, "status", "phase") in _pods.OVER
        return bool(text(pod.raw, "status", "podIP")) and not over
    except FieldError:
        return True


def _fix(case: Case) -> FixStep:
    ref = case.job.monitor
    return FixStep(
        do="If such pods come and go, annotate the monitor with watcher/ignore; to scrape them"
        " after their end too, set filterRunning: false on the endpoint",
        command=f"kubectl -n {quote(ref.namespace)} edit {ref.kind.lower()} {quote(ref.name)}"
        if ref
        else None,
    )


RULE = Rule(
    code="pods-not-running",
    link=Link.KEPT,
    states=frozenset({JobState.EMPTY}),
    needs=needing(DROPPED, MONITOR, PROMETHEUS, TARGET_PODS),
    check=check,
    refines=frozenset({"all-targets-dropped", "port-not-found"}),
)
