"""There are fewer targets than there should be or used to be, and those that are there are well.

## Meaning

Part of the job is lost: the Services and pods there are would give more targets than the pool has;
Deployments, StatefulSets and DaemonSets ask for more pods than there are (and nothing of them changed
within `settle`, so it is no rollout); or the owner (`watcher/min-targets`), a pinned job or the number of nodes asks for more. Where nobody says
how many there should be, there are fewer than there used to be; that may be meant, so it is only
possible, and after a day it is taken as meant.

## Evidence

The number of active targets against the expected one, and how many were dropped. Which addresses
behind the Services, or of the pods, are no targets, pods that do not come with their own reason (a
host port that is taken, a taint, a quota, too little memory), and nodes that are not ready, where
they can be read.

## Fix

Endpoints that Kubernetes cut at 1000 addresses: let Prometheus discover by EndpointSlices. Bring the pods that do not come: the first step is for the reason that they give. Else compare the
pool's targets with the addresses there are, and look at what lacks.

## Not to be confused with

`no-ready-endpoints`, `no-matching-service`: there no target is left. Any cause of the link scraped:
there targets are down, not gone.
"""

from collections.abc import Iterator
from shlex import quote
from typing import Final, TypeVar

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _absent_pods, _advice, _credentials, _discovery, _targets
from watcher.model.comparison import JobState
from watcher.model.facts import (
    ACTIVE,
    ENDPOINT_SLICES,
    ENDPOINTS,
    MONITOR,
    NODES,
    PROMETHEUS,
    SERVICES,
    TARGET_PODS,
    Availability,
    Known,
    Unavailable,
)
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import FieldError, KubeObject
from watcher.operator.counts import wanted_addresses
from watcher.operator.grounds import Sources, grounds

T = TypeVar("T")

_OVER_CAPACITY: Final = "endpoints.kubernetes.io/over-capacity"
SHOWN: Final = 8
"""How many addresses that lack are named."""


def check(case: Case) -> Finding | None:
    """Whether targets lack, while none is down."""
    counts = case.status.targets
    said = max(counts.expected or 0, case.job.steering.min_targets or 0)
    wanted = said or counts.before or 0
    if counts.active is None or counts.active >= wanted or counts.down:
        return None
    lacks = f"{wanted} are expected" if said else f"there used to be {wanted}"
    server = next(case.servers(), None)
    if server is None:
        return None
    where = _targets.where(case, server)
    dropped = sum(pool.dropped or 0 for _, pool in case.pools())
    active = f"{counts.active} target{'' if counts.active == 1 else 's'}"
    evidence = [
        Evidence(
            seen=f"{active} {'is' if counts.active == 1 else 'are'} active, {lacks}", where=where
        )
    ]
    if dropped:
        evidence.append(
            Evidence(seen=f"{dropped} targets were dropped by relabelling", where=where)
        )
    absent = _absent_pods.absent(case, wanted - counts.active)
    cut = _cut(case)
    why = absent.why if absent else f"Endpoints {cut.full_name} are cut at 1000" if cut else ""
    return Finding(
        summary=f"{case.pool} has {active} where {lacks}" + (f": {why}" if why else ""),
        evidence=(
            *evidence,
            *(_of_cut(cut) if cut else ()),
            *(absent.evidence if absent else ()),
            *_gone(case),
            *_not_ready(case),
        ),
        fix=(
            *((absent.step,) if absent else ()),
            *(_by_slices(case) if cut else ()),
            _compare(case, where),
        ),
        confidence=Confidence.LIKELY if said else Confidence.POSSIBLE,
    )


def _cut(case: Case) -> KubeObject | None:
    """Endpoints behind the job that hold no more than 1000 addresses of all that there are."""
    try:
        found = _discovery.services(case)
        behind = () if found is None else _discovery.behind(case, found, found.sought.role)
        return next((e for e in behind if e.annotations.get(_OVER_CAPACITY) == "truncated"), None)
    except (Lacking, FieldError):
        return None


