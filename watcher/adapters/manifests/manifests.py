"""What should be scraped, as manifests say it: a GitOps checkout, or one rendered file.

Expectation only: a directory knows nothing of what a cluster does.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from watcher.adapters.manifests.files import Unusable, read
from watcher.adapters.tape import LIVE, Answered, Asked, Tape
from watcher.errors import SourceUnavailable
from watcher.model.expectations import Expectations, Origin, Unreadable
from watcher.model.facts import Known, MountRecord, Unavailable
from watcher.model.kube import FieldError, JSONObject, KubeObject, mapping
from watcher.model.names import MonitorKind
from watcher.operator.deployments import runs_operator
from watcher.operator.expect import Cluster, expect
from watcher.operator.grounds import Objects

_MONITORS: Final = tuple(kind.value for kind in MonitorKind)
_NAMESPACED: Final = ("Prometheus", "PrometheusAgent", "Deployment", *_MONITORS)
_NAME_LABEL: Final = "kubernetes.io/metadata.name"
_KINDS: Final = frozenset({*_NAMESPACED, "Namespace"})


class ManifestSource:
    """Fits the port ExpectationSource, over directories and files, read through *tape*.

    *beside* answers the Prometheuses of a cluster, without monitors, for manifests that hold none;
    None where there is no cluster.
    """

    name = "manifests"

    def __init__(
        self,
        paths: Sequence[Path],
        tape: Tape = LIVE,
        beside: Callable[[], Cluster] | None = None,
    ) -> None:
        self._paths = tuple(paths)
        self._tape = tape
        self._beside = beside

    def snapshot(self, now: datetime) -> Expectations:
        """The jobs that Prometheuses in the manifests have of monitors in the manifests.

        Where the manifests hold no Prometheus, those of the cluster are asked. Raises
        SourceUnavailable when none of the files can be read. A broken document stands in
        ``unreadable`` and hides the kinds that it names; objects of other kinds are passed over.
        """
        found = [each for path in self._paths for each in self._read(path)]
        unusable = [each for each in found if isinstance(each, Unusable)]
        usable = [each for each in found if isinstance(each, KubeObject) and each.kind in _KINDS]
        if unusable and not any(isinstance(each, KubeObject) for each in found):
            raise SourceUnavailable(self.name, f"{unusable[0].place}: {unusable[0].error}")
        held = _cluster(usable)
        alone = bool(_objects(held.prometheuses) or _objects(held.agents))
        asked = expect(held, now, _no_url) if alone else self._by_cluster(held, now)
        return replace(
            asked,
            jobs=tuple(replace(job, origin=Origin.MANIFESTS) for job in asked.jobs),
            unreadable=(
                *(replace(u, source=f"{self.name}: {u.source}") for u in asked.unreadable),
                *map(_unreadable, unusable),
            ),
        )

    def _by_cluster(self, held: Cluster, now: datetime) -> Expectations:
        """What the cluster's Prometheuses select of the monitors that are *held*."""
        if not any(map(_objects, held.monitors.values())):
            return Expectations(taken_at=now)
        try:
            cluster = self._choosing()
        except SourceUnavailable as error:
            blind = Unreadable(
                source="which Prometheus selects them",
                error=error.reason,
                permission=error.permission,
                hides=(Origin.MANIFESTS.value,),
            )
            return Expectations(taken_at=now, unreadable=(blind,))
        namespaces = cluster.namespaces
        if isinstance(namespaces, Known):
            namespaces = Known(_over(namespaces.value, _objects(held.namespaces)))
        asked = expect(
            replace(cluster, monitors=held.monitors, namespaces=namespaces), now, _no_url
        )
        # The cluster itself and what of it cannot be read are told by its own source.
        own = tuple(u for u in asked.unreadable if u.source.partition(" ")[0] in _MONITORS)
        return replace(asked, prometheuses=(), unreadable=own)

    def _choosing(self) -> Cluster:
        if self._beside is None:
            raise SourceUnavailable(
                self.name,
                "they hold monitors and no Prometheus that could select them: add its manifest, or"
                " give access to the cluster that has it",
            )
        cluster = self._beside()
        for found in (cluster.prometheuses, cluster.agents):
            if isinstance(found, Unavailable):
                raise SourceUnavailable(self.name, found.reason, permission=found.permission)
        return cluster

    def changed(self, now: datetime) -> None:
        """Nothing: only a snapshot reads the files again."""

    def mounts(self, now: datetime) -> Sequence[MountRecord]:
        """None: manifests say what is asked for, not what stands."""
        del now
        return ()

    def _read(self, path: Path) -> Iterator[KubeObject | Unusable]:
        asked = Asked(source=self.name, method="READ", path=str(path))
        answered = self._tape.ask(asked, lambda: Answered(body=_packed(read(path))))
        for each in json.loads(answered.body):
            if "object" in each:
                yield KubeObject(each["object"])
            else:
                kinds = each["kinds"]
                yield Unusable(
                    place=each["place"],
                    error=each["error"],
                    kinds=None if kinds is None else frozenset(kinds),
                )


