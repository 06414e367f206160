"""What brings a pod that does not come: a step for the reason that it gives.

The words are those of the scheduler and of the controllers; what they name is named in the step.
"""

import json
import re
from collections.abc import Iterator
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _pods
from watcher.diagnosis.rules._pod_trouble import Trouble
from watcher.model.facts import (
    DAEMON_SETS,
    DEPLOYMENTS,
    NODES,
    TARGET_PODS,
    TARGET_STATEFUL_SETS,
    Unavailable,
)
from watcher.model.findings import FixStep
from watcher.model.kube import FieldError, KubeObject, flag, number, objects, text, text_map, texts
from watcher.operator.workloads import template_labels

NEEDS: Final = (TARGET_PODS, NODES, DEPLOYMENTS, TARGET_STATEFUL_SETS, DAEMON_SETS)

_TAINT: Final = re.compile(r"untolerated taints?(?:\(s\))? \{([^:}\s]+):")
_SHORT: Final = re.compile(r"Insufficient ([a-z0-9./-]*[a-z0-9])")
_IMAGE: Final = frozenset(
    {
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
    }
)
_CONFIG: Final = frozenset({"CreateContainerConfigError"})
_LACKS: Final = re.compile(r'(secret|configmap) "([^"]+)" not found')
_QUOTA: Final = re.compile(
    r"exceeded quota: (?P<name>[^,\s]+), requested: (?P<asked>.+), used: (?P<used>.+), limited: "
)


def bring(case: Case, pod: KubeObject) -> FixStep:
    """What brings a pod that waits: by the words of its conditions, else a look at it."""
    try:
        return next(_by_words(case, pod, _pods.condition(pod)))
    except FieldError:
        pass
    return _describe(pod)


def let_run(case: Case, trouble: Trouble) -> FixStep:
    """What lets a pod run that has an address and does not: by the reason of its container."""
    try:
        return next(_by_container(case, trouble))
    except FieldError:
        return _describe(trouble.pod)


def let_make(workload: KubeObject, said: str, lacking: int) -> FixStep:
    """What lets *workload* make *lacking* pods more, by the words of its controller."""
    quota = _QUOTA.search(said)
    return _describe(workload) if quota is None else _raise(workload, quota, lacking)


def pods(case: Case) -> tuple[KubeObject, ...]:
    """The pods where the job looks; none where they cannot be read."""
    found = case.look(TARGET_PODS)
    return () if isinstance(found, Unavailable) else found


def workloads(case: Case) -> Iterator[KubeObject]:
    """What asks for pods there, as far as it can be read."""
    for fact in (DEPLOYMENTS, TARGET_STATEFUL_SETS, DAEMON_SETS):
        found = case.look(fact)
        yield from () if isinstance(found, Unavailable) else found


def owner_of(case: Case, pod: KubeObject) -> KubeObject | None:
    """The workload that made *pod*, None where it is none of them or cannot be read."""
    return next((w for w in workloads(case) if _is_of(pod, w)), None)


def _describe(resource: KubeObject) -> FixStep:
    return FixStep(
        do=f"See why {resource.kind} {resource.full_name} does not run: its events say it",
        command=f"kubectl -n {quote(resource.namespace)} describe {quote(resource.kind.lower())}"
        f" {quote(resource.name)}",
    )


def _by_container(case: Case, trouble: Trouble) -> Iterator[FixStep]:
    pod, reason, container = trouble.pod, trouble.reason, trouble.container
    owner, whose = owner_of(case, pod), f"container {container} of pod {pod.full_name}"
    if (reason in _IMAGE or reason in _CONFIG) and owner and _others_run(case, pod, owner):
        yield _undo(owner, f"The last change of {owner.kind} {owner.full_name} brought this")
    if reason in _IMAGE:
        yield FixStep(
            do=f"Correct the image of {whose}, or let it be pulled (imagePullSecrets): {trouble.said}",
            command=(owner or pod).edit(),
        )
    if reason in _CONFIG and (lacks := _LACKS.search(trouble.said)):
        yield _make(pod, whose, lacks[1], lacks[2].rpartition("/")[2])
    if reason == "OOMKilled":
        yield _more_memory(pod, owner, container)
    if trouble.restarts:
        yield FixStep(
            do=f"Read the last words of {whose} before it ended",
            command=f"kubectl -n {quote(pod.namespace)} logs {quote(pod.name)} -c {quote(container)}"
            " --previous --tail=50",
        )
    yield _describe(pod)


