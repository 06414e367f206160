"""What keeps a pod from serving a port: its own reason, in the words of its status.

As a kubelet writes them (Kubernetes 1.34, and at least from 1.20): ``state.waiting`` of a container that
is not started, ``lastState.terminated`` of one that was started again, ``reason`` of a pod that failed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from shlex import quote
from typing import Final

from watcher.model.findings import Evidence
from watcher.model.kube import JSONObject, KubeObject, mapping, moment, number, objects, text
from watcher.secrecy import clipped

_AGAIN_AND_AGAIN: Final = 3
"""Restarts from which on a container that runs for a moment is taken to crash in a loop."""
_STARTING: Final = frozenset({"ContainerCreating", "PodInitializing"})
_ALWAYS: Final = "Always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why *pod* does not serve; *container* is the one at fault, *sure* whether it is the one asked.

    ``reason`` is Kubernetes's own word (``ImagePullBackOff``, ``OOMKilled``, ``Evicted``), ``said`` the
    whole for people.
    """

    pod: KubeObject
    reason: str
    said: str
    container: str = ""
    restarts: int = 0
    sure: bool = True
    at: datetime | None = None

    def evidence(self) -> Evidence:
        """Its status, and the command that shows it."""
        pod = self.pod
        show = f"kubectl -n {quote(pod.namespace)} describe pod {quote(pod.name)}"
        return Evidence(seen=f"pod {pod.full_name}: {self.said}", where=show, at=self.at)


def trouble(pod: KubeObject, port: int | None, now: datetime, settle: timedelta) -> Trouble | None:
    """Why *pod* does not serve *port*; None where nothing in its status says so.

    A pod that is younger than *settle* and one that is being deleted are on their way, not in
    trouble. Raises FieldError.
    """
    if pod.deleted_at is not None:
        return None
    if text(pod.raw, "status", "phase") == "Failed":
        reason = text(pod.raw, "status", "reason") or "Failed"
        said = ": ".join(filter(None, [reason, text(pod.raw, "status", "message")]))
        return Trouble(pod=pod, reason=reason, said=clipped(said, 300))
    asked, sure = _asked(pod, port)
    found = next(_of_containers(pod, asked, now, settle), None)
    if found is None or (found.reason in _STARTING and _young(pod, now, settle)):
        return None
    return found if sure or found.container not in asked else replace(found, sure=False)


def _young(pod: KubeObject, now: datetime, settle: timedelta) -> bool:
    return pod.created_at is not None and abs(now - pod.created_at) < settle


def _asked(pod: KubeObject, port: int | None) -> tuple[frozenset[str], bool]:
    """Names of the containers that may serve *port*, and whether it is known that they do.

    That is the one that declares it, as declaring is not needed else any.
    """
    serving = [*objects(pod.raw, "spec", "containers")]
    serving += [
        each
        for each in objects(pod.raw, "spec", "initContainers")
        if text(each, "restartPolicy") == _ALWAYS
    ]
    declaring = frozenset(
        text(each, "name") or ""
        for each in serving
        if any(number(p, "containerPort") == port for p in objects(each, "ports"))
    )
    every = frozenset(text(each, "name") or "" for each in serving)
    return (declaring, True) if declaring else (every, len(every) == 1)


def _of_containers(
    pod: KubeObject, asked: frozenset[str], now: datetime, settle: timedelta
) -> Iterator[Trouble]:
    """First what must run before all others: init containers that have not ended well."""
    for status in objects(pod.raw, "status", "initContainerStatuses"):
        waits = text(pod.raw, "status", "phase") == "Pending"
        ended = mapping(status, "state", "terminated")
        done = bool(ended) and not (number(ended, "exitCode") or 0)
        if (text(status, "name") or "") in asked or (waits and not done):
            yield from _of_container(pod, status, now, settle, "init container")
    for status in objects(pod.raw, "status", "containerStatuses"):
        if (text(status, "name") or "") in asked:
            yield from _of_container(pod, status, now, settle, "container")


def _of_container(
    pod: KubeObject, status: JSONObject, now: datetime, settle: timedelta, what: str
) -> Iterator[Trouble]:
    name, restarts = text(status, "name") or "", number(status, "restartCount") or 0
    waiting = mapping(status, "state", "waiting")
    ended = mapping(status, "state", "terminated") or mapping(status, "lastState", "terminated")
    reason = text(waiting, "reason") or text(mapping(status, "state", "terminated"), "reason")
    at = moment(ended, "finishedAt")
    if reason is None and not _crashes(status, restarts, at, now, settle):
        return
    words = [f"{what} {name} {reason or 'starts again and again'}"]
    if reason != text(ended, "reason") and (last := _ended(ended)):
        words.append(last)
    message = text(waiting, "message")
    if message and reason not in {"CrashLoopBackOff", *_STARTING}:
        words.append(message)
    if restarts:
        words.append(f"restarted {restarts} time{'s' if restarts > 1 else ''}")
    yield Trouble(
        pod=pod,
        reason=(text(ended, "reason") if reason in {None, "CrashLoopBackOff"} else reason) or "",
        said=clipped(", ".join(words), 400),
        container=name,
        restarts=restarts,
        at=at,
    )


def _crashes(
    status: JSONObject, restarts: int, ended: datetime | None, now: datetime, settle: timedelta
) -> bool:
    """Whether it runs only between two crashes."""
    runs = bool(mapping(status, "state", "running"))
    lately = ended is not None and abs(now - ended) < settle
    return runs and restarts >= _AGAIN_AND_AGAIN and lately


def _ended(ended: JSONObject) -> str:
    """How its last run ended, with its last words where the kubelet keeps them."""
    reason = text(ended, "reason")
    if not reason or reason == "Completed":
        return ""
    code = number(ended, "exitCode")
    said = f"last ended with {reason}" + (f", exit code {code}" if code is not None else "")
    message = text(ended, "message")
    return f"{said}: {clipped(message.strip(), 200)}" if message else said
