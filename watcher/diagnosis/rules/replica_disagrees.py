"""The job is lost on some servers of its Prometheus only.

## Meaning

All servers of a Prometheus have the same pools and ought to be alike; here one is worse. Queries go to
either, so that graphs have holes that come and go. What is wrong with the worse one is among the
findings, and the link shown is the one at which they part.

## Evidence

The state of the job on each server.

## Fix

That of the worse server's own cause. Where only one pod differs (an older revision, a file that is
missing in it, a reload that failed there), restarting that pod after the cause is fixed makes them
alike.

## Not to be confused with

`server-not-rolled-out`: why one server is behind; it is then the finding beneath this one. `other-shard`:
shards differ in their targets by design.
"""

from collections import Counter

from watcher.diagnosis.rule import Case, Rule
from watcher.diagnosis.rules import _targets, _where
from watcher.model.comparison import JobState
from watcher.model.findings import Evidence, Finding, FixStep, Link

_NOWHERE = (JobState.MISSING, JobState.UNSTARTED)


def check(case: Case) -> Finding | None:
    """Whether the job is worse on some servers than on others."""
    status = case.status
    known = [s for s in status.servers if s.state is not JobState.UNKNOWN]
    parted = status.disagree or len({s.state in _NOWHERE for s in known}) > 1
    affected = {s.server.name for s in case.servers()}
    worse = [s.server for s in known if s.server in affected and s.state is not JobState.HEALTHY]
    if not parted or not worse or len(worse) == len(known):
        return None
    by_name = {s.server.name: s for s in case.observation.readable}
    evidence = tuple(
        Evidence(
            seen=f"on {s.server} the job is {s.state}"
            + ("" if s.targets.active is None else f", {s.targets.up} of {s.targets.active} up"),
            where=_targets.where(case, by_name[s.server]),
        )
        for s in known
        if s.server in by_name
    )
    others = Counter(str(s.state) for s in known if s.server not in worse)
    elsewhere = ", ".join(f"{state} on {n} other{'s' * (n > 1)}" for state, n in others.items())
    return Finding(
        summary=f"{case.pool} is {case.state} on {', '.join(worse)}, and {elsewhere}",
        evidence=evidence,
        fix=(
            FixStep(do=f"Fix what is wrong on {worse[0]}: see the findings beneath this one"),
            FixStep(do="Compare what the servers have loaded", command=_compared(case)),
        ),
        conclusive=True,
        proof=", ".join(worse),
    )


def _compared(case: Case) -> str:
    servers = case.observation.readable[:4]
    return "; ".join(_where.asked(server, "status/runtimeinfo") for server in servers)


RULE = Rule(
    code="replica-disagrees",
    link=Link.INGESTED,
    states=frozenset(JobState) - {JobState.HEALTHY, JobState.DORMANT, JobState.UNKNOWN},
    needs=frozenset(),
    check=check,
)
