"""Which NetworkPolicies stand between Prometheus and a target's pod.

Policies add up: a pod that any policy selects for ingress takes only what some policy of it admits.
Ground: Kubernetes networking.k8s.io/v1. What the CNI makes of them is not known here.
"""

import json
from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from shlex import quote

from watcher.diagnosis.rule import Case
from watcher.model.facts import NAMESPACES, NETWORK_POLICIES, PODS, Unavailable
from watcher.model.findings import Evidence, FixStep
from watcher.model.kube import (
    JSON,
    JSONObject,
    KubeObject,
    number,
    objects,
    text,
    texts,
    value,
)
from watcher.operator.selectors import selector


def shutting_out(case: Case, pod: KubeObject, port: int | None) -> tuple[KubeObject, ...]:
    """The policies that select *pod* while none of them admits Prometheus to *port*.

    Empty where one admits it, where that cannot be told, or where policies could not be read.
    """
    policies = case.look(NETWORK_POLICIES)
    if isinstance(policies, Unavailable):
        return ()
    selecting = tuple(p for p in policies if _selects(p, pod))
    sources = tuple(_prometheus_pods(case))
    if not sources:
        return ()
    admitted = [_admits(case, policy, pod, port, sources) for policy in selecting]
    return selecting if all(each is False for each in admitted) else ()


def evidence(policies: Sequence[KubeObject], pod: KubeObject) -> tuple[Evidence, ...]:
    """Each policy that selects the pod."""
    return tuple(
        Evidence(
            seen=f"NetworkPolicy {policy.full_name} selects pod {pod.name} for ingress and admits"
            " no pod of Prometheus to this port",
            where=policy.kubectl(),
        )
        for policy in policies
    )


def admit(case: Case, policy: KubeObject, port: int | None) -> FixStep:
    """A policy beside *policy* that admits the pods of the job's Prometheus to the same pods.

    Policies add up. *policy* itself may belong to an operator or a chart, which would take a change back.
    """
    namespace = case.job.prometheus.partition("/")[0]
    rule: dict[str, JSON] = {"from": [_peer(case, namespace)]}
    if port is not None:
        rule["ports"] = [{"protocol": "TCP", "port": port}]
    new: JSONObject = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{policy.name[:50]}-prometheus", "namespace": policy.namespace},
        "spec": {
            "podSelector": value(policy.raw, "spec", "podSelector") or {},
            "policyTypes": ["Ingress"],
            "ingress": [rule],
        },
    }
    return FixStep(
        do=f"Admit Prometheus ({case.job.prometheus}) by a NetworkPolicy beside {policy.full_name}"
        " (policies add up, and nobody takes this one back); it takes effect at once and restarts nothing",
        command=f"echo {quote(json.dumps(new, separators=(',', ':')))} | kubectl apply -f -",
    )


def _peer(case: Case, namespace: str) -> JSON:
    labels: dict[str, JSON] = {"kubernetes.io/metadata.name": namespace}
    peer: dict[str, JSON] = {"namespaceSelector": {"matchLabels": labels}}
    own = {"app.kubernetes.io/name", "operator.prometheus.io/name", "prometheus"}
    shared: set[tuple[str, str]] | None = None
    for pod in _prometheus_pods(case):
        items = {(k, v) for k, v in pod.labels.items() if k in own}
        shared = items if shared is None else shared & items
    if shared:
        peer["podSelector"] = {"matchLabels": dict(sorted(shared))}
    return peer


def _prometheus_pods(case: Case) -> Iterator[KubeObject]:
    pods = case.look(PODS)
    yield from () if isinstance(pods, Unavailable) else pods


def _selects(policy: KubeObject, pod: KubeObject) -> bool:
    types = texts(policy.raw, "spec", "policyTypes")
    chosen = selector(policy.raw, "spec", "podSelector")
    ingress = not types or "Ingress" in types
    return (
        ingress
        and policy.namespace == pod.namespace
        and (chosen is None or chosen.matches(pod.labels))
    )


def _admits(
    case: Case,
    policy: KubeObject,
    pod: KubeObject,
    port: int | None,
    sources: Sequence[KubeObject],
) -> bool | None:
    """Whether it admits every one of *sources*; None where that cannot be told."""
    answers: list[bool | None] = []
    for rule in objects(policy.raw, "spec", "ingress"):
        at_port = _at_port(rule, pod, port)
        peers = tuple(objects(rule, "from"))
        from_all = [_from(case, policy, peers, source) for source in sources]
        whole = [at_port, *from_all]
        answers.append(False if False in whole else None if None in whole else True)
    if True in answers:
        return True
    return None if None in answers else False


def _at_port(rule: JSONObject, pod: KubeObject, port: int | None) -> bool | None:
    ports = tuple(objects(rule, "ports"))
    if not ports:
        return True
    if port is None:
        return None
    named = {
        text(each, "name"): number(each, "containerPort")
        for container in objects(pod.raw, "spec", "containers")
        for each in objects(container, "ports")
    }
    for each in ports:
        if (text(each, "protocol") or "TCP") != "TCP":
            continue
        first = value(each, "port")
        wanted = named.get(first) if isinstance(first, str) else first
        last = number(each, "endPort") or wanted
        if first is None or (
            isinstance(wanted, int) and isinstance(last, int) and wanted <= port <= last
        ):
            return True
    return False


def _from(
    case: Case, policy: KubeObject, peers: Sequence[JSONObject], source: KubeObject
) -> bool | None:
    answers = [_is_peer(case, policy, peer, source) for peer in peers]
    if not answers or True in answers:
        return True
    return None if None in answers else False


def _is_peer(case: Case, policy: KubeObject, peer: JSONObject, source: KubeObject) -> bool | None:
    if value(peer, "ipBlock") is not None:
        return _in_block(peer, text(source.raw, "status", "podIP"))
    pods = selector(peer, "podSelector")
    if pods is not None and not pods.matches(source.labels):
        return False
    wanted = selector(peer, "namespaceSelector")
    if wanted is None:
        return source.namespace == policy.namespace
    if not wanted.requirements:
        return True
    namespaces = case.look(NAMESPACES)
    if isinstance(namespaces, Unavailable):
        return None
    found = next((n for n in namespaces if n.name == source.namespace), None)
    return None if found is None else wanted.matches(found.labels)


def _in_block(peer: JSONObject, address: str | None) -> bool | None:
    try:
        found = ip_address(address or "")
        inside = found in ip_network(text(peer, "ipBlock", "cidr") or "", strict=False)
        outside = (ip_network(o, strict=False) for o in texts(peer, "ipBlock", "except"))
        return inside and not any(found in block for block in outside)
    except ValueError:
        return None
