"""Steps that several rules about failing scrapes advise."""

from collections.abc import Mapping
from shlex import join, quote
from typing import Final

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _patches, _targets
from watcher.diagnosis.rules._scrapes import Failures
from watcher.model import shell
from watcher.model.facts import MONITOR, Unavailable
from watcher.model.findings import FixStep
from watcher.model.kube import JSON, JSONObject, KubeObject, objects, text, value
from watcher.model.names import MonitorKind
from watcher.operator.jobs import ENDPOINTS

_NEGOTIATED: Final = frozenset({406, 415})
"""Statuses of a server that does not take what is asked for."""


def monitor_of(case: Case) -> KubeObject | None:
    """The job's monitor, None where it is gone or cannot be read."""
    found = case.look(MONITOR)
    return None if isinstance(found, Unavailable) else found


def endpoint_of(case: Case) -> JSONObject | None:
    """The endpoint of the monitor that the job is made of, None where there is no such thing."""
    monitor, index = monitor_of(case), case.job.endpoint
    if monitor is None or index is None:
        return None
    found = tuple(objects(monitor.raw, "spec", ENDPOINTS[MonitorKind(monitor.kind)]))
    return found[index] if index < len(found) else None


def set_endpoint(case: Case, field: str, new: JSON, do: str) -> FixStep | None:
    """Set *field* (``scheme``, ``tlsConfig/serverName``) of the job's endpoint.

    None where the job has no endpoint that can be read, or nothing stands above the field.
    """
    monitor, endpoint = monitor_of(case), endpoint_of(case)
    if monitor is None or endpoint is None:
        return None
    path = f"/spec/{ENDPOINTS[MonitorKind(monitor.kind)]}/{case.job.endpoint}"
    *above, _ = steps = field.split("/")
    if value(endpoint, *above) is None:
        return None
    old = value(endpoint, *steps)
    test: list[JSONObject] = [{"op": "test", "path": path, "value": endpoint}]
    if old is not None:
        test = [{"op": "test", "path": f"{path}/{field}", "value": old}]
    change: JSONObject = {"op": "add", "path": f"{path}/{field}", "value": new}
    operations = [*_patches.unchanged(monitor), *test, change]
    return FixStep(do=do, command=_patches.patch_command(monitor, operations))


def set_endpoint_fields(case: Case, fields: Mapping[str, JSON], do: str) -> FixStep | None:
    """Set top-level *fields* of the job's endpoint, all at once; None where it cannot be read."""
    monitor, endpoint = monitor_of(case), endpoint_of(case)
    if monitor is None or endpoint is None:
        return None
    path = f"/spec/{ENDPOINTS[MonitorKind(monitor.kind)]}/{case.job.endpoint}"
    changes: list[JSONObject] = [
        {"op": "add", "path": f"{path}/{field}", "value": new} for field, new in fields.items()
    ]
    command = _patches.patch_command(monitor, [*_patches.unchanged(monitor), *changes])
    return FixStep(do=f"{do}; Prometheus reloads by itself", command=command)


def drop_endpoint(case: Case, field: str, do: str) -> FixStep | None:
    """Take *field* out of the job's endpoint; None where it is not there or cannot be read."""
    monitor, endpoint = monitor_of(case), endpoint_of(case)
    if monitor is None or endpoint is None or value(endpoint, field) is None:
        return None
    path = f"/spec/{ENDPOINTS[MonitorKind(monitor.kind)]}/{case.job.endpoint}/{field}"
    change: JSONObject = {"op": "remove", "path": path}
    command = _patches.patch_command(monitor, [*_patches.unchanged(monitor), change])
    return FixStep(do=f"{do}; Prometheus reloads by itself", command=command)


def set_spec(owner: KubeObject, field: str, new: JSON, do: str) -> FixStep:
    """Set *field* of the spec of *owner*."""
    old = value(owner.raw, "spec", field)
    test: list[JSONObject] = []
    if old is not None:
        test = [{"op": "test", "path": f"/spec/{field}", "value": old}]
    change: JSONObject = {"op": "add", "path": f"/spec/{field}", "value": new}
    return FixStep(
        do=do,
        command=_patches.patch_command(owner, [*_patches.unchanged(owner), *test, change]),
    )


def edit_job(case: Case, do: str) -> FixStep:
    """Let a person change what asks for the job: its monitor, else the scrape configuration."""
    monitor = case.job.monitor
    if monitor is None:
        return FixStep(do=f"{do}; the job {case.pool} stands in Prometheus's own configuration")
    command = (
        f"kubectl -n {quote(monitor.namespace)} edit {monitor.kind.lower()} {quote(monitor.name)}"
    )
    return FixStep(do=f"{do} (in {monitor}; Prometheus reloads by itself)", command=command)


def ask(case: Case, failures: Failures) -> FixStep:
    """Ask a target as Prometheus does, through its proxy."""
    url, server, running = failures.first.target.url, failures.first.server, case.running()
    proxy = text(running.raw, "proxy_url") if running else None
    through = ", through its proxy" if proxy else ""
    if failures.first.error.status in _NEGOTIATED:
        through += " (it may well answer, as this request has not Prometheus's Accept header)"
    if case.job.monitor is None or (proxy and url.startswith("https:")):
        return FixStep(
            do=f"Ask the target yourself, from the machine on which Prometheus runs{through}",
            command=_targets.look_at(url, proxy),
        )
    words = ["wget", "-S", "-T", "10", "-O-"]
    words += ["--no-check-certificate"] if url.startswith("https:") else []
    words = ["env", f"http_proxy={proxy}", *words] if proxy else words
    namespace = case.job.prometheus.partition("/")[0]
    pod = ["kubectl", "-n", namespace, "exec", server.server.name, "-c", "prometheus", "--"]
    return FixStep(
        do=f"Ask the target yourself, from where Prometheus runs{through}",
        command=f"{join(pod)} {join(words)} {shell.last(url)}",
    )
