"""What one prometheus-operator may see and owns, by the flags of its Deployment.

Ground: prometheus-operator v0.93.0, cmd/operator/main.go and pkg/operator/config.go. Flags that
name Secrets and ConfigMaps only decide which events wake it and are not read here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from watcher.model.kube import JSONObject, KubeObject, mapping, objects, text, texts, value
from watcher.operator.selectors import Selector, parse_selector

CONTROLLER_ID: Final = "operator.prometheus.io/controller-id"
"""Annotation of a Prometheus that says which operator it belongs to."""

_FLAG: Final = re.compile(r"--?(?P<name>[a-z][-.a-z0-9]*)(?:=(?P<value>.*))?", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")

_KEYED: Final = re.compile(r"metadata\.(?P<field>annotations|labels)\['(?P<key>[^']+)'\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorScope:
    """What one operator sees; empty sets and None mean that nothing is restricted.

    ``name`` is ``namespace/name`` of its Deployment, ``version`` None where its image does not tell
    it. ``instances`` are the namespaces in which it
    looks for Prometheus resources, where ``--prometheus-instance-namespaces`` says so.
    """

    name: str
    version: str | None = None
    namespaces: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    instances: frozenset[str] = frozenset()
    instance_selector: Selector | None = None
    controller_id: str = ""

    def sees(self, namespace: str) -> bool:
        """Whether it sees monitors in *namespace*; an allowed list wins over a denied one."""
        if self.namespaces:
            return namespace in self.namespaces
        return namespace not in self.denied

    def disowns(self, prometheus: KubeObject) -> str | None:
        """Why it ignores *prometheus*, None when it looks after it."""
        namespace = prometheus.namespace
        if self.instances:
            if namespace not in self.instances:
                return f"its --prometheus-instance-namespaces leave out {namespace}"
        elif not self.sees(namespace):
            return self.blind_to(namespace)
        chosen = self.instance_selector
        if chosen is not None and not chosen.matches(prometheus.labels):
            return f"its --prometheus-instance-selector={chosen} does not match the labels"
        wanted = prometheus.annotations.get(CONTROLLER_ID, "")
        if wanted != self.controller_id:
            mine = f"its --controller-id is {self.controller_id or 'not set'}"
            return f"{mine}, the annotation {CONTROLLER_ID} is {wanted or 'not set'}"
        return None

    def blind_to(self, namespace: str) -> str:
        """The flag for which it does not see *namespace*, in words."""
        flag = "--namespaces leave out" if self.namespaces else "--deny-namespaces name"
        return f"its {flag} {namespace}"


def operator_scope(deployment: KubeObject) -> OperatorScope:
    """The scope of the operator that *deployment* runs.

    Raises FieldError for a field of a wrong type, SelectorError for a bad instance selector.
    """
    flags = _flags(deployment)
    selector = flags.get("prometheus-instance-selector", "")
    return OperatorScope(
        name=deployment.full_name,
        version=operator_version(deployment),
        namespaces=_names(flags, "namespaces"),
        denied=_names(flags, "deny-namespaces"),
        instances=_names(flags, "prometheus-instance-namespaces"),
        instance_selector=parse_selector(selector) if selector else None,
        controller_id=flags.get("controller-id", ""),
    )


def operator_version(deployment: KubeObject) -> str | None:
    """The operator's version by the tag of its image, None where that is no version."""
    for container in _containers(deployment):
        tag = (text(container, "image") or "").partition("@")[0].rpartition(":")[2]
        if re.match(r"v?\d+\.\d+", tag):
            return tag.removeprefix("v")
    return None


def operator_flags(deployment: KubeObject) -> Mapping[str, str]:
    """Every flag of the operator's container; one without a value is ``true``."""
    return _flags(deployment)


def _flags(deployment: KubeObject) -> dict[str, str]:
    flags: dict[str, str] = {}
    for container in _containers(deployment):
        pending = None
        for word in _words(container, deployment):
            found = _FLAG.fullmatch(word) if word is not None else None
            if found is None:
                if pending and word is None:
                    del flags[pending]
                elif pending and word is not None:
                    flags[pending] = word
                pending = None
                continue
            pending = found["name"] if found["value"] is None else None
            flags[found["name"]] = "true" if found["value"] is None else found["value"]
    return flags


def _words(container: JSONObject, deployment: KubeObject) -> Iterator[str | None]:
    """Command and arguments, with ``$(NAME)`` put in as Kubernetes does.

    None for a word whose variable comes from where it cannot be seen.
    """
    known = dict(_environment(container, deployment))
    # One that no variable is named for stays as it is, unless a whole ConfigMap may name it.
    unnamed = None if any(objects(container, "envFrom")) else ""
    for word in (*texts(container, "command"), *texts(container, "args")):
        hidden = any(known.get(name, unnamed) is None for name in _VARIABLE.findall(word))
        yield None if hidden else _VARIABLE.sub(lambda v: _put_in(v, known), word)


def _put_in(variable: re.Match[str], known: Mapping[str, str | None]) -> str:
    found = known.get(variable[1])
    return variable[0] if found is None else found


def _containers(deployment: KubeObject) -> Iterator[JSONObject]:
    """The operator's own container: by its image, else by its name, else the only one."""
    path = ("spec", "template", "spec", "containers")
    all_of_them = tuple(objects(deployment.raw, *path))
    for container in all_of_them:
        image = (text(container, "image") or "").partition("@")[0].rpartition("/")[2]
        if image.partition(":")[0] == "prometheus-operator":
            yield container
            return
    named = [c for c in all_of_them if text(c, "name") == "prometheus-operator"]
    yield from named[:1] or (all_of_them if len(all_of_them) == 1 else ())


def _environment(container: JSONObject, deployment: KubeObject) -> Iterator[tuple[str, str | None]]:
    """The variables of the container; None for a value that only its pod, a ConfigMap, … knows."""
    for variable in objects(container, "env"):
        name, said = text(variable, "name") or "", text(variable, "value")
        yield name, _field(variable, deployment) if said is None else said


def _field(variable: JSONObject, deployment: KubeObject) -> str | None:
    """What ``valueFrom`` puts in, where the Deployment's template tells it."""
    if value(variable, "valueFrom") is None:
        return ""
    path = text(variable, "valueFrom", "fieldRef", "fieldPath") or ""
    if path == "metadata.namespace":
        return deployment.namespace
    if (keyed := _KEYED.fullmatch(path)) is None:
        return None
    template = mapping(deployment.raw, "spec", "template", "metadata", keyed["field"])
    return text(template, keyed["key"]) or ""


def _names(flags: dict[str, str], flag: str) -> frozenset[str]:
    return frozenset(name for part in flags.get(flag, "").split(",") if (name := part.strip()))