def _packed(found: Iterable[KubeObject | Unusable]) -> bytes:
    """What was read as JSON, which is what objects are."""
    packed: list[Mapping[str, object]] = [
        {"object": each.raw}
        if isinstance(each, KubeObject)
        else {
            "place": each.place,
            "error": each.error,
            "kinds": None if each.kinds is None else sorted(each.kinds),
        }
        for each in found
    ]
    return json.dumps(packed, skipkeys=True, default=str).encode("utf-8", "surrogatepass")


def _objects(found: Objects) -> Sequence[KubeObject]:
    return found.value if isinstance(found, Known) else ()


def _over(cluster: Sequence[KubeObject], held: Sequence[KubeObject]) -> tuple[KubeObject, ...]:
    """The cluster's namespaces, those that the manifests make again or with labels over them."""
    there = {_place(namespace) for namespace in cluster}
    bare = {_NAME_LABEL}
    added = (n for n in held if _place(n) not in there or set(_labels(n)) > bare)
    return (*cluster, *added)


def _labels(namespace: KubeObject) -> Mapping[str, object]:
    try:
        return mapping(namespace.raw, "metadata", "labels")
    except FieldError:
        return {}


def _no_url(pod: KubeObject, prometheus: KubeObject) -> str:
    """Manifests have no pods."""
    del pod, prometheus
    return ""


def _cluster(found: Iterable[KubeObject]) -> Cluster:
    """The objects by kind. Of two with one name the later stands, as when both are applied."""
    by_kind: dict[str, dict[tuple[str, str], KubeObject]] = {kind: {} for kind in _KINDS}
    for each in map(_placed, found):
        by_kind[each.kind][_place(each)] = each
    kinds = {kind: Known(tuple(objects.values())) for kind, objects in by_kind.items()}
    operators = tuple(d for d in kinds["Deployment"].value if runs_operator(d))
    return Cluster(
        prometheuses=kinds["Prometheus"],
        agents=kinds["PrometheusAgent"],
        monitors={kind: kinds[kind.value] for kind in MonitorKind},
        namespaces=Known(tuple(_namespaces(by_kind).values())),
        operators=Known(operators),
    )


def _namespaces(
    by_kind: Mapping[str, Mapping[tuple[str, str], KubeObject]],
) -> Mapping[str, KubeObject]:
    """The namespaces that the manifests make, and those that they use: these have but a name."""
    used = {place[0] for kind in _NAMESPACED for place in by_kind[kind]}
    made = {name: _namespace(name) for name in sorted(used)}
    return made | {name: _labelled(each) for (_, name), each in by_kind["Namespace"].items()}


def _placed(found: KubeObject) -> KubeObject:
    """*found* with the namespace that it gets when it names none."""
    metadata = found.raw.get("metadata")
    if found.kind not in _NAMESPACED or not isinstance(metadata, Mapping):
        return found
    if metadata.get("namespace") is not None:
        return found
    return KubeObject({**found.raw, "metadata": {**metadata, "namespace": "default"}})


def _place(found: KubeObject) -> tuple[str, str]:
    """Namespace and name, for a metadata of a wrong form something that is like no other."""
    try:
        return found.namespace, found.name
    except FieldError:
        return "", f"\0{id(found.raw)}"


def _namespace(name: str) -> KubeObject:
    metadata: JSONObject = {"name": name, "labels": {_NAME_LABEL: name}}
    return KubeObject({"kind": "Namespace", "apiVersion": "v1", "metadata": metadata})


def _labelled(namespace: KubeObject) -> KubeObject:
    """*namespace* with the label that the API server gives each."""
    try:
        labels = {**namespace.labels, _NAME_LABEL: namespace.name}
        metadata = {**mapping(namespace.raw, "metadata"), "labels": labels}
    except FieldError:
        return namespace
    return KubeObject({**namespace.raw, "metadata": metadata})


def _unreadable(bad: Unusable) -> Unreadable:
    kinds = set(_KINDS) if bad.kinds is None else bad.kinds
    hides = [kind for kind in _MONITORS if kind in kinds]
    if kinds & {"Prometheus", "PrometheusAgent"}:
        hides.append("Prometheus")
    return Unreadable(source=f"manifests: {bad.place}", error=bad.error, hides=tuple(hides))
