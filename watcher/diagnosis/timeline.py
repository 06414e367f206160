"""What changed just before a job was lost: who wrote which object when, what restarted, what was told.

A sequence in time is no proof of a cause: the rules prove, this only reminds.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from shlex import quote
from typing import Final

from watcher.diagnosis.rules import _where
from watcher.model import facts
from watcher.model.facts import Fact, Facts, Known
from watcher.model.findings import Evidence
from watcher.model.kube import FieldError, KubeObject, moment, number, objects, text
from watcher.model.observations import Observation
from watcher.secrecy import clipped

AT_MOST: Final = 6
"""Most lines."""

BEFORE: Final = timedelta(hours=6)
AFTER: Final = timedelta(minutes=5)
"""How far from the loss is looked: a change may be told a little after what it did."""

NEEDS: Final = frozenset(
    fact.name
    for fact in (
        facts.MONITOR,
        facts.PROMETHEUS,
        facts.STATEFUL_SETS,
        facts.REVISIONS,
        facts.POD_EVENTS,
    )
)
"""Facts that are gathered for it. Events about the monitor are used where a rule asked for them."""

_LONGEST: Final = 160

_ROUTINE: Final = frozenset(
    {"Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulCreate", "SuccessfulDelete"}
)
"""Reasons of the Events of every start of a pod, of which the server's own start time tells."""


def timeline(found: Facts, observation: Observation, lost_at: datetime) -> tuple[Evidence, ...]:
    """The last changes up to *lost_at*, and shortly after it, in their order.

    Facts that could not be read add nothing.
    """
    every = {line.seen: line for line in _lines(found, observation) if _is_near(line, lost_at)}
    newest = sorted(every.values(), key=lambda line: (line.at or lost_at, line.seen))
    return tuple(newest[-AT_MOST:])


def _is_near(line: Evidence, lost_at: datetime) -> bool:
    return line.at is not None and lost_at - BEFORE <= line.at <= lost_at + AFTER


def _lines(found: Facts, observation: Observation) -> Iterator[Evidence]:
    for owner in (_one(found, facts.MONITOR), _one(found, facts.PROMETHEUS)):
        if owner is not None:
            yield from _guarded(_of_object(owner))
    for workload in _many(found, facts.STATEFUL_SETS):
        yield from _guarded(_of_object(workload))
    for revision in _many(found, facts.REVISIONS):
        yield from _guarded(_of_revision(revision))
    for fact in (facts.MONITOR_EVENTS, facts.POD_EVENTS):
        for event in _many(found, fact):
            if text(event.raw, "reason") not in _ROUTINE:
                yield from _guarded(_of_event(event))
    for server in observation.readable:
        where = _where.asked(server, "status/runtimeinfo")
        name = server.server.name
        yield Evidence(seen=f"Prometheus {name} started", where=where, at=server.started_at)
        if server.reloaded:
            seen = f"Prometheus {name} loaded its configuration"
            yield Evidence(seen=seen, where=where, at=server.loaded_at)


def _of_object(found: KubeObject) -> Iterator[Evidence]:
    """Who wrote it, by its managedFields; its status is no change of what is asked."""
    name = f"{found.kind} {found.full_name}"
    where = f"{found.kubectl()} --show-managed-fields"
    yield Evidence(seen=f"{name} was made", where=where, at=found.created_at)
    if found.deleted_at is not None:
        yield Evidence(
            seen=f"the deletion of {name} was asked for", where=where, at=found.deleted_at
        )
    writes = [
        (moment(entry, "time"), text(entry, "manager") or "somebody", text(entry, "operation"))
        for entry in objects(found.raw, "metadata", "managedFields")
        if text(entry, "subresource") != "status"
    ]
    newest = max((at for at, _, _ in writes if at is not None), default=None)
    for at, who, how in writes:
        by = f" by {how}" if how else ""
        now = f", now generation {found.generation}" if at == newest and found.generation else ""
        yield Evidence(seen=f"{who} wrote {name}{by}{now}", where=where, at=at)


def _of_revision(found: KubeObject) -> Iterator[Evidence]:
    count = number(found.raw, "revision")
    seen = f"revision {count} of its pods was made ({found.full_name})"
    yield Evidence(seen=seen, where=found.kubectl(), at=found.created_at)


def _of_event(found: KubeObject) -> Iterator[Evidence]:
    about = (
        f"{text(found.raw, 'involvedObject', 'kind')} {text(found.raw, 'involvedObject', 'name')}"
    )
    words = clipped(text(found.raw, "message") or "", _LONGEST)
    at = (
        moment(found.raw, "lastTimestamp")
        or moment(found.raw, "eventTime")
        or moment(found.raw, "firstTimestamp")
        or found.created_at
    )
    yield Evidence(
        seen=f"event {text(found.raw, 'reason')} about {about}: {words}",
        where=f"kubectl -n {quote(found.namespace)} get events --sort-by=.lastTimestamp",
        at=at,
    )


def _guarded(lines: Iterable[Evidence]) -> Iterator[Evidence]:
    """A field of a wrong type costs the rest of its own object."""
    try:
        yield from lines
    except FieldError:
        return


def _one(found: Facts, fact: Fact[KubeObject | None]) -> KubeObject | None:
    known = found.get(fact)
    return known.value if isinstance(known, Known) else None


def _many(found: Facts, fact: Fact[tuple[KubeObject, ...]]) -> tuple[KubeObject, ...]:
    known = found.get(fact)
    return known.value if isinstance(known, Known) else ()
