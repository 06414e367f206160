"""What is told of a selector that selects nothing where it looks: which object is nearest, and why."""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _discovery, _patches
from watcher.model.findings import Evidence, Finding, FixStep
from watcher.model.kube import KubeObject
from watcher.operator.selectors import Lack, lacking


def finding(case: Case, found: _discovery.Among, kind: str) -> Finding:
    """That no object of *kind* in *found* is what the job's monitor asks for, and which is nearest."""
    near = _nearest(found)
    what = f"with {found.wanted}" if found.wanted.requirements else "at all"
    return Finding(
        summary=f"there is no {kind} {what} in {found.sought.where}, where {case.pool} looks"
        + (f"; nearest is {near[0].full_name}: {near[1].words}" if near else ""),
        evidence=tuple(_evidence(case, found, near, kind)),
        fix=tuple(_fix(case, near, kind)),
        proof=f"{kind} {found.wanted} {found.sought.where}" if found.wanted.requirements else "",
    )


def _evidence(
    case: Case, found: _discovery.Among, near: tuple[KubeObject, Lack] | None, kind: str
) -> Iterator[Evidence]:
    yield Evidence(
        seen=f"of {len(found.others)} {_several(kind)} in {found.sought.where} none matches",
        where=found.sought.kubectl(_several(kind).lower(), "--show-labels"),
    )
    if case.job.monitor is not None:
        yield Evidence(
            seen=f"{case.job.monitor} asks for {str(found.wanted) or f'any {kind}'}",
            where=case.job.monitor.kubectl,
        )
    if near is not None:
        yield Evidence(seen=f"{kind} {near[0].full_name}: {near[1].words}", where=near[0].kubectl())


def _nearest(found: _discovery.Among) -> tuple[KubeObject, Lack] | None:
    """The one that lacks least, if it has anything of what is asked for or there is but one."""
    wanted = found.wanted.requirements
    gaps = [sum(not r.matches(_discovery.labels_of(s)) for r in wanted) for s in found.others]
    if not gaps:
        return None
    unmet = min(gaps)
    if unmet == len(wanted) and len(gaps) > 1:
        return None
    nearest = (s for s, gap in zip(found.others, gaps, strict=True) if gap == unmet)
    first = min(nearest, key=lambda s: s.full_name)
    lack = lacking(found.wanted, first.labels)
    return None if lack is None else (first, lack)


def _fix(case: Case, near: tuple[KubeObject, Lack] | None, kind: str) -> list[FixStep]:
    steps = []
    if near is not None and near[1].labels:
        steps.append(
            FixStep(
                do=f"If {kind} {near[0].full_name} is meant, give it the labels; nothing restarts",
                command=_patches.set_labels(near[0], near[1].labels),
            )
        )
    if case.job.monitor is not None:
        ref = case.job.monitor
        steps.append(
            FixStep(
                do=f"Else let {ref} select the labels and the namespace of the {kind} that is"
                f" meant, or create that {kind} again",
                command=f"kubectl -n {quote(ref.namespace)} edit {ref.kind.lower()} {quote(ref.name)}",
            )
        )
    return steps or [FixStep(do=f"Create the {_several(kind)} that the job is to find")]


def _several(kind: str) -> str:
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"