def _of_cut(endpoints: KubeObject) -> Iterator[Evidence]:
    yield Evidence(
        seen=f"Endpoints {endpoints.full_name} have the annotation {_OVER_CAPACITY}: truncated: Kubernetes"
        " (1.22 and later) keeps 1000 addresses in such an object, and all of them in EndpointSlices",
        where=endpoints.kubectl(),
    )


def _by_slices(case: Case) -> Iterator[FixStep]:
    """Let Prometheus look into EndpointSlices: first the right to, without which all jobs are lost."""
    prometheus, account = case.look(PROMETHEUS), _credentials.account_of(case)
    if isinstance(prometheus, Unavailable) or prometheus is None:
        return
    namespace, _, name = account.removeprefix("system:serviceaccount:").partition(":")
    yield FixStep(
        do=f"Let {account} read EndpointSlices; without that right all jobs would lose their targets at the"
        " next step",
        command="kubectl create clusterrole prometheus-endpointslices --verb=get,list,watch"
        " --resource=endpointslices.discovery.k8s.io; kubectl create clusterrolebinding"
        f" prometheus-endpointslices --clusterrole=prometheus-endpointslices"
        f" --serviceaccount={quote(f'{namespace}:{name}')}",
    )
    do = "Then let it discover by EndpointSlices (operator 0.76 and later)"
    yield _advice.set_spec(prometheus, "serviceDiscoveryRole", "EndpointSlice", do)


def _gone(case: Case) -> Iterator[Evidence]:
    """The addresses that are asked for and are no targets."""
    monitor, prometheus, active = case.look(MONITOR), case.look(PROMETHEUS), case.look(ACTIVE)
    if (
        not isinstance(monitor, KubeObject)
        or not isinstance(prometheus, KubeObject)
        or isinstance(active, Unavailable)
        or case.job.endpoint is None
    ):
        return
    read = Sources(
        services=_known(case.look(SERVICES)),
        endpoints=_known(case.look(ENDPOINTS)),
        slices=_known(case.look(ENDPOINT_SLICES)),
        pods=_known(case.look(TARGET_PODS)),
    )
    laid = grounds(read)
    wanted = wanted_addresses(monitor, prometheus, case.job.endpoint, laid)
    gone = sorted({str(a): a for a in wanted or () if str(a) not in active}.items())
    for address, behind in gone[:SHOWN]:
        pod = f" (pod {behind.pod})" if behind.pod else ""
        yield Evidence(
            seen=f"{address}{pod} is asked for and is no target",
            where=f"kubectl -n {quote(monitor.namespace)} get endpointslices,pods -o wide",
        )
    if len(gone) > SHOWN:
        yield Evidence(
            seen=f"likewise {len(gone) - SHOWN} more",
            where=f"kubectl -n {quote(monitor.namespace)} get endpointslices,pods -o wide",
        )


def _known(found: T | Unavailable) -> Availability[T]:
    return found if isinstance(found, Unavailable) else Known(found)


def _not_ready(case: Case) -> Iterator[Evidence]:
    """Nodes that are not ready, where the job is of every node; each one gone lacks here."""
    if case.job.pin is None or case.job.pin.least is not None:
        return
    nodes = case.look(NODES)
    for node in () if isinstance(nodes, Unavailable) else nodes:
        if not _targets.ready(node):
            yield Evidence(seen=f"node {node.name} is not ready", where=node.kubectl())


def _compare(case: Case, where: str) -> FixStep:
    monitor = case.job.monitor
    if monitor is None:
        return FixStep(do="Compare the targets there are with those that should be", command=where)
    return FixStep(
        do="Compare the targets there are with the addresses behind the monitor's Services",
        command=f"kubectl -n {quote(monitor.namespace)} get endpointslices,pods -o wide; {where}",
    )


RULE = Rule(
    code="fewer-targets",
    link=Link.KEPT,
    states=frozenset({JobState.DEGRADED}),
    needs=needing(ACTIVE, ENDPOINTS, ENDPOINT_SLICES, *_absent_pods.NEEDS),
    check=check,
)