def _make(pod: KubeObject, whose: str, kind: str, name: str) -> FixStep:
    where = f"kubectl -n {quote(pod.namespace)} create"
    said = "Secret" if kind == "secret" else "ConfigMap"
    made = f"{where} secret generic" if kind == "secret" else f"{where} configmap"
    return FixStep(
        do=f"Make the {said} {name} that {whose} reads, or take its mention away",
        command=f"{made} {quote(name)} --from-literal='<key>=<value>'",
    )


def _others_run(case: Case, pod: KubeObject, owner: KubeObject) -> bool:
    """Whether pods of another revision of a Deployment run, as while a rollout is stuck."""
    revision = pod.labels.get("pod-template-hash")
    return owner.kind == "Deployment" and any(
        other.labels.get("pod-template-hash") not in {None, revision} and _ready(other)
        for other in pods(case)
        if _is_of(other, owner)
    )


def _ready(pod: KubeObject) -> bool:
    return any(
        text(one, "type") == "Ready" and text(one, "status") == "True"
        for one in objects(pod.raw, "status", "conditions")
    )


def _undo(owner: KubeObject, why: str) -> FixStep:
    return FixStep(
        do=f"{why}, and pods of the one before run: take it back",
        command=f"kubectl -n {quote(owner.namespace)} rollout undo deployment {quote(owner.name)}",
    )


def _more_memory(pod: KubeObject, owner: KubeObject | None, container: str) -> FixStep:
    """Twice the limit that was too little, where that is written so that it can be doubled."""
    limit = next(
        (
            text(each, "resources", "limits", "memory")
            for each in objects(pod.raw, "spec", "containers")
            if text(each, "name") == container
        ),
        None,
    )
    whole = re.fullmatch(r"(\d+)([KMGT]i?)?", limit or "")
    now = f" (now {limit})" if limit else ""
    do = f"Give container {container} more memory than its limit{now}, or let it need less"
    if owner is None or whole is None:
        return FixStep(do=do, command=(owner or pod).edit())
    doubled = f"memory={int(whole[1]) * 2}{whole[2] or ''}"
    return FixStep(
        do=do,
        command=f"kubectl -n {quote(owner.namespace)} set resources {owner.kind.lower()}"
        f" {quote(owner.name)} -c {quote(container)}"
        f" --limits={quote(doubled)}",
    )


def _by_words(case: Case, pod: KubeObject, said: str) -> Iterator[FixStep]:
    owner, whole = owner_of(case, pod), said
    for one in objects(pod.raw, "status", "conditions"):
        if text(one, "type") == "PodScheduled" and text(one, "status") == "False":
            whole = text(one, "message") or said
    if "free ports" in whole:
        yield _of_ports(case, pod, owner)
    if owner is not None and (short := _SHORT.search(whole)):
        yield _of_short(case, pod, owner, short[1])
    if "PersistentVolumeClaim" in whole or "persistentvolumeclaim" in whole:
        yield FixStep(
            do="Give its PersistentVolumeClaim a volume: a StorageClass that makes one, or one by hand",
            command=f"kubectl -n {quote(pod.namespace)} describe pvc",
        )
    if "were unschedulable" in whole and (node := _cordoned(case, pod)):
        yield FixStep(
            do=f"Node {node} takes no new pods: let it, once whoever cordoned it is done",
            command=f"kubectl uncordon {quote(node)}",
        )
    if owner is not None and (taint := _TAINT.search(whole)):
        yield _tolerate(owner, taint[1])
    if owner is not None and "affinity" in whole:
        yield FixStep(
            do=f"No node is as {owner.kind} {owner.full_name} asks by its nodeSelector or affinity:"
            " correct it, or label a node so",
            command=owner.edit(),
        )
    yield _describe(pod)


