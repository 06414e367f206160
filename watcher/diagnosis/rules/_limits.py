"""What the rules about limits share: who set the limit, how high it is, and where it is raised.

The operator gives a job the smaller of the monitor's own limit and the enforced one of the
Prometheus resource (operator.md 2.3); with Prometheus 2.45 or later one that only the resource sets
stands in the global section.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _advice, _scrapes, _targets
from watcher.model.facts import PROMETHEUS, Unavailable
from watcher.model.findings import Evidence, Finding, FixStep
from watcher.model.kube import JSON, KubeObject, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit: *running* in the scrape configuration, *own* of a monitor, *enforced* above."""

    running: str
    own: str
    enforced: str


def finding(
    case: Case, found: _scrapes.Failures, limit: Limit, what: str, actual: str | None
) -> Finding:
    """That *what* (``samples``) exceeds *limit*; *actual* is a query that shows how many there are.

    The numbers are Prometheus's own where lastError has them.
    """
    error = found.first.error
    number = _running(case, limit) if error.limit is None else error.limit
    many = f"{error.actual} {what}" if error.actual is not None else f"more {what} than allowed"
    at_most = "" if number is None else f"; {limit.running} is {number}"
    evidence = [*_scrapes.evidence(case, found), *_of_owner(case, limit)]
    if actual is not None:
        server = found.first.server
        evidence.append(
            Evidence(
                seen="how many there are, the server's own series tell",
                where=_targets.query(
                    server, f"{actual}{_targets.series(case, found.first.target)}"
                ),
            )
        )
    return Finding(
        summary=f"{found.count} of {case.pool} gave {many}{at_most}",
        evidence=tuple(evidence),
        fix=tuple(fix(case, limit)),
    )


def fix(case: Case, limit: Limit) -> Iterator[FixStep]:
    """Where the limit is raised: with whoever set it."""
    owner, field = _owner(case, limit)
    if owner is None:
        yield _advice.edit_job(case, f"Raise {limit.own} ({limit.running}), or let there be fewer")
        return
    yield FixStep(
        do=f"Raise {field} of {owner.kind} {owner.full_name}, which is {value(owner.raw, 'spec', field)}"
        " (Prometheus reloads by itself), or let there be fewer",
        command=f"kubectl -n {quote(owner.namespace)} edit {owner.kind.lower()} {quote(owner.name)}",
    )


def _running(case: Case, limit: Limit) -> JSON:
    running = case.running()
    return value(running.raw, limit.running) if running else None


def _of_owner(case: Case, limit: Limit) -> Iterator[Evidence]:
    owner, field = _owner(case, limit)
    if owner is not None:
        seen = f"{owner.kind} {owner.full_name} sets {field}: {value(owner.raw, 'spec', field)}"
        yield Evidence(seen=seen, where=owner.kubectl())


def _owner(case: Case, limit: Limit) -> tuple[KubeObject | None, str]:
    """Whose limit it is, and the field: the monitor's own one, unless the enforced is smaller."""
    monitor, prometheus = _advice.monitor_of(case), case.look(PROMETHEUS)
    own = value(monitor.raw, "spec", limit.own) if monitor else None
    above = None if isinstance(prometheus, Unavailable) else prometheus
    enforced = value(above.raw, "spec", limit.enforced) if above else None
    smaller = isinstance(own, int) and isinstance(enforced, int) and 0 < enforced < own
    if own and not smaller and monitor is not None:
        return monitor, limit.own
    if enforced:
        return above, limit.enforced
    default = value(above.raw, "spec", limit.own) if above else None
    return (above, limit.own) if default else (None, limit.own)
