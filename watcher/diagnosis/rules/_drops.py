"""What the rules about dropped targets share: which step dropped them, and what it is for.

Of all targets that discovery gives, those that get furthest are the job's own: with the operator's
configuration the Services of a whole namespace are discovered, and its first steps drop all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watcher.diagnosis.relabel import Outcome, Step, StepError, replay, steps
from watcher.diagnosis.rule import Case
from watcher.model.facts import DROPPED
from watcher.model.observations import at_least

_OBJECT_LABELS: Final = (
    "__meta_kubernetes_service_label_",
    "__meta_kubernetes_service_labelpresent_",
    "__meta_kubernetes_pod_label_",
    "__meta_kubernetes_pod_labelpresent_",
    "__meta_kubernetes_ingress_label_",
    "__meta_kubernetes_ingress_labelpresent_",
)
PORTS: Final = {
    "__meta_kubernetes_endpoint_port_name": "port name",
    "__meta_kubernetes_endpointslice_port_name": "port name",
    "__meta_kubernetes_pod_container_port_name": "container port name",
    "__meta_kubernetes_pod_container_port_number": "container port number",
}
"""Labels by which the operator keeps one port, and what they are (operator.md 2.3)."""


class Kind(StrEnum):
    """What a step that drops targets is for.

    Selector: the labels of the monitor's selector. Port: the endpoint's port. Running: pods that
    are over. Shard: targets of other shards. Other: anything else, such as relabelings of people.
    """

    SELECTOR = "selector"
    PORT = "port"
    RUNNING = "running"
    SHARD = "shard"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """The step that dropped the targets that got furthest.

    ``outcomes`` are those targets, each with its labels before that step; ``read`` is how many
    dropped targets were looked at. ``discovered`` are the labels with which the first was found.
    """

    kind: Kind
    index: int
    step: Step
    outcomes: tuple[Outcome, ...]
    read: int
    discovered: Mapping[str, str]

    def values(self) -> tuple[str, ...]:
        """What the step matched of those targets, each once."""
        return tuple(sorted({self.step.value(outcome.labels) for outcome in self.outcomes}))


def furthest(case: Case) -> Drop | None:
    """The step at which the job's own dropped targets ended; None when none was dropped.

    Also None where the steps cannot be replayed, or would keep a target. Raises Lacking.
    """
    running = case.running()
    if running is None or not running.raw.get("relabel_configs"):
        return None
    if all(pool.dropped == 0 for _, pool in case.pools()) and any(case.pools()):
        return None
    dropped = case.read(DROPPED)
    modern = all(at_least(server.version, 3) for server in case.servers())
    try:
        chain = steps(running.raw)
        outcomes = [replay(target.labels, chain, modern=modern) for target in dropped]
    except StepError:
        return None
    ends = [o.dropped_by for o in outcomes if o.dropped_by is not None]
    if not ends or len(ends) < len(outcomes):
        return None
    last = max(ends)
    ended = [(o, t.labels) for o, t in zip(outcomes, dropped, strict=True) if o.dropped_by == last]
    ended.sort(key=lambda pair: sorted(pair[0].labels.items()))
    return Drop(
        kind=kind_of(chain, last),
        index=last,
        step=chain[last],
        outcomes=tuple(outcome for outcome, _ in ended),
        read=len(outcomes),
        discovered=ended[0][1],
    )


def kind_of(chain: tuple[Step, ...], index: int) -> Kind:
    """What one step of *chain* is for."""
    step = chain[index]
    names = step.source_labels
    if step.action not in {"keep", "drop"}:
        return Kind.OTHER
    if len(names) == 1 and names[0] in PORTS and step.action == "keep":
        return Kind.PORT
    if names == ("__meta_kubernetes_pod_phase",) and step.action == "drop":
        return Kind.RUNNING
    hashed = {e.target_label for e in chain[:index] if e.action == "hashmod"}
    if hashed & set(names) or "__tmp_current_shard" in names:
        return Kind.SHARD
    # The operator's own come before it sets the label "namespace", those of people after.
    before = not any(earlier.target_label == "namespace" for earlier in chain[:index])
    after = any(later.target_label == "namespace" for later in chain[index + 1 :])
    if before and after and names and all(name.startswith(_OBJECT_LABELS) for name in names):
        return Kind.SELECTOR
    return Kind.OTHER


def lost_on_the_way(case: Case) -> int | None:
    """How many discovered targets are neither active nor dropped; None where not told.

    Those could not be made into targets. Duplicates do not count here: one of them would be active.
    """
    found: int | None = None
    for server, pool in case.pools():
        if server.metrics is None or pool.dropped is None:
            return None
        gone = server.metrics.discovered.get(case.pool, 0) - pool.dropped - pool.active
        found = max(found or 0, gone)
    return found