def _of_ports(case: Case, pod: KubeObject, owner: KubeObject | None) -> FixStep:
    """A host port is taken: by whom, where that pod may be read, and another one for ours."""
    ports, node = set(_host_ports(pod)), _node_of(pod)
    for other in pods(case):
        held = ports & set(_host_ports(other))
        if held and text(other.raw, "spec", "nodeName") == (node or ""):
            return FixStep(
                do=f"Host port {min(held)} of node {node} is held by pod {other.full_name}: take that"
                " away if it is one of the same too many, else give this one another port",
                command=(owner or pod).edit(),
            )
    scope = (
        f"--field-selector=spec.nodeName={node}"
        if node
        else "--field-selector=status.phase=Running"
    )
    return FixStep(
        do=f"Host port {', '.join(map(str, sorted(ports)))} is taken{node and f' on node {node}'}:"
        " find the pod that holds it, and take one of both away or give it another port",
        command=f"kubectl get pods -A {quote(scope)} -o custom-columns=NS:.metadata.namespace,"
        "POD:.metadata.name,PORTS:.spec.containers[*].ports[*].hostPort",
    )


def _of_short(case: Case, pod: KubeObject, owner: KubeObject, resource: str) -> FixStep:
    """Too little of a resource; where older pods of it run, what they were made of is good."""
    revision = pod.labels.get("pod-template-hash")
    runs = (
        other.labels.get("pod-template-hash")
        for other in pods(case)
        if _is_of(other, owner) and text(other.raw, "status", "podIP")
    )
    if owner.kind == "Deployment" and revision and any(r != revision for r in runs if r):
        return FixStep(
            do=f"No node has as much {resource} as the last change of {owner.kind}"
            f" {owner.full_name} asks for: take it back, or add such a node",
            command=f"kubectl -n {quote(owner.namespace)} rollout undo deployment {quote(owner.name)}",
        )
    return FixStep(
        do=f"No node has as much {resource} left as {owner.kind} {owner.full_name} requests: let it"
        " request less, or add a node",
        command=owner.edit(),
    )


def _tolerate(owner: KubeObject, taint: str) -> FixStep:
    value = {"key": taint, "operator": "Exists"}
    spec = owner.raw["spec"]
    there = any(objects(spec, "template", "spec", "tolerations"))
    path = "/spec/template/spec/tolerations" + ("/-" if there else "")
    patch = json.dumps([{"op": "add", "path": path, "value": value if there else [value]}])
    return FixStep(
        do=f"Let {owner.kind} {owner.full_name} tolerate the taint {taint}, if it should run there",
        command=f"kubectl -n {quote(owner.namespace)} patch {owner.kind.lower()} {quote(owner.name)}"
        f" --type=json -p {quote(patch)}",
    )


def _raise(workload: KubeObject, quota: re.Match[str], lacking: int) -> FixStep:
    """Raise a quota by what lacks, where it counts in whole numbers."""
    asked, used = _amounts(quota["asked"]), _amounts(quota["used"])
    where = f"kubectl -n {quote(workload.namespace)}"
    do = f"ResourceQuota {workload.namespace}/{quota['name']} is used up: raise it"
    if not all(n.isdigit() for n in (*asked.values(), *used.values())) or asked.keys() - used:
        return FixStep(do=do, command=f"{where} edit resourcequota {quote(quota['name'])}")
    hard = {key: str(int(used[key]) + int(n) * max(1, lacking)) for key, n in asked.items()}
    patch = json.dumps({"spec": {"hard": hard}})
    return FixStep(
        do=do,
        command=f"{where} patch resourcequota {quote(quota['name'])} --type=merge -p {quote(patch)}",
    )


def _amounts(words: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in words.split(",") if "=" in part)


def _is_of(pod: KubeObject, workload: KubeObject) -> bool:
    try:
        labels = text_map(workload.raw, "spec", "selector", "matchLabels")
        return pod.namespace == workload.namespace and (
            (labels or template_labels(workload)).items() <= pod.labels.items()
        )
    except FieldError:
        return False


def _host_ports(pod: KubeObject) -> Iterator[int]:
    for container in objects(pod.raw, "spec", "containers"):
        for port in objects(container, "ports"):
            if (taken := number(port, "hostPort")) is not None:
                yield taken


def _node_of(pod: KubeObject) -> str:
    """The node that a DaemonSet's pod is for, empty where any would do."""
    terms = objects(
        pod.raw,
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    )
    for term in terms:
        for field in objects(term, "matchFields"):
            if text(field, "key") == "metadata.name" and (names := texts(field, "values")):
                return names[0]
    return ""


def _cordoned(case: Case, pod: KubeObject) -> str | None:
    nodes = case.look(NODES)
    meant = _node_of(pod)
    for node in () if isinstance(nodes, Unavailable) else nodes:
        if flag(node.raw, "spec", "unschedulable") and meant in {"", node.name}:
            return node.name
    return None
