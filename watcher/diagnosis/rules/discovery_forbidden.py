"""Prometheus may not list what its service discovery must read.

## Meaning

For a job by Endpoints or EndpointSlices its ServiceAccount must list and watch services, pods and
that kind in every namespace of the job, or in the whole cluster for `any: true`; one right that
lacks, and the job has no targets at all. kube-prometheus grants it in three namespaces only.

## Evidence

The API server itself, asked by SubjectAccessReviews for that ServiceAccount; else Prometheus's log
(`services is forbidden: User … cannot list resource …`).

## Fix

A Role with those rights in that namespace and a binding of it to the ServiceAccount. Targets come by
themselves within a minute, nothing restarts.

## Not to be confused with

`discovery-unreachable`: there the API server does not answer at all. `forbidden`: there the targets
refuse the scrape.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _discovery, _files, _sources
from watcher.model.comparison import JobState
from watcher.model.facts import ACCESS, LOGS, LogKind, LogLine, Unavailable
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.observations import ServerObservation

_WORDS: Final = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)"'
    r' in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)"| at the cluster scope)'
)
_ACCOUNT: Final = "system:serviceaccount:"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Lack:
    """A right that lacks; *namespace* is empty for the whole cluster."""

    user: str
    group: str
    resource: str
    namespace: str

    @property
    def words(self) -> str:
        where = f"in namespace {self.namespace}" if self.namespace else "in the whole cluster"
        return f"{self.resource} {where}"


def check(case: Case) -> Finding | None:
    """Ask the reviews, and where there are none the log."""
    blocks = _discovery.blocks(case)
    # A job that runs nowhere yet discovers as the operator will write it: within this cluster.
    new = case.running() is None and case.job.monitor is not None
    if not (blocks or new) or any(block.get("kubeconfig_file") for block in blocks):
        return None
    if _discovery.discovered(case) or _never_refused(case):
        return None
    return denied(case)


def denied(case: Case) -> Finding | None:
    """The rights that discovery lacks, whatever it found while it had them. Raises Lacking."""
    reviews = case.look(ACCESS)
    if not isinstance(reviews, Unavailable):
        lacks = {
            _Lack(user=r.user, group=r.group, resource=r.resource, namespace=r.namespace)
            for r in reviews
            if not r.allowed
        }
        return _finding(case, sorted(lacks), None) if lacks else None
    logged = dict(_logged(case))
    if not logged:
        raise Lacking(ACCESS.name, reviews)
    lacks = set(logged)
    return _finding(case, sorted(lacks), logged[min(lacks)])


def _never_refused(case: Case) -> bool:
    """Whether the server's own counter shows answers of the API server and no refusal."""
    counts = [s.metrics.kubernetes_sd_errors if s.metrics else {} for s in case.servers()]
    return bool(counts) and all(
        any(code.startswith("2") for code in each) and not {"401", "403"} & each.keys()
        for each in counts
    )


def _logged(case: Case) -> Iterator[tuple[_Lack, tuple[ServerObservation, LogLine]]]:
    """The rights that the log says to lack, of those that the job needs."""
    place = _discovery.sought(case)
    for server, line in _sources.lines(case, LogKind.DISCOVERY_FAILED):
        said = _WORDS.search(line.text)
        if said is None or place is None:
            continue
        namespace = said["namespace"] or ""
        ours = not namespace if place.namespaces is None else namespace in place.namespaces
        if ours or said["resource"] == "nodes":
            yield (
                _Lack(
                    user=said["user"],
                    group=said["group"],
                    resource=said["resource"],
                    namespace=namespace,
                ),
                (server, line),
            )


def _finding(
    case: Case, lacks: list[_Lack], line: tuple[ServerObservation, LogLine] | None
) -> Finding:
    user = lacks[0].user
    listed = ", ".join(lack.words for lack in lacks[:4])
    return Finding(
        summary=f"{user} may not list and watch {listed}, so {case.pool} finds no targets",
        evidence=tuple(_evidence(case, lacks, line)),
        fix=tuple(_fix(user, lacks)),
        confidence=Confidence.CERTAIN if line is None else Confidence.LIKELY,
        proof=f"{user} {lacks[0].namespace}",
    )


def _evidence(
    case: Case, lacks: Iterable[_Lack], line: tuple[ServerObservation, LogLine] | None
) -> Iterator[Evidence]:
    if line is not None:
        server, said = line
        yield Evidence(
            seen=said.text, where=_files.where_the_log_is(case, server, "forbidden"), at=said.at
        )
        return
    for lack in lacks:
        scope = f"-n {quote(lack.namespace)}" if lack.namespace else "-A"
        what = f"{lack.resource}.{lack.group}" if lack.group else lack.resource
        yield Evidence(
            seen=f"{lack.user} may not list and watch {lack.words}",
            where=f"kubectl auth can-i list {quote(what)} {scope} --as={quote(lack.user)}",
        )


def _fix(user: str, lacks: list[_Lack]) -> Iterator[FixStep]:
    name = "prometheus-discovery"
    account = user.removeprefix(_ACCOUNT) if user.startswith(_ACCOUNT) else None
    for namespace in sorted({lack.namespace for lack in lacks}):
        scope = f"-n {quote(namespace)} " if namespace else ""
        role = "role" if namespace else "clusterrole"
        groups = {lack.group for lack in lacks if lack.namespace == namespace}
        commands = []
        for number, group in enumerate(sorted(groups)):
            own = f"{name}-{number}" if len(groups) > 1 else name
            resources = ",".join(
                f"{lack.resource}.{group}" if group else lack.resource
                for lack in lacks
                if lack.namespace == namespace and lack.group == group
            )
            subject = f"--serviceaccount={quote(account)}" if account else f"--user={quote(user)}"
            commands.append(
                f"kubectl {scope}create {role} {own} --verb=get,list,watch --resource={quote(resources)}"
            )
            commands.append(f"kubectl {scope}create {role}binding {own} --{role}={own} {subject}")
        yield FixStep(
            do=f"Let {user} read that {f'in namespace {namespace}' if namespace else 'everywhere'}"
            " (or add it to what makes its roles, such as jsonnet or Helm); nothing restarts",
            command="; ".join(commands),
        )


RULE = Rule(
    code="discovery-forbidden",
    link=Link.DISCOVERED,
    states=frozenset({JobState.EMPTY}),
    needs=needing(ACCESS, LOGS),
    check=check,
    refines=frozenset(
        {
            "namespace-selector-ignored",
            "kubelet-sync-off",
            "endpoints-role-mismatch",
            "no-ready-endpoints",
            "no-matching-service",
            "no-matching-pods",
            "no-matching-ingress",
            "nothing-discovered",
        }
    ),
)
