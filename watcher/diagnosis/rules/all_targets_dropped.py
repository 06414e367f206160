"""Relabelling drops every target that discovery finds for the job.

## Meaning

Service discovery gives targets and `relabel_configs` of the job drop each of them: a `keep` that
nothing passes any more, a `drop` that fits too much. The pool is there, empty, and nothing fails.

## Evidence

The steps of the running configuration are applied to the dropped targets, as Prometheus does it;
the step at which the job's own targets end is shown with the label values that it saw.

## Fix

Change that relabeling in the monitor (or in the scrape class), or the labels that it looks at.
Prometheus reloads by itself.

## Not to be confused with

`port-not-found`, `pods-not-running`, `other-shard`: there it is a step of the operator's own that
drops. `no-matching-service`: there only targets of others are dropped. `targets-not-created`: there
relabelling keeps targets that are none.
"""

import json
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _drops, _where
from watcher.model.comparison import JobState
from watcher.model.facts import DROPPED
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.observations import ServerObservation, at_least
from watcher.secrecy import clipped


def check(case: Case) -> Finding | None:
    """Replay the steps on what was dropped."""
    drop = _drops.furthest(case)
    if drop is None or drop.kind is _drops.Kind.SELECTOR:
        return None
    return Finding(
        summary=f"relabelling drops every target of {case.pool}: step {drop.index + 1}"
        f" ({words(drop)}) sees {shown(drop)}",
        evidence=evidence(case, drop),
        fix=(_fix(case),),
        conclusive=True,
    )


def words(drop: _drops.Drop) -> str:
    """The step as people write it."""
    step = drop.step
    sources = f"{' '.join(step.source_labels)}"
    if step.action in {"keepequal", "dropequal"}:
        return f"{step.action} {sources} and {step.target_label}"
    return f"{step.action} {sources} {step.regex!r}"


def shown(drop: _drops.Drop) -> str:
    """What the step saw, in words."""
    values = drop.values()
    more = f" and {len(values) - 3} other values" if len(values) > 3 else ""  # noqa: PLR2004
    return ", ".join(repr(clipped(value, 80)) for value in values[:3]) + more


def evidence(case: Case, drop: _drops.Drop) -> tuple[Evidence, ...]:
    """The dropped targets, and the labels of one of them that the step looks at."""
    first = drop.outcomes[0]
    names = (*drop.step.source_labels, "__address__")
    before = ", ".join(f"{n}={first.labels.get(n, '')!r}" for n in dict.fromkeys(names))
    found = []
    for server, pool in case.pools():
        count = drop.read if pool.dropped is None else pool.dropped
        found.append(
            Evidence(
                seen=f"{server.server.name} dropped {count} targets of {case.pool} and kept none",
                where=_where.asked(server, "targets", state="dropped", scrapePool=case.pool),
            )
        )
        break
    found.append(
        Evidence(
            seen=f"step {drop.index + 1} of its relabel_configs, {words(drop)}, drops the"
            f" {len(drop.outcomes)} that get furthest of the {drop.read} looked at; before it: {before}",
            where=next((_steps(case, s, drop) for s in case.servers()), ""),
        )
    )
    return tuple(found)


def _steps(case: Case, server: ServerObservation, drop: _drops.Drop) -> str:
    """Where the steps are to be seen: since 3.8 the server itself tells what each makes of a target."""
    if not at_least(server.version, 3, 8) or server.version is None:
        return _where.asked(server, "status/config")
    labels = json.dumps(dict(sorted(drop.discovered.items())))
    return _where.asked(server, "targets/relabel_steps", scrapePool=case.pool, labels=labels)


def _fix(case: Case) -> FixStep:
    ref = case.job.monitor
    if ref is None:
        return FixStep(do="Change that step, or the labels that it looks at, then reload")
    return FixStep(
        do=f"Change that relabeling of {ref} (or of its scrape class), or the labels that it looks"
        " at; Prometheus reloads by itself",
        command=f"kubectl -n {quote(ref.namespace)} edit {ref.kind.lower()} {quote(ref.name)}",
    )


RULE = Rule(
    code="all-targets-dropped",
    link=Link.KEPT,
    states=frozenset({JobState.EMPTY}),
    needs=needing(DROPPED),
    check=check,
)
