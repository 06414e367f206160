"""The targets are up, and nothing of their answer is stored.

## Meaning

`up` is 1, `lastError` is empty, and no series come: the target answers with an empty page, metric
relabelling drops every sample, or the server refuses them all, as their own timestamps are too old or
too far in the future. No alert on `up` fires.

## Evidence

`scrape_samples_post_metric_relabeling` is 0 for every target that is up. `scrape_samples_scraped` tells
which: 0 means that the answer is empty, more that metric relabelling drops it all. Of timestamps:
`prometheus_target_scrapes_sample_out_of_bounds_total` is not 0, and the TSDB has no series of the target
but those of the scrape itself (asked up to 200,000 series, of jobs that rewrite no labels of samples);
the log names the job.

## Fix

Empty answer: look at the exporter. Dropped: correct `metricRelabelings`. Timestamps: correct the
exporter's clock, or set `honorTimestamps: false`.

## Not to be confused with

A *dormant* job whose own `metricRelabelings` drop all that its targets tell, and always did: that is
as its owner wrote it. `server-stores-nothing`: there nothing of any job is stored. `all-targets-dropped`: there relabelling drops the targets, not their samples. `invalid-exposition`:
there the answer cannot be read, and the target is down.
"""

from collections.abc import Iterator

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _files, _scrapes, _targets, _where
from watcher.model.facts import LOGS, MONITOR, LogKind, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import items
from watcher.model.observations import ServerObservation

_SCRAPED = "scrape_samples_scraped"
_STORED = "scrape_samples_post_metric_relabeling"


def check(case: Case) -> Finding | None:
    """Whether the targets that are up yield nothing."""
    found = _scrapes.failing(case, _scrapes.NO_SAMPLES)
    if found is None or any(server.stores_nothing for server in case.servers()):
        return None
    server = next(s for s, pool in case.pools() if pool.barren)
    if any(pool.refused for _, pool in case.pools()):
        return _of_other_times(case, server, found)
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


def _of_other_times(case: Case, server: ServerObservation, found: _scrapes.Failures) -> Finding:
    """Certain where the log says it of this job."""
    said = tuple(_in_log(case, server))
    series = _targets.series(case)
    edit = "If it must send timestamps that are off: set honorTimestamps to false, which takes the time"
    return Finding(
        summary=f"{found.count} of {case.pool}: up, and no sample of it is stored; the server refuses"
        " samples whose own timestamps are too old or too far in the future",
        evidence=(
            Evidence(
                seen=f"{found.barren} of {found.active} targets are up, and there is no other series of"
                " theirs",
                where=_targets.query(server, f"count by (__name__) (last_over_time({series}[1h]))"),
            ),
            Evidence(
                seen="the server refused samples for their time",
                where=_where.own_metrics(server, "sample_out_of_bounds_total"),
            ),
            *said,
        ),
        fix=(
            FixStep(
                do="See the timestamps behind the values, and correct the exporter's clock",
                command=_targets.where(case, server),
            ),
            _advice.edit_job(case, f"{edit} of the scrape"),
        ),
        confidence=Confidence.CERTAIN if said else Confidence.LIKELY,
    )


def _evidence(
    case: Case, server: ServerObservation, found: _scrapes.Failures
) -> Iterator[Evidence]:
    series = _targets.series(case)
    yield Evidence(
        seen=f"{found.barren} of {found.active} targets are up with {_STORED} 0",
        where=_targets.query(server, f"{_STORED}{series} or {_SCRAPED}{series}"),
    )
    yield from _in_log(case, server)


def _in_log(case: Case, server: ServerObservation) -> Iterator[Evidence]:
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
