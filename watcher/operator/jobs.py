"""The scrape jobs that the operator makes of one monitor for one Prometheus that selects it.

Whether it is selected is said by selection, whether it is accepted by validation.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlencode

from watcher.model.expectations import ExpectedJob, FilePath
from watcher.model.kube import JSON, FieldError, KubeObject, mapping, objects, text, texts, value
from watcher.model.names import JobKey, MonitorKind, MonitorRef, PrometheusName
from watcher.operator.files import endpoint_files, scrape_class_of
from watcher.operator.names import names_by
from watcher.operator.steering import changed_at, steering
from watcher.secrecy import parameter_without_secret

ENDPOINTS: Final = {
    MonitorKind.SERVICE_MONITOR: "endpoints",
    MonitorKind.POD_MONITOR: "podMetricsEndpoints",
}
"""Field of the spec that lists the endpoints of the kinds that have some."""


def monitor_ref(monitor: KubeObject) -> MonitorRef:
    """What the object is called. Raises FieldError when it is of no monitor kind or has no name."""
    try:
        kind = MonitorKind(monitor.kind)
    except ValueError:
        wanted = "one of " + ", ".join(MonitorKind)
        raise FieldError(("kind",), wanted, monitor.kind) from None
    for field in ("namespace", "name"):
        if not text(monitor.raw, "metadata", field):
            raise FieldError(("metadata", field), "a name", None)
    return MonitorRef(kind, monitor.namespace, monitor.name)


def expected_jobs(
    monitor: KubeObject,
    prometheus: KubeObject,
    *,
    name: PrometheusName | None = None,
    operator: str | None = None,
) -> tuple[ExpectedJob, ...]:
    """One job per endpoint of a ServiceMonitor or PodMonitor, one for a Probe or ScrapeConfig.

    *name* is what the Prometheus is called in keys, its ``namespace/name`` where not given.
    *operator* is the operator's version, None where that is not known. The number of targets is left to counts. Raises FieldError for a field of a wrong type.
    """
    ref, owner = monitor_ref(monitor), name or PrometheusName(prometheus.full_name)
    scrape_class = scrape_class_of(monitor, prometheus)
    steered, changed = steering(monitor), changed_at(monitor)
    jobs = []
    seen: Counter[str] = Counter()
    for index, spec, address in _addresses(ref.kind, monitor):
        key = f"{owner} {ref.kind}/{ref.namespace}/{ref.name}"
        if index is not None:
            seen[address.fingerprint] += 1
            nth = seen[address.fingerprint]
            key += f" {address.fingerprint}" + (f" #{nth}" if nth > 1 else "")
        with at_endpoint(ref.kind, index):
            files: tuple[FilePath, ...] = endpoint_files(spec, scrape_class)
        pool, aliases = names_by(ref, index, operator)
        job = ExpectedJob(
            key=JobKey(key),
            prometheus=owner,
            pool=pool,
            aliases=aliases,
            monitor=ref,
            endpoint=index,
            scheme=address.scheme,
            port=address.port,
            path=address.path,
            asks=address.fingerprint,
            files=files,
            steering=steered,
            changed_at=changed,
        )
        jobs.append(job)
    return tuple(jobs)


@contextmanager
def at_endpoint(kind: MonitorKind, index: int | None) -> Iterator[None]:
    """Name the endpoint in what is raised about a field of it."""
    try:
        yield
    except FieldError as error:
        if index is None:
            raise
        raise error.below("spec", ENDPOINTS[kind], index) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    """What an endpoint asks for, with the operator's and Prometheus's defaults filled in."""

    scheme: str
    port: str | None
    path: str
    fingerprint: str = ""


def _addresses(
    kind: MonitorKind, monitor: KubeObject
) -> Iterator[tuple[int | None, JSON, _Address]]:
    spec = monitor.spec
    match kind:
        case MonitorKind.SERVICE_MONITOR | MonitorKind.POD_MONITOR:
            for index, endpoint in enumerate(objects(monitor.raw, "spec", ENDPOINTS[kind])):
                with at_endpoint(kind, index):
                    address = _of_endpoint(endpoint)
                yield index, endpoint, address
        case MonitorKind.PROBE:
            prober = mapping(spec, "prober")
            path = text(prober, "path") or "/probe"
            yield None, spec, _Address(scheme=_scheme(prober), port=None, path=path)
        case MonitorKind.SCRAPE_CONFIG:
            path = text(spec, "metricsPath") or "/metrics"
            yield None, spec, _Address(scheme=_scheme(spec), port=None, path=path)


def _of_endpoint(endpoint: JSON) -> _Address:
    scheme, path = _scheme(endpoint), text(endpoint, "path") or "/metrics"
    port, shown = _port(endpoint)
    params = [
        (name, parameter_without_secret(name, held))
        for name in sorted(mapping(endpoint, "params"))
        for held in texts(endpoint, "params", name)
    ]
    # A digest of what is not secret: this goes wherever the job's key goes. A recording gives the same.
    query = sha256(urlencode(params).encode()).hexdigest()[:12] if params else ""
    fingerprint = f"{scheme}://{shown}{quote(path, safe='/')}" + (f"?{query}" if query else "")
    return _Address(scheme=scheme, port=port, path=path, fingerprint=fingerprint)


def _scheme(raw: JSON) -> str:
    """Lower case, http by default; in custom resources it may be in either case."""
    return (text(raw, "scheme") or "http").lower()


def _port(endpoint: JSON) -> tuple[str | None, str]:
    """The port, and how the fingerprint shows it: a name and a number differ in meaning."""
    for field in ("port", "portNumber", "targetPort"):
        found = value(endpoint, field)
        if isinstance(found, bool) or not isinstance(found, str | int | None):
            raise FieldError((field,), "a name or a number", found)
        if found not in {None, "", 0}:
            prefix = "" if field == "port" else f"{field}="
            return str(found), prefix + quote(str(found), safe="")
    return None, ""
