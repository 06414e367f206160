"""What the rules of the link *reconciled* share: what the operator wrote of its own work."""

from typing import Final

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _monitor
from watcher.model.facts import PROMETHEUS
from watcher.model.findings import Evidence
from watcher.model.kube import JSONObject, KubeObject, moment, number, objects, text

OTHERS: Final = (
    "unmanaged-configuration",
    "prometheus-paused",
    "reconcile-failing",
    "operator-down",
    "scrapeconfig-unsupported",
    "operator-stale",
)
"""The codes of this link, each a narrower or nearer word than those that follow it."""


def after(code: str) -> frozenset[str]:
    """What *code* refines: all that come after it."""
    return frozenset(OTHERS[OTHERS.index(code) + 1 :])


def prometheus_of(case: Case) -> KubeObject | None:
    """The Prometheus of a job whose configuration is behind; None where there is nothing to ask.

    Raises Lacking when it could not be read.
    """
    if not _monitor.concerned(case) or _monitor.of_no_cluster(case, PROMETHEUS):
        return None
    return case.read(PROMETHEUS)


def reconciled(prometheus: KubeObject) -> JSONObject | None:
    """The condition ``Reconciled``, written since v0.56; None where it is not there."""
    for condition in objects(prometheus.raw, "status", "conditions"):
        if text(condition, "type") == "Reconciled":
            return condition
    return None


def behind(prometheus: KubeObject) -> bool:
    """Whether the operator has not yet acted on the resource as it stands."""
    condition = reconciled(prometheus)
    seen = number(condition, "observedGeneration") if condition else None
    return seen is not None and seen < prometheus.generation


def evidence(prometheus: KubeObject, seen: str) -> Evidence:
    """What the resource's condition says, and since when."""
    condition = reconciled(prometheus)
    return Evidence(
        seen=seen,
        where=prometheus.kubectl("-o jsonpath='{.status.conditions}'"),
        at=moment(condition, "lastTransitionTime") if condition else None,
    )
