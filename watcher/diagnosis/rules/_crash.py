"""An operator that panics again and again: since when, and which object it possibly panics on.

The panic in its log names goroutines, not the object. One that the operator cannot bear ends it within
seconds of the change, so the object that was changed last before the first crash is suspected.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from shlex import quote
from typing import Final

from watcher.diagnosis.rules import _monitor
from watcher.model.facts import Unavailable
from watcher.model.findings import Evidence, Finding, FixStep
from watcher.model.kube import (
    FieldError,
    JSONObject,
    KubeObject,
    mapping,
    moment,
    number,
    objects,
    text,
)
from watcher.operator.durations import milliseconds

_PANIC: Final = 2
"""Exit code of a Go program that panics."""

_FIRST_WAIT: Final = timedelta(seconds=10)
_LONGEST_WAIT: Final = timedelta(minutes=5)
"""How long the kubelet waits before it starts a container again: nothing, 10 s, twice that, …."""

_BEFORE: Final = timedelta(hours=1)
"""How long before the first crash a change is suspected: when that was can only be reckoned."""

_MOST_RESTARTS: Final = 2000
"""Of so many at most the waits are added up: they take a week, and a status may hold any number."""

_SLACK: Final = timedelta(seconds=2)
_TOGETHER: Final = timedelta(minutes=1)
"""What is changed within so long may have been applied together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A container that panicked: its pod, when it did so last, and about when it did so first."""

    pod: KubeObject
    container: str
    first: datetime
    last: datetime
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    of: KubeObject
    at: datetime
    by: str


def with_suspect(
    trouble: Finding,
    pods: Sequence[KubeObject] | Unavailable,
    *declared: Iterable[KubeObject] | Unavailable,
) -> Finding:
    """*trouble* of an operator, with the crash of its *pods* and who of *declared* is suspected.

    As it is where no container panicked, or the pods could not be read.
    """
    known = () if isinstance(pods, Unavailable) else pods
    crash = max(_crashes(known), key=lambda crash: crash.last, default=None)
    if crash is None:
        return trouble
    every = [each for some in declared if not isinstance(some, Unavailable) for each in some]
    changes = sorted(_before(crash, every), key=lambda change: change.at)
    suspect = changes[-1] if changes else None
    return replace(
        trouble,
        summary=trouble.summary + _said(crash, suspect),
        evidence=(*trouble.evidence, *_evidence(crash, changes)),
        fix=(*_fix(crash, suspect), *trouble.fix),
    )


def _crashes(pods: Iterable[KubeObject]) -> Iterator[Crash]:
    for pod in pods:
        with suppress(FieldError, OverflowError):  # a status may hold any number and time
            for status in objects(pod.raw, "status", "containerStatuses"):
                found = _crash(pod, status)
                if found is not None:
                    yield found


def _crash(pod: KubeObject, status: JSONObject) -> Crash | None:
    """By the last run that ended: before the wait for the next one, or before the present one."""
    now, before = mapping(status, "state"), mapping(status, "lastState", "terminated")
    ended = mapping(now, "terminated") or before
    last = moment(ended, "finishedAt")
    if number(ended, "exitCode") != _PANIC or last is None:
        return None
    restarts = number(status, "restartCount") or 0
    run = max(last - (moment(ended, "startedAt") or last), timedelta(0))
    between = _restarts_of_loop(
        text(now, "waiting", "message") or "", min(restarts, _MOST_RESTARTS)
    )
    between -= 1 if mapping(now, "running") else 0
    first = last - sum((_wait(n) + run for n in range(between)), timedelta(0))
    made = moment(pod.raw, "status", "startTime")
    return Crash(
        pod=pod,
        container=text(status, "name") or "",
        first=first if made is None else max(first, made),
        last=last,
        restarts=restarts,
    )


def _restarts_of_loop(waiting: str, restarts: int) -> int:
    """How many of *restarts* are of this loop, as far as the wait between two tells: ``back-off 40s``."""
    words = waiting.removeprefix("back-off ").partition(" ")[0]
    wait = timedelta(milliseconds=milliseconds(words) or 0)
    if wait == _LONGEST_WAIT:
        return restarts
    return next((n for n in range(1, restarts) if _wait(n) == wait), restarts)


def _wait(restart: int) -> timedelta:
    """How long is waited before the restart of this number, the first being 0."""
    if restart == 0:
        return timedelta(0)
    doubled: timedelta = _FIRST_WAIT * 2 ** min(restart - 1, 10)
    return min(doubled, _LONGEST_WAIT)


def _before(crash: Crash, declared: Iterable[KubeObject]) -> Iterator[_Change]:
    for each in declared:
        with suppress(FieldError):
            at, by = _monitor.last_write(each)
            at = at or each.created_at
            if at is not None and crash.first - _BEFORE <= at <= crash.first + _SLACK:
                yield _Change(of=each, at=at, by=by or "somebody")


def _name(change: _Change) -> str:
    return f"{change.of.kind} {change.of.full_name}"


def _said(crash: Crash, suspect: _Change | None) -> str:
    if suspect is None:
        return "; it panics"
    early = _monitor.duration(crash.first - suspect.at)
    return f"; it panics, possibly on {_name(suspect)}, which {suspect.by} changed {early} before"


def _evidence(crash: Crash, changes: Sequence[_Change]) -> Iterator[Evidence]:
    yield Evidence(
        seen=f"container {crash.container} of Pod {crash.pod.full_name} ended with exit code {_PANIC}"
        f" (a panic); it began to panic about {crash.first:%Y-%m-%d %H:%M:%S} UTC, restarts so far:"
        f" {crash.restarts}",
        where=crash.pod.kubectl(),
        at=crash.last,
    )
    if not changes:
        return
    suspect = changes[-1]
    others = sum(suspect.at - change.at <= _TOGETHER for change in changes[:-1])
    beside = f"; {others} more {'was' if others == 1 else 'were'} changed in the minute before it"
    yield Evidence(
        seen=f"{_name(suspect)} was changed last before that, by {suspect.by}"
        + (beside if others else ""),
        where=f"{suspect.of.kubectl()} --show-managed-fields",
        at=suspect.at,
    )


def _fix(crash: Crash, suspect: _Change | None) -> Iterator[FixStep]:
    pod = crash.pod
    yield FixStep(
        do="Read the panic: it names the functions of the operator, not the object",
        command=f"kubectl -n {quote(pod.namespace)} logs {quote(pod.name)} -c {quote(crash.container)}"
        " --previous --tail=50",
    )
    if suspect is not None:
        yield FixStep(
            do=f"Look at {_name(suspect)}; if the functions fit what was changed in it, take that back"
            " and see whether the operator stays up",
            command=f"{suspect.of.kubectl()} --show-managed-fields",
        )
