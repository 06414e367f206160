"""The targets do not answer in time.

## Meaning

Either nothing answers (a NetworkPolicy, a firewall, a node that is gone: packets are dropped), or the
target takes the connection and needs longer than `scrapeTimeout` for its metrics.

## Evidence

`lastError` says `context deadline exceeded` or `i/o timeout`. Without the URL before it the answer
had begun and stalled: then the target is slow, not cut off. NetworkPolicies that select the pod and
admit no pod of Prometheus are named, where they can be read.

## Fix

Admit Prometheus in the NetworkPolicy; or let the exporter be faster, or raise `scrapeTimeout` (at
most `interval`).

## Not to be confused with

`connection-refused`: there the host answers, and nothing listens. `network-unreachable`: there
routing itself says no.
"""

from collections.abc import Iterator

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _policies, _scrapes, _targets, _where
from watcher.model import shell
from watcher.model.facts import MONITOR, NAMESPACES, NETWORK_POLICIES, PODS, TARGET_PODS
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject, value

_CODE = "connection-timeout"


def check(case: Case) -> Finding | None:
    """Whether most failing targets do not answer in time."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    target = found.first.target
    pod = _targets.pod_of(case, target)
    port = _targets.port(target.url)
    policies = () if pod is None else _policies.shutting_out(case, pod, port)
    begun = found.first.error.url is None
    return Finding(
        summary=_summary(case, found, policies, begun=begun),
        evidence=(
            *_scrapes.evidence(case, found),
            *_of_timeout(case, found),
            *(
                ()
                if pod is None
                else (*_targets.trouble_of(pod), *_policies.evidence(policies, pod))
            ),
        ),
        fix=tuple(_fix(case, found, policies, begun=begun)),
        proof=f"NetworkPolicy {policies[0].full_name}" if policies else _scrapes.proof(found),
    )


def _summary(
    case: Case, found: _scrapes.Failures, policies: tuple[KubeObject, ...], *, begun: bool
) -> str:
    if policies:
        return (
            f"{found.count} of {case.pool} did not answer in time: NetworkPolicy"
            f" {policies[0].full_name} does not admit Prometheus"
        )
    if begun:
        return f"{found.count} of {case.pool} began to answer and did not end in time"
    return f"{found.count} of {case.pool} did not answer in time"


def _of_timeout(case: Case, found: _scrapes.Failures) -> Iterator[Evidence]:
    running = case.running()
    timeout = value(running.raw, "scrape_timeout") if running else None
    if timeout is not None:
        server = found.first.server
        yield Evidence(
            seen=f"the scrape_timeout of {case.pool} is {timeout}",
            where=_where.asked(server, "status/config"),
        )


def _fix(
    case: Case, found: _scrapes.Failures, policies: tuple[KubeObject, ...], *, begun: bool
) -> Iterator[FixStep]:
    if policies:
        yield _policies.admit(case, policies[0], _targets.port(found.first.target.url))
        return
    yield _advice.ask(case, found)
    slow = "If it answers, only slowly: let the exporter be faster, or raise scrapeTimeout"
    yield _advice.edit_job(case, "Raise scrapeTimeout (scrape_timeout)" if begun else slow)
    if not begun:
        yield FixStep(
            do="If nothing answers: look for a NetworkPolicy (ingress of the targets, egress of"
            " Prometheus), a firewall, or a node that is gone",
            command=None
            if case.job.monitor is None
            else f"kubectl get networkpolicies -A; kubectl get nodes -o wide"
            f" | {shell.lines_with(_targets.host(found.first.target.url))}",
        )


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(TARGET_PODS, MONITOR, NETWORK_POLICIES, PODS, NAMESPACES),
    check=check,
)
