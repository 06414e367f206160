"""The targets' name cannot be resolved.

## Meaning

The target is a name, and the resolver that Prometheus asks knows it not, or does not answer. Targets
that Kubernetes discovers are addresses; names come from static targets, Probes and ScrapeConfigs.

## Evidence

`lastError` says `lookup NAME on SERVER: …`: `no such host` when the name is not known, `server
misbehaving` or `i/o timeout` when the resolver itself fails.

## Fix

Correct the name, or let it be known. Where the resolver fails, fix DNS: every other name of this
Prometheus will fail too.

## Not to be confused with

`discovery-unreachable`: there the names of the targets could not be asked for at all.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes, _targets
from watcher.model import shell
from watcher.model.facts import MONITOR
from watcher.model.findings import Finding, FixStep, Link

_CODE = "name-not-resolved"


def check(case: Case) -> Finding | None:
    """Whether most failing targets have names that are not resolved."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    name = found.first.error.address or _targets.host(found.first.target.url)
    unknown = "no such host" in found.first.error.text
    why = "nobody knows that name" if unknown else "the resolver does not answer"
    return Finding(
        summary=f"{found.count} of {case.pool} cannot be reached: {name} is not resolved, {why}",
        evidence=_scrapes.evidence(case, found),
        fix=(
            _advice.edit_job(case, f"Correct the name {name}, or let DNS know it")
            if unknown
            else FixStep(do="Fix the resolver that lastError names; other names will fail too"),
            _lookup(case, found, name),
        ),
        proof=name if unknown else "DNS",
    )


def _lookup(case: Case, found: _scrapes.Failures, name: str) -> FixStep:
    do = "Look the name up where Prometheus runs"
    if case.job.monitor is None:
        return FixStep(do=do, command=f"getent hosts {shell.last(name)}")
    namespace = case.job.prometheus.partition("/")[0]
    pod = found.first.server.server.name
    command = f"kubectl -n {quote(namespace)} exec {quote(pod)} -c prometheus -- nslookup {shell.last(name)}"
    return FixStep(do=do, command=command)


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
