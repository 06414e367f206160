"""Values as rows and back. Knows msgspec and the columns; asks no database anything."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
from sqlalchemy import RowMapping

from watcher import decoding
from watcher.adapters import redaction
from watcher.model.expectations import (
    Expectations,
    ExpectedServer,
    Unreadable,
    Unselected,
    WatchedPrometheus,
)
from watcher.model.facts import MountRecord
from watcher.model.history import Blindness, JobMemory, Owed, Sent, UsualTargets, WatchRecord
from watcher.model.incidents import Incident, Transition
from watcher.model.mutes import Mute
from watcher.model.names import JobKey, PrometheusName

T = TypeVar("T")
Row: TypeAlias = dict[str, Any]

_EPOCH: Final = datetime.fromtimestamp(0, UTC)


def encode(value: object) -> str:
    """JSON that is the same for equal values, whatever strings they hold."""
    try:
        return msgspec.json.encode(value, order="deterministic").decode()
    except (UnicodeEncodeError, TypeError):  # a lone surrogate, a key that JSON does not have
        return json.dumps(value, skipkeys=True, default=msgspec.to_builtins)


def decode(payload: str, kind: type[T]) -> T:
    """The value again. Raises msgspec.MsgspecError where it is none of this kind."""
    try:
        return decoding.decode(payload, kind)
    except msgspec.DecodeError:
        try:
            plain = json.loads(payload)
        except ValueError as error:
            raise msgspec.DecodeError(str(error)) from error
        return decoding.convert(plain, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What of the expectations has no table of its own."""

    unselected: tuple[Unselected, ...]
    unreadable: tuple[Unreadable, ...]
    unserved: tuple[str, ...] = ()
    nodes: int | None = None


def rest(expectations: Expectations) -> str:
    """Payload of the snapshot's row."""
    return encode(
        Rest(
            unselected=expectations.unselected,
            unreadable=expectations.unreadable,
            unserved=expectations.unserved,
            nodes=expectations.nodes,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    servers: tuple[ExpectedServer, ...]
    resource: Any


def watched_payload(watched: WatchedPrometheus) -> str:
    """Payload of a Prometheus."""
    return encode({"servers": watched.servers, "resource": redaction.value(watched.resource)})


def watched(name: str, payload: str) -> WatchedPrometheus:
    """A Prometheus of its row."""
    found = decode(payload, _Watched)
    return WatchedPrometheus(
        name=PrometheusName(name), servers=found.servers, resource=found.resource
    )


def mount_row(mount: MountRecord) -> Row:
    """Its key is all of it but the moments at which it was seen."""
    return {
        "key": encode(replace(mount, first_seen_at=_EPOCH, last_seen_at=_EPOCH)),
        "first_seen_at": mount.first_seen_at,
        "last_seen_at": mount.last_seen_at,
    }


def mount(row: RowMapping) -> MountRecord:
    """A mount of its row."""
    return replace(
        decode(row["key"], MountRecord),
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
    )


def memory_row(key: JobKey, memory: JobMemory) -> Row:
    """Row of one job."""
    return {
        "key": key,
        **asdict(memory),
        "state": memory.state.value,
        "labels": encode(memory.labels),
        "usual": encode(memory.usual),
    }


def memory(row: RowMapping) -> JobMemory:
    """One job of its row; what was not remembered yet when it was written is null."""
    labels = decode(row["labels"] or "[]", tuple[tuple[str, str], ...])
    usual = decode(row["usual"] or "{}", UsualTargets)
    return value({**row, "labels": labels, "usual": usual}, JobMemory)


def value(row: Mapping[str, Any] | RowMapping, kind: type[T]) -> T:
    """The value of a row whose columns are its fields; others are left out."""
    return decoding.convert({str(name): part for name, part in row.items()}, kind)


def incident_row(incident: Incident) -> Row:
    """Row of an incident."""
    return {
        "id": incident.id,
        "job": incident.job,
        "problem": incident.group,
        "status": incident.status.value,
        "starts_at": incident.starts_at,
        "ends_at": incident.ends_at,
        "payload": encode(incident),
    }


def transition_row(transition: Transition) -> Row:
    """Row of a transition, without its number."""
    return {
        "incident": transition.after.id,
        "at": transition.at,
        "payload": encode(transition),
    }


def watch_row(watch: WatchRecord) -> Row:
    """Row of a watch."""
    return asdict(watch)


def spell_row(spell: Blindness) -> Row:
    """Row of a spell of blindness."""
    return asdict(spell)


def sent_row(subject: str, notifier: str, sent: Sent) -> Row:
    """Row of a delivered message."""
    return {
        "subject": subject,
        "notifier": notifier,
        "status": sent.status.value,
        "at": sent.at,
        "payload": encode(sent),
    }


def owed_row(owed: Owed) -> Row:
    """Row of a message that is owed."""
    return {
        "subject": owed.subject,
        "notifier": owed.notifier,
        "since": owed.since,
        "payload": encode(owed),
    }


def mute_row(mute: Mute) -> Row:
    """Row of a mute."""
    return {"id": mute.id, "since": mute.since, "until": mute.until, "payload": encode(mute)}


def payloads(named: Mapping[str, str]) -> list[Row]:
    """Rows of a table of JSON values."""
    return [{"key": key, "payload": payload} for key, payload in named.items()]
