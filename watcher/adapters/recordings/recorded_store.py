"""What a store remembered at the moment of a recording: enough for one look and one audit."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import msgspec

from watcher import decoding
from watcher.adapters import redaction
from watcher.adapters.sql import rows as sql_rows
from watcher.model.expectations import Expectations, ExpectedJob
from watcher.model.facts import MountRecord
from watcher.model.history import JobMemory
from watcher.model.incidents import Incident
from watcher.model.names import JobKey, MonitorRef, PrometheusName
from watcher.ports import Remembering


class Expected(msgspec.Struct, kw_only=True):
    """Expectations in a form that JSON has."""

    taken_at: datetime
    prometheuses: dict[str, Any]
    jobs: list[ExpectedJob]
    objects: list[tuple[MonitorRef, dict[str, Any]]]
    rest: sql_rows.Rest


class Past(msgspec.Struct, kw_only=True):
    """All that is remembered. Fits ``Remembering`` by way of ``RecordedStore``."""

    expected: Expected | None
    first_watch: datetime | None
    memory: dict[str, JobMemory]
    ongoing: list[Incident]
    mounts: list[MountRecord]


def past(store: Remembering) -> Past:
    """What *store* remembers, without secrets."""
    expectations = store.expectations()
    return Past(
        expected=None if expectations is None else _expected(expectations),
        first_watch=store.first_watch(),
        memory={str(key): each for key, each in store.memory().items()},
        ongoing=list(store.ongoing().values()),
        mounts=list(store.mount_history()),
    )


class RecordedStore:
    """A ``Past`` that is asked as a store is."""

    def __init__(self, told: Past) -> None:
        self._told = told

    def expectations(self) -> Expectations | None:
        """The merged expectations, None if there were none."""
        told = self._told.expected
        if told is None:
            return None
        return Expectations(
            taken_at=told.taken_at,
            prometheuses=tuple(
                sql_rows.watched(PrometheusName(name), sql_rows.encode(each))
                for name, each in told.prometheuses.items()
            ),
            jobs=tuple(told.jobs),
            objects=dict(told.objects),
            **{part.name: getattr(told.rest, part.name) for part in fields(told.rest)},
        )

    def first_watch(self) -> datetime | None:
        """When the oldest watch was made."""
        return self._told.first_watch

    def memory(self) -> Mapping[JobKey, JobMemory]:
        """What was remembered of each job."""
        return {JobKey(key): each for key, each in self._told.memory.items()}

    def ongoing(self) -> Mapping[JobKey, Incident]:
        """Incidents that went on."""
        return {each.job: each for each in self._told.ongoing}

    def mount_history(self) -> Sequence[MountRecord]:
        """Every mount that was ever seen."""
        return tuple(self._told.mounts)


def _expected(found: Expectations) -> Expected:
    return Expected(
        taken_at=found.taken_at,
        prometheuses={
            each.name: redaction.value(decoding.plain(sql_rows.watched_payload(each)))
            for each in found.prometheuses
        },
        jobs=list(found.jobs),
        objects=[(ref, redaction.value(raw)) for ref, raw in sorted(found.objects.items())],
        rest=sql_rows.decode(sql_rows.rest(found), sql_rows.Rest),
    )
