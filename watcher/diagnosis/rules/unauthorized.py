"""The targets do not know who asks: HTTP status 401.

## Meaning

The target wants credentials, and Prometheus sends none, or such as the target does not take. A kubelet
answers so to a ServiceAccount's token unless it runs with `--authentication-token-webhook`.

## Evidence

`lastError` says `401 Unauthorized`, or an OAuth2 server refuses the token. Which credentials the
running job sends.

## Fix

Where the target asks Kubernetes (kubelet, control plane, kube-rbac-proxy): send Prometheus's own token. Else
let the job send credentials that the target takes: `authorization`, `basicAuth` or `oauth2` with a
Secret. Kubelet: `--authentication-token-webhook=true --authorization-mode=Webhook`.

## Not to be confused with

`forbidden`: there the target knows who asks, and does not allow it. `credentials-file-missing`: there
Prometheus itself cannot read what it should send.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import (
    _advice,
    _credentials,
    _known_ports,
    _query_in_path,
    _scrapes,
    _targets,
    _where,
)
from watcher.diagnosis.wording_of_last_errors import LastErrorKind
from watcher.model.facts import MONITOR, PROMETHEUS, TARGET_PODS
from watcher.model.findings import Evidence, Finding, FixStep, Link

_CODE = "unauthorized"


def check(case: Case) -> Finding | None:
    """Whether most failing targets ask for credentials."""
    found = _scrapes.failing(case, _CODE)
    if found is None:
        return None
    sent = _credentials.credentials_of(case)
    if found.first.error.kind is LastErrorKind.TOKEN_NOT_GIVEN:
        summary = f"the OAuth2 server gives no token for {case.pool}"
    else:
        but = f"the job sends {sent}, which is refused" if sent else "the job sends no credentials"
        summary = f"{found.count} of {case.pool} answered 401 Unauthorized: {but}"
    return Finding(
        summary=summary,
        evidence=(*_scrapes.evidence(case, found), _of_job(case, found, sent)),
        fix=tuple(_fix(case, found, sent)),
        proof=_scrapes.proof(found),
    )


def _of_job(case: Case, found: _scrapes.Failures, sent: str | None) -> Evidence:
    return Evidence(
        seen=f"the running configuration of {case.pool} sends {sent or 'no credentials'}",
        where=_where.asked(found.first.server, "status/config"),
    )


def _fix(case: Case, found: _scrapes.Failures, sent: str | None) -> Iterator[FixStep]:
    yield from _query_in_path.moved(case)
    pod = _targets.pod_of(case, found.first.target)
    proxy = _credentials.rbac_proxy_of(pod)
    if pod is not None and proxy and sent is not None:
        yield FixStep(
            do=f"Read why {proxy} does not take the token: it asks the API server (TokenReview), which"
            " its ServiceAccount may not do, or by a version that this Kubernetes has not"
            " any more (before kube-rbac-proxy 0.11: v1beta1, gone in 1.22)",
            command=f"kubectl -n {quote(pod.namespace)} logs {quote(pod.name)} -c {quote(proxy)} --tail=20",
        )
    if sent is not None and _targets.port(found.first.target.url) == _targets.KUBELET:
        yield FixStep(
            do="If this is a kubelet: run it with --authentication-token-webhook=true and"
            " --authorization-mode=Webhook (authentication.webhook.enabled and authorization.mode"
            " in its configuration file)",
        )
    port = _targets.port(found.first.target.url)
    if sent is None and (proxy or _known_ports.asks_api_server(port)):
        yield from _known_ports.own_token(case)
    if sent is None:
        yield _advice.edit_job(case, "Send credentials: authorization, basicAuth or oauth2")
    else:
        yield _advice.edit_job(case, f"See where {sent} comes from, and renew it")
    yield _advice.ask(case, found)


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PROMETHEUS, TARGET_PODS),
    check=check,
)
