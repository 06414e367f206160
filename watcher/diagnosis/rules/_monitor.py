"""What the rules of the first links share: the job's monitor, and when a rule is concerned at all."""

from datetime import datetime, timedelta
from typing import Final

from watcher.diagnosis.rule import AnyFact, Case
from watcher.diagnosis.rules import _where
from watcher.model.comparison import LOST, JobState
from watcher.model.facts import MONITOR, Known
from watcher.model.findings import Evidence
from watcher.model.kube import KubeObject, moment, objects, text
from watcher.model.observations import ServerObservation

NOT_LOADED: Final = LOST | {JobState.DEGRADED}
"""States in which the running configuration may lack what is asked for: all of it, or a change."""


def concerned(case: Case) -> bool:
    """Whether the configuration lacks the job, or has it otherwise than its object asks."""
    return case.state is JobState.MISSING or case.outdated


def lacks(case: Case) -> str:
    """In words, what the running configuration lacks."""
    running, job = case.running(), case.job
    if running is None:
        if case.job.monitor is None and any(server.includes for server in case.servers()):
            return (
                f"{case.pool} has no scrape pool, and nothing shows it in the running configuration"
            )
        return f"{case.pool} is not in the running configuration"
    asked = f"{job.scheme or running.scheme} {job.path or running.path}"
    return (
        f"{case.pool} runs as {running.scheme} {running.path}, and {job.monitor} asks for {asked}"
    )


def running_configuration(server: ServerObservation, seen: str) -> Evidence:
    """What was seen in the running configuration of *server*."""
    return Evidence(
        seen=f"{seen} (server {server.server.name})",
        where=_where.asked(server, "status/config"),
        at=server.loaded_at,
    )


def monitor_of(case: Case) -> KubeObject | None:
    """The job's monitor; None when it is gone, or when the job comes from none.

    Raises Lacking when it could not be read.
    """
    return None if case.job.monitor is None else case.read(MONITOR)


def last_write(resource: KubeObject) -> tuple[datetime | None, str | None]:
    """When anything but the status was last written, and by which field manager."""
    entries = [
        (at, text(entry, "manager"))
        for entry in objects(resource.raw, "metadata", "managedFields")
        if text(entry, "subresource") != "status" and (at := moment(entry, "time")) is not None
    ]
    return max(entries, key=lambda entry: entry[0], default=(None, None))


def duration(span: timedelta) -> str:
    """A span of time as people say it: ``2 min 10 s``, ``3 h 5 min``, ``9 d 4 h``."""
    seconds = max(0, int(span.total_seconds()))
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for unit, size in units:
        if seconds >= size or parts:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
    shown = [part for part in parts[:2] if not part.startswith("0 ")]
    return " ".join(shown) or "0 s"


def reload_fails(server: ServerObservation) -> bool:
    """Whether the server's last reload failed, by its API or by its own metrics."""
    metrics = server.metrics
    return not server.reload_ok or (metrics is not None and metrics.reload_successful is False)


def of_no_cluster(case: Case, fact: AnyFact) -> bool:
    """Whether the job may be of a Prometheus that no API server knows, so that *fact* is no lack.

    So is a job of no monitor whose fact is not there for another reason than a right that lacks.
    """
    if case.job.monitor is not None:
        return False
    found = case.facts.known.get(fact.name)
    return not isinstance(found, Known) and (found is None or found.permission is None)
