"""The job's targets belong to another shard than the one that is looked at: nothing is lost.

## Meaning

With `spec.shards` above one every server has all pools, and relabelling leaves each its share of the
targets. A job with few targets has none on some shard; a shard that was scaled away and is kept for
its data (`retained`) has none at all, by design.

## Evidence

The dropped targets, replayed, end at the step that keeps only this shard's; or the only server that
can be read is a retained shard.

## Fix

Watch all shards of the Prometheus, so that the job is seen as a whole.

## Not to be confused with

`all-targets-dropped`: there no server keeps the targets.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _drops, all_targets_dropped
from watcher.model.comparison import JobState
from watcher.model.facts import DROPPED
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link


def check(case: Case) -> Finding | None:
    """See whether the servers are retained, else at which step the targets end."""
    servers = tuple(case.servers())
    if servers and all(server.server.retained for server in servers):
        names = ", ".join(server.server.name for server in servers)
        return Finding(
            summary=f"{names} is kept for its data only: a shard beyond spec.shards has no targets",
            evidence=(
                Evidence(
                    seen=f"{names} is a shard beyond spec.shards of {case.job.prometheus}",
                    where=f"kubectl -n {quote(case.job.prometheus.partition('/')[0])} get prometheus"
                    " -o jsonpath='{.items[*].spec.shards}'",
                ),
            ),
            fix=(FixStep(do="See why no pod of the other shards can be seen"),),
        )
    drop = _drops.furthest(case)
    if drop is None or drop.kind is not _drops.Kind.SHARD:
        return None
    return Finding(
        summary=f"the targets of {case.pool} belong to other shards: relabelling keeps"
        f" {drop.step.regex!r} here and sees {all_targets_dropped.shown(drop)}",
        evidence=all_targets_dropped.evidence(case, drop),
        fix=(FixStep(do="Let the watcher see all shards of the Prometheus: name each server"),),
        confidence=Confidence.CERTAIN,
        conclusive=True,
    )


RULE = Rule(
    code="other-shard",
    link=Link.KEPT,
    states=frozenset({JobState.EMPTY}),
    needs=needing(DROPPED),
    check=check,
    refines=frozenset({"all-targets-dropped", "port-not-found", "pods-not-running"}),
)
