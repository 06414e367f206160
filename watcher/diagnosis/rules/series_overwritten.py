"""Several targets have the same labels, so that they write the same series.

## Meaning

All are up, and of each series one sample stays where several are sent: the values jump between the
targets, `up` tells of one of them only, and samples are refused as out of order or as duplicates. A
`replace` gives all targets the same `instance`, or two jobs scrape one exporter. (`labeldrop` of `instance`
in `relabelings` does no harm: Prometheus sets one that lacks afterwards.)

## Evidence

Active targets with the same labels, and fewer series with these labels than the targets store samples
(`scrape_samples_post_metric_relabeling`). Jobs with `honorLabels`, or with metric relabelling that
changes labels, are not judged.

## Fix

Give each target its own `instance` again, as the last relabelling step. Of two jobs that scrape the same
address, take out one.

## Not to be confused with

Targets with the same labels that tell different things, as two paths of one program: nothing is stored
twice. Replicas of a Prometheus scrape the same targets, each for itself.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _targets
from watcher.model.comparison import JobState
from watcher.model.facts import MONITOR
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import items, objects, text
from watcher.model.observations import ScrapePool, ServerObservation

_OWN: Final = {"sourceLabels": ["__address__"], "targetLabel": "instance"}


def check(case: Case) -> Finding | None:
    """Whether targets of the job write what others write, too."""
    found = next(((s, pool) for s, pool in case.pools() if pool.overwritten), None)
    if found is None:
        return None
    server, pool = found
    differ = len({_address(url) for url in pool.alike}) > 1
    why = "though their addresses differ" if differ else "as they scrape the same address"
    return Finding(
        summary=f"{pool.overwritten} of {pool.active} targets of {case.pool} write the same series as"
        f" another target: their labels are the same, {why}",
        evidence=tuple(_evidence(case, server, pool)),
        fix=tuple(_fix(case, pool, differ=differ)),
        confidence=Confidence.LIKELY,
    )


def _address(url: str) -> str:
    return urlsplit(url).netloc


def _evidence(case: Case, server: ServerObservation, pool: ScrapePool) -> Iterator[Evidence]:
    yield Evidence(
        seen=f"the same labels: {', '.join(pool.alike)}", where=_targets.where(case, server)
    )
    yield Evidence(
        seen="there are fewer series with these labels than samples that the targets store",
        where=_targets.query(server, f"count({_targets.series(case)})"),
    )
    running = case.running()
    for step in () if running is None else objects(running.raw, "relabel_configs"):
        action, label = text(step, "action"), text(step, "target_label")
        if action in {"labeldrop", "labelkeep"} or label == "instance":
            shown = f"{action} {label or text(step, 'regex')}"
            yield Evidence(
                seen=f"relabelling step {shown} changes what tells targets apart",
                where=_targets.where(case, server),
            )


def _fix(case: Case, pool: ScrapePool, *, differ: bool) -> Iterator[FixStep]:
    if not differ and len(pool.alike) == 1:
        yield _advice.edit_job(case, f"Take out one of the jobs that scrape {pool.alike[0]}")
        return
    if not differ:
        yield _advice.edit_job(case, "Give each of these URLs a label of its own by relabelling")
        return
    endpoint = _advice.endpoint_of(case)
    listed = () if endpoint is None else items(endpoint, "relabelings")
    do = "Give each target its own instance again, as the last step of relabelling"
    step = _advice.set_endpoint(case, "relabelings", [*listed, _OWN], do)
    yield step or _advice.edit_job(
        case, f"{do}: source_labels [__address__], target_label instance"
    )


RULE = Rule(
    code="series-overwritten",
    link=Link.INGESTED,
    states=frozenset({JobState.DEGRADED}),
    needs=needing(MONITOR),
    check=check,
)
