"""No Service carries the labels that the monitor asks for, in the namespaces where it looks.

## Meaning

Prometheus has the job and looks for Services, but none has the labels of `spec.selector` of the
ServiceMonitor: the Service was deleted, renamed or relabelled, or lives in a namespace that
`spec.namespaceSelector` does not name. The pool is there and empty; `up` has no series to alert on.

## Evidence

The Services in those namespaces, as they are now, against the selector; the one that comes nearest
and what it lacks.

## Fix

Label the Service, or change the selector of the monitor. Targets come by themselves within seconds,
nothing restarts.

## Not to be confused with

`no-ready-endpoints`: there the Service is there and has no address. `discovery-forbidden` and
`namespace-selector-ignored`: there Prometheus may not, or must not, look where the Service is.
"""

from collections.abc import Iterator

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _discovery, _patches
from watcher.model.comparison import JobState
from watcher.model.facts import MONITOR, PROMETHEUS, SERVICES
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.operator.selectors import Lack, lacking


def check(case: Case) -> Finding | None:
    """Hold the Services against the selector."""
    found = _discovery.services(case)
    if found is None or found.matching:
        return None
    near = _nearest(found)
    what = f"with {found.wanted}" if found.wanted.requirements else "at all"
    return Finding(
        summary=f"there is no Service {what} in {found.sought.where}, where {case.pool} looks"
        + (f"; nearest is {near[0].full_name}: {near[1].words}" if near else ""),
        evidence=tuple(_evidence(case, found, near)),
        fix=tuple(_fix(case, near)),
        proof=f"Service {found.wanted} {found.sought.where}" if found.wanted.requirements else "",
    )


def _evidence(
    case: Case, found: _discovery.Among, near: tuple[KubeObject, Lack] | None
) -> Iterator[Evidence]:
    yield Evidence(
        seen=f"of {len(found.others)} Services in {found.sought.where} none matches",
        where=found.sought.kubectl("services", "--show-labels"),
    )
    if case.job.monitor is not None:
        yield Evidence(
            seen=f"{case.job.monitor} asks for {str(found.wanted) or 'any Service'}",
            where=case.job.monitor.kubectl,
        )
    if near is not None:
        yield Evidence(
            seen=f"Service {near[0].full_name}: {near[1].words}", where=near[0].kubectl()
        )


def _nearest(found: _discovery.Among) -> tuple[KubeObject, Lack] | None:
    """The Service that lacks least, if it has anything of what is asked for or there is but one."""
    wanted = found.wanted.requirements
    gaps = [sum(not r.matches(_discovery.labels_of(s)) for r in wanted) for s in found.others]
    if not gaps:
        return None
    unmet = min(gaps)
    if unmet == len(wanted) and len(gaps) > 1:
        return None
    nearest = (s for s, gap in zip(found.others, gaps, strict=True) if gap == unmet)
    service = min(nearest, key=lambda s: s.full_name)
    lack = lacking(found.wanted, service.labels)
    return None if lack is None else (service, lack)


def _fix(case: Case, near: tuple[KubeObject, Lack] | None) -> list[FixStep]:
    steps = []
    if near is not None and near[1].labels:
        steps.append(
            FixStep(
                do=f"If Service {near[0].full_name} is meant, give it the labels; nothing restarts",
                command=_patches.set_labels(near[0], near[1].labels),
            )
        )
    if case.job.monitor is not None:
        ref = case.job.monitor
        steps.append(
            FixStep(
                do=f"Else let {ref} select the labels and the namespace of the Service that is"
                " meant, or create that Service again",
                command=f"kubectl -n {ref.namespace} edit {ref.kind.lower()} {ref.name}",
            )
        )
    return steps or [FixStep(do="Create the Services that the job is to find")]


RULE = Rule(
    code="no-matching-service",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(MONITOR, PROMETHEUS, SERVICES),
    check=check,
)
