"""The proxy through which the targets are scraped refuses.

## Meaning

The job has a `proxyUrl`, or takes the proxy of Prometheus's environment, and the proxy wants credentials
(407), or makes no connection to the targets. Targets in the cluster are mostly not meant to be asked
through a proxy at all.

## Evidence

`lastError` says `407 Proxy Authentication Required`, or, for targets asked by https, the bare words of the
proxy: `Proxy Authentication Required`, `Forbidden`, `Bad Gateway`. The running job's proxy.

## Fix

Take the targets from the proxy: drop `proxyUrl`, or name them in `noProxy`. If they are behind it: send
`Proxy-Authorization` by `proxyConnectHeader` from a Secret (https), or let the proxy admit Prometheus.

## Not to be confused with

`unauthorized`, `forbidden`: there the target itself refuses. `connection-refused` says so too where the
proxy does not even listen.
"""

from collections.abc import Iterator

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _scrapes, _where
from watcher.model.facts import MONITOR
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import text

_CODE = "proxy-refused"


def check(case: Case) -> Finding | None:
    """Whether a proxy refuses most failing targets."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    running = case.running()
    proxy = text(running.raw, "proxy_url") if running else None
    through = Evidence(
        seen=f"the running job asks through {proxy}"
        if proxy
        else "the running job names no proxy: Prometheus takes that of its environment, if any",
        where=_where.asked(found.first.server, "status/config"),
    )
    said = found.first.error.text.rpartition(": ")[2].removeprefix("server returned HTTP status ")
    return Finding(
        summary=f"the proxy through which {found.count} of {case.pool} are asked refuses: {said}",
        evidence=(*_scrapes.evidence(case, found), through),
        fix=tuple(_fix(case)),
        proof=proxy or "",
    )


def _fix(case: Case) -> Iterator[FixStep]:
    without = _advice.drop_endpoint(
        case, "proxyUrl", "If the targets can be reached without it: drop the proxy of the endpoint"
    )
    yield without or _advice.edit_job(
        case,
        "If the targets can be reached without the proxy: drop proxyUrl (proxy_url), or name"
        " them in noProxy (no_proxy)",
    )
    yield _advice.edit_job(
        case,
        "Else let the proxy admit Prometheus: for https send Proxy-Authorization by"
        " proxyConnectHeader (proxy_connect_header), from a Secret",
    )


RULE = Rule(
    code=_CODE, link=Link.SCRAPED, states=_scrapes.STATES, needs=needing(MONITOR), check=check
)
