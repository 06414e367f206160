"""Pick jobs by labels: for routes, mutes and severities of the settings."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from watcher.model.comparison import JobStatus
from watcher.model.incidents import Incident
from watcher.model.kube import FieldError, JSONObject, KubeObject
from watcher.model.names import MonitorRef

Match: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of a label's name and a glob over its value; all of them must fit."""

NAMES: Final = ("prometheus", "pool", "namespace", "kind", "name", "owner", "cause", "state")
"""Labels that every job has, if only empty; those of its monitor stand beside as ``labels.NAME``."""


def labels(
    incident: Incident, status: JobStatus | None, monitor: JSONObject | None
) -> Mapping[str, str]:
    """The labels of a lost job. *status* is None once it is expected no more."""
    job = status.job if status is not None else None
    known = {
        "prometheus": incident.prometheus,
        "pool": incident.pool,
        "owner": (job.steering.owner if job else None) or "",
        "cause": incident.cause or "",
        "state": incident.state.value,
    }
    return known | of_monitor(job.monitor if job is not None else None, monitor)


def of_monitor(ref: MonitorRef | None, monitor: JSONObject | None) -> dict[str, str]:
    """The labels that a monitor gives: ``namespace``, ``kind``, ``name`` and ``labels.NAME``."""
    known = {
        "namespace": ref.namespace if ref else "",
        "kind": ref.kind.value if ref else "",
        "name": ref.name if ref else "",
    }
    return known | {f"labels.{name}": value for name, value in _own(monitor).items()}


def fits(match: Match, known: Mapping[str, str]) -> bool:
    """Whether all of *match* fit; a label that is not there is empty. Nothing fits everything."""
    return all(fnmatchcase(known.get(name, ""), pattern) for name, pattern in match)


def is_name(name: str) -> bool:
    """Whether a matcher may ask for a label of this name."""
    return name in NAMES or (name.startswith("labels.") and name != "labels.")


def _own(monitor: JSONObject | None) -> Mapping[str, str]:
    try:
        return {} if monitor is None else KubeObject(monitor).labels
    except FieldError:  # what a manifest says wrongly is told elsewhere
        return {}
