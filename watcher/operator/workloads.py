"""What wants to run: the pods that Deployments, StatefulSets and DaemonSets ask for.

Addresses tell of the pods that came. How many there should be is told by what makes them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watcher.model.kube import (
    FieldError,
    JSONObject,
    KubeObject,
    moment,
    number,
    objects,
    text,
    text_map,
)
from watcher.operator.selectors import Operator, Requirement, Selector
from watcher.operator.shelf import Shelf, shelve

KINDS: Final = ("Deployment", "StatefulSet", "DaemonSet")

_STUCK: Final = "ProgressDeadlineExceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workloads:
    """The workloads of a cluster by the labels of their pods, as of *now*.

    ``settle`` is how long one may take to bring its pods after anything of it changed.
    """

    shelf: Shelf
    now: datetime
    settle: timedelta

    def lacking(
        self,
        wanted: Selector,
        namespaces: tuple[str, ...] | None,
        serves: Callable[[KubeObject], bool],
        present: int,
    ) -> int:
        """How many pods lack of those that *wanted* selects, where *present* are there.

        Asked are the workloads whose pods *serves* takes. 0 where one of them changed lately, as in
        a rollout, and where one could not be read: it might be the one whose pods are there.
        """
        asked = self.shelf.matching(wanted, namespaces)
        try:
            found = [item.resource for item in asked or () if serves(item.resource)]
            if not all(at_rest(each, self.now, self.settle) for each in found):
                return 0
            return max(0, sum(map(pods_wanted, found)) - present)
        except FieldError:
            return 0


def workloads(found: Iterable[KubeObject], now: datetime, settle: timedelta) -> Workloads:
    """Lay out *found*, once for all monitors."""
    return Workloads(shelf=shelve(found, template_labels), now=now, settle=settle)


def selecting(labels: Mapping[str, str]) -> Selector:
    """The selector of a Service, as one of labels."""
    return Selector(tuple(Requirement(k, Operator.IN, (v,)) for k, v in sorted(labels.items())))


def template_labels(workload: KubeObject) -> Mapping[str, str]:
    """Labels of the pods that *workload* makes."""
    return text_map(workload.raw, "spec", "template", "metadata", "labels")


def containers(workload: KubeObject) -> Iterator[JSONObject]:
    """Containers of the pods that *workload* makes."""
    for key in ("containers", "initContainers"):
        yield from objects(workload.raw, "spec", "template", "spec", key)


def pods_wanted(workload: KubeObject) -> int:
    """How many pods *workload* asks for; none once its deletion is asked for.

    A Deployment at rest that has more than its replicas is stuck in a rollout: those of the new
    template are asked for, and the old ones stay until they come.
    """
    if workload.deleted_at is not None:
        return 0
    if workload.kind == "DaemonSet":
        return number(workload.raw, "status", "desiredNumberScheduled") or 0
    replicas = number(workload.raw, "spec", "replicas")
    surge = number(workload.raw, "status", "replicas") or 0 if workload.kind == "Deployment" else 0
    return max(1 if replicas is None else replicas, surge)


def at_rest(workload: KubeObject, now: datetime, settle: timedelta) -> bool:
    """Whether nobody has changed *workload* for so long, nor its controller the status.

    So a rollout that is ongoing, and a number of replicas that an autoscaler changed, is not at rest,
    and one that is stuck is. That it is stuck is written to the status, too.
    """
    seen = number(workload.raw, "status", "observedGeneration")
    if seen is not None and seen < workload.generation:
        return False
    return all(abs(now - at) >= settle for at in _changes(workload))


def _changes(workload: KubeObject) -> Iterator[datetime]:
    """When anything of it was written, as far as the API server tells."""
    conditions = tuple(objects(workload.raw, "status", "conditions"))
    stuck = any(text(each, "reason") == _STUCK for each in conditions)
    times: list[tuple[JSONObject, tuple[str, ...]]]
    times = [(workload.raw, ("metadata", "creationTimestamp"))]
    for entry in objects(workload.raw, "metadata", "managedFields"):
        if not (stuck and text(entry, "subresource") == "status"):
            times.append((entry, ("time",)))
    for condition in () if stuck else conditions:
        times += [(condition, ("lastTransitionTime",)), (condition, ("lastUpdateTime",))]
    for raw, path in times:
        if (at := moment(raw, *path)) is not None:
            yield at
