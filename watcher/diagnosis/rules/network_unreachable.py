"""There is no route to the targets.

## Meaning

Routing itself says no: there is no route, the host is down, or the address is of a network that
Prometheus's host is not in (IPv6 without an IPv6 address is a common one).

## Evidence

`lastError` says `no route to host`, `network is unreachable` or `host is down`.

## Fix

Fix the route or the node; or let the job name addresses that Prometheus can reach.

## Not to be confused with

`connection-timeout`: there packets vanish and nobody says why. `connection-refused`: there the host
is reached.
"""

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes, _targets
from watcher.model import shell
from watcher.model.facts import MONITOR
from watcher.model.findings import Finding, FixStep, Link

_CODE = "network-unreachable"


def check(case: Case) -> Finding | None:
    """Whether there is no route to most failing targets."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    host = _targets.host(found.first.target.url)
    node = FixStep(do=f"See whether {host} is up and which network it is in")
    if case.job.monitor is not None:
        command = (
            f"kubectl get nodes -o wide; kubectl get pods -A -o wide | {shell.lines_with(host)}"
        )
        node = FixStep(do=node.do, command=command)
    return Finding(
        summary=f"{found.count} of {case.pool} cannot be reached: no route to {host}",
        evidence=_scrapes.evidence(case, found),
        fix=(node, _advice.ask(case, found)),
        proof=_scrapes.proof(found),
    )


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
