"""The targets are up, and nothing of their answer is stored.

## Meaning

`up` is 1, `lastError` is empty, and no series come: the target answers with an empty page, or metric
relabelling drops every sample. No alert on `up` fires.

## Evidence

`scrape_samples_post_metric_relabeling` is 0 for every target that is up. `scrape_samples_scraped` tells
which: 0 means that the answer is empty, more that metric relabelling drops it all. What the log says
of rejected samples.

## Fix

Empty answer: look at the exporter. Dropped: correct `metricRelabelings`.

## Not to be confused with

`all-targets-dropped`: there relabelling drops the targets, not their samples. `invalid-exposition`:
there the answer cannot be read, and the target is down.
"""

from collections.abc import Iterator

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _files, _scrapes, _targets
from watcher.model.facts import LOGS, MONITOR, LogKind, Unavailable
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import items
from watcher.model.observations import ServerObservation

_SCRAPED = "scrape_samples_scraped"
_STORED = "scrape_samples_post_metric_relabeling"


def check(case: Case) -> Finding | None:
    """Whether the targets that are up yield nothing."""
    found = _scrapes.failing(case, _scrapes.NO_SAMPLES)
    if found is None:
        return None
    server = next(s for s, pool in case.pools() if pool.barren)
    running = case.running()
    dropping = bool(items(running.raw, "metric_relabel_configs")) if running else False
    why = (
        "the answer is empty, or metric relabelling drops all of it"
        if dropping
        else "the answer is empty, as no metric relabelling drops anything"
    )
    return Finding(
        summary=f"{found.count} of {case.pool}: up, and no sample of it is stored; {why}",
        evidence=tuple(_evidence(case, server, found)),
        fix=tuple(_fix(case, server, dropping=dropping)),
    )


def _evidence(
    case: Case, server: ServerObservation, found: _scrapes.Failures
) -> Iterator[Evidence]:
    series = _targets.series(case)
    yield Evidence(
        seen=f"{found.barren} of {found.active} targets are up with {_STORED} 0",
        where=_targets.query(server, f"{_STORED}{series} or {_SCRAPED}{series}"),
    )
    lines = case.look(LOGS)
    for line in () if isinstance(lines, Unavailable) else lines:
        if line.kind is LogKind.SAMPLES_REJECTED and line.pool == case.pool:
            where = _files.where_the_log_is(case, server)
            yield Evidence(seen=line.text, where=where, at=line.at)


def _fix(case: Case, server: ServerObservation, *, dropping: bool) -> Iterator[FixStep]:
    if dropping:
        yield FixStep(
            do="See which it is: 0 means an empty answer, more that metric relabelling drops it",
            command=_targets.query(server, f"{_SCRAPED}{_targets.series(case)}"),
        )
        yield _advice.edit_job(case, "If it drops all: correct metricRelabelings")
    yield FixStep(
        do="If the answer is empty: see why the exporter has nothing to tell",
        command=_targets.where(case, server),
    )


RULE = Rule(
    code=_scrapes.NO_SAMPLES,
    link=Link.INGESTED,
    states=_scrapes.STATES,
    needs=needing(LOGS, MONITOR),
    check=check,
)
