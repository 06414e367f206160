"""What is known of a single target: its address, the pod behind it, how a person looks at it."""

import re
import shlex
from collections.abc import Iterator
from shlex import join
from typing import Final
from urllib.parse import urlsplit

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _where
from watcher.model import shell
from watcher.model.facts import TARGET_PODS, Unavailable
from watcher.model.findings import Evidence
from watcher.model.kube import KubeObject, number, objects, text
from watcher.model.observations import ServerObservation, Target

KUBELET: Final = 10250
"""The kubelet's port, which speaks TLS alone."""

_ONLY_TLS: Final = frozenset({443, 6443, 8443, 9443, KUBELET, 10257, 10259})
"""Ports that are registered for TLS, or that Kubernetes' own components serve over TLS alone."""

_TLS_NAME: Final = re.compile(r"(?:^|[^a-z])(?:https|tls|ssl)(?:[^a-z]|$)")


def where(case: Case, server: ServerObservation) -> str:
    """The command that shows the job's targets with their errors."""
    return _where.asked(server, "targets", state="active", scrapePool=case.pool)


def query(server: ServerObservation, expression: str) -> str:
    """The command that asks the server for *expression*."""
    return _where.query(server, expression)


def series(case: Case, target: Target | None = None) -> str:
    """A selector of the series that a scrape of the job's targets leaves behind."""
    labels = dict(target.labels) if target else {}
    for _, pool in case.pools():
        labels = labels or dict(pool.labels)
    chosen = [f"{key}={_quoted(labels[key])}" for key in ("job", "instance") if key in labels]
    return "{" + ",".join(chosen) + "}"


def host(url: str) -> str:
    """Name or address of the URL's host."""
    return _split(url)[0]


def port(url: str) -> int | None:
    """The URL's port, that of its scheme where it names none."""
    return _split(url)[1]


def look_at(url: str, proxy: str | None = None) -> str:
    """The command that asks a target as Prometheus does, to be run where Prometheus runs."""
    insecure = "k" if url.startswith("https:") else ""
    words = [f"-sv{insecure}", "-m", "10", *(["-x", proxy] if proxy else [])]
    return f"curl {join(words)} {shell.last(url)}"


def meant_for_tls(case: Case, target: Target) -> bool:
    """Whether plain HTTP is spoken to what seems a TLS port: by its number or by its name."""
    if not target.url.startswith("http:"):
        return False
    names = (dict(target.labels).get("endpoint", ""), case.job.port or "")
    named = any(_TLS_NAME.search(name.lower()) for name in names)
    return named or port(target.url) in _ONLY_TLS


def pod_of(case: Case, target: Target) -> KubeObject | None:
    """The pod behind *target*: the one that its labels name, else the only one of its address."""
    pods = case.look(TARGET_PODS)
    if isinstance(pods, Unavailable):
        return None
    labels, address = dict(target.labels), host(target.url)
    named = (labels.get("namespace"), labels.get("pod"))
    at_address = []
    for pod in pods:
        if (pod.namespace, pod.name) == named:
            return pod
        if text(pod.raw, "status", "podIP") == address:
            at_address.append(pod)
    return at_address[0] if len(at_address) == 1 else None


def trouble_of(pod: KubeObject) -> Iterator[Evidence]:
    """What is wrong with a pod whose target fails; nothing for one that is well."""
    show = f"kubectl -n {shlex.quote(pod.namespace)} describe pod {shlex.quote(pod.name)}"
    phase = text(pod.raw, "status", "phase")
    if phase not in {None, "Running"}:
        yield Evidence(seen=f"pod {pod.full_name} is {phase}", where=show)
    for status in objects(pod.raw, "status", "containerStatuses"):
        reason = text(status, "state", "waiting", "reason")
        ended = text(status, "state", "terminated", "reason")
        if reason or ended:
            restarts = number(status, "restartCount") or 0
            seen = (
                f"container {text(status, 'name')} of pod {pod.full_name} does not run:"
                f" {reason or ended}, restarted {restarts} times"
            )
            yield Evidence(seen=seen, where=show)


def ready(pod: KubeObject) -> bool:
    """Whether its condition Ready holds; one that nobody has written yet is taken to."""
    for condition in objects(pod.raw, "status", "conditions"):
        if text(condition, "type") == "Ready":
            return text(condition, "status") == "True"
    return True


def _split(url: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(url)
        found = parts.port
    except ValueError:
        return url, None
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.hostname or url, default if found is None else found


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
