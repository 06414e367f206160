"""Whether the operator accepts a monitor that a Prometheus selects: its own checks once more.

Ground: prometheus-operator v0.93.0, pkg/prometheus/resource_selector.go. What the API server's
schema refuses cannot be in a cluster and is not checked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from watcher.model.facts import SecretKeys
from watcher.model.kube import JSON, KubeObject, flag, mapping, objects, text, value
from watcher.model.names import MonitorKind
from watcher.model.observations import at_least
from watcher.operator.durations import milliseconds
from watcher.operator.jobs import ENDPOINTS
from watcher.operator.references import References
from watcher.operator.rejection import Problem, Problems, Reason, Rejection, Untold, under
from watcher.operator.selectors import SelectorError, selector
from watcher.operator.validation_http import (
    auth_problems,
    proxy_problems,
    safe_tls_problems,
    several_methods,
    tls_problems,
)
from watcher.operator.validation_relabelings import label_name_is_valid, relabeling_problems
from watcher.operator.validation_scrapeconfigs import discovery_problems

_HOST: Final = re.compile(r"(?=.{1,255}$)\w[\w-]{0,62}(?:\.\w[\w-]{0,62})*[._]?", re.ASCII)
_IPV6: Final = re.compile(r"\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*(?:\](?::\d+)?)?")
_PORTS: Final = range(1, 65536)
_DENIED: Final = "which Prometheus specification prohibits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What the operator would say. It stops at the first rejection; here all are told, in order.

    ``untold`` are checks that could not be made, because what they need was not read.
    """

    rejections: tuple[Rejection, ...] = ()
    untold: tuple[Untold, ...] = ()

    @property
    def accepted(self) -> bool | None:
        """Whether the operator accepts it, None when that cannot be told."""
        if self.rejections:
            return False
        return None if self.untold else True


def validate(monitor: KubeObject, prometheus: KubeObject, keys: SecretKeys | None) -> Validation:
    """What the operator says of *monitor* for *prometheus*.

    *keys* are those of the Secrets and ConfigMaps that it refers to, None where none could be read.
    Raises FieldError for a field of a wrong type.
    """
    references = References(namespace=monitor.namespace, keys=keys)
    problems = tuple(_problems(monitor, prometheus, references))
    return Validation(
        rejections=tuple(p for p in problems if isinstance(p, Rejection)),
        untold=tuple(p for p in problems if isinstance(p, Untold)),
    )


def _problems(monitor: KubeObject, prometheus: KubeObject, references: References) -> Problems:
    match MonitorKind(monitor.kind):
        case MonitorKind.SERVICE_MONITOR | MonitorKind.POD_MONITOR as kind:
            return _of_endpoints(kind, monitor, prometheus, references)
        case MonitorKind.PROBE:
            return _of_probe(monitor, prometheus, references)
        case MonitorKind.SCRAPE_CONFIG:
            return _of_scrape_config(monitor, prometheus, references)


def _of_endpoints(
    kind: MonitorKind, monitor: KubeObject, prometheus: KubeObject, references: References
) -> Problems:
    service = kind is MonitorKind.SERVICE_MONITOR
    try:
        selector(monitor.raw, "spec", "selector")
    except SelectorError as error:
        said = f"{error}" if service else f"failed to parse label selector: {error}"
        yield Rejection(Reason.SELECTOR, said)
    by_role = text(monitor.raw, "spec", "selectorMechanism") == "RoleSelector"
    if by_role and not at_least(_version(prometheus), 2, 17):
        said = "RoleSelector selectorMechanism is only supported in Prometheus 2.17.0 and newer"
        yield Rejection(Reason.SELECTOR_MECHANISM, said)
    denied = flag(prometheus.raw, "spec", "arbitraryFSAccessThroughSMs", "deny")
    for index, endpoint in enumerate(objects(monitor.raw, "spec", ENDPOINTS[kind])):
        tls = tls_problems if service else safe_tls_problems
        found: Iterator[Problem] = chain(
            _files(endpoint) if service and denied else (),
            several_methods(endpoint),
            auth_problems(endpoint, references),
            under("tlsConfig", tls(mapping(endpoint, "tlsConfig"), references)),
            _timeout(endpoint, "interval", prometheus),
            _relabelings(endpoint, prometheus, "relabelings", "metricRelabelings"),
            proxy_problems(endpoint, references),
        )
        yield from under(f"endpoint{'s' if service else ''}[{index}]", found)
    yield from under("scrapeClassName", _scrape_class(monitor, prometheus))


def _of_probe(monitor: KubeObject, prometheus: KubeObject, references: References) -> Problems:
    spec, version = monitor.spec, _version(prometheus)
    targets = mapping(spec, "targets")
    static, ingress = value(targets, "staticConfig"), value(targets, "ingress")
    yield from under("scrapeClassName", _scrape_class(monitor, prometheus))
    if static is None and ingress is None:
        either = "at least one of .spec.targets.staticConfig and .spec.targets.ingress"
        yield Rejection(Reason.NO_TARGETS, f"{either} is required")
    yield from auth_problems(spec, references)
    yield from under("tlsConfig", safe_tls_problems(mapping(spec, "tlsConfig"), references))
    yield from _timeout(spec, "interval", prometheus)
    yield from _relabelings(spec, prometheus, "metricRelabelings")
    for field, raw in (("staticConfig", static), ("ingress", ingress)):
        found = relabeling_problems(raw, "relabelingConfigs", version)
        yield from under(f"targets.{field}.relabelConfigs", found)
    for label in mapping(static, "labels"):
        if not label_name_is_valid(label, version):
            said = f'targets.staticConfig.labels: invalid label "{label}"'
            yield Rejection(Reason.STATIC_LABEL, said)
    prober = mapping(spec, "prober")
    yield from under("proxy configuration", proxy_problems(prober, references))
    url = text(prober, "url") or ""
    if wrong := _wrong_url(url):
        form = "it should be of the format `hostname` or `hostname:port`"
        said = f'"{url}" url specified in proberSpec is invalid, {form}: {wrong}'
        yield Rejection(Reason.PROBER_URL, said)


def _of_scrape_config(
    monitor: KubeObject, prometheus: KubeObject, references: References
) -> Problems:
    spec = monitor.spec
    yield from _scrape_class(monitor, prometheus)
    yield from _relabelings(spec, prometheus, "relabelings")
    yield from auth_problems(spec, references)
    yield from under("tlsConfig", safe_tls_problems(mapping(spec, "tlsConfig"), references))
    yield from _timeout(spec, "scrapeInterval", prometheus)
    yield from proxy_problems(spec, references)
    yield from _relabelings(spec, prometheus, "metricRelabelings")
    yield from discovery_problems(spec, _version(prometheus), references)


def _files(endpoint: JSON) -> Problems:
    """Files that ``arbitraryFSAccessThroughSMs`` denies; those of scrape classes are not."""
    if text(endpoint, "bearerTokenFile"):
        said = f"it accesses file system via bearer token file {_DENIED}"
        yield Rejection(Reason.TOKEN_FILE_DENIED, said)
    tls = mapping(endpoint, "tlsConfig")
    if any(text(tls, field) for field in ("caFile", "certFile", "keyFile")):
        said = f"it accesses file system via tls config {_DENIED}"
        yield Rejection(Reason.TLS_FILE_DENIED, said)


def _timeout(raw: JSON, field: str, prometheus: KubeObject) -> Problems:
    """Looked at only where the object itself sets a timeout."""
    timeout = text(raw, "scrapeTimeout")
    if not timeout:
        return
    fallback = text(prometheus.raw, "spec", "scrapeInterval") or "30s"
    interval = text(raw, field) or fallback
    longest, asked = milliseconds(interval), milliseconds(timeout)
    if longest is None:
        yield Rejection(Reason.TIMEOUT, f'invalid scrapeInterval "{interval}"')
    elif asked is None:
        yield Rejection(Reason.TIMEOUT, f'invalid scrapeTimeout: "{timeout}"')
    elif asked > longest:
        said = f'scrapeTimeout "{timeout}" greater than scrapeInterval "{interval}"'
        yield Rejection(Reason.TIMEOUT, said)


def _relabelings(raw: JSON, prometheus: KubeObject, *fields: str) -> Problems:
    for field in fields:
        place = field.replace("Relabelings", "RelabelConfigs").replace(
            "relabelings", "relabelConfigs"
        )
        yield from under(place, relabeling_problems(raw, field, _version(prometheus)))


def _scrape_class(monitor: KubeObject, prometheus: KubeObject) -> Problems:
    wanted = text(monitor.raw, "spec", "scrapeClass")
    classes = objects(prometheus.raw, "spec", "scrapeClasses")
    if wanted and all(text(known, "name") != wanted for known in classes):
        said = f'scrapeClass "{wanted}" not found in Prometheus scrapeClasses'
        yield Rejection(Reason.SCRAPE_CLASS, said)


def _version(prometheus: KubeObject) -> str | None:
    """None for the operator's own default, which is today's."""
    return text(prometheus.raw, "spec", "version")


def _wrong_url(url: str) -> str | None:
    """What is wrong with a prober's URL, which is a host and perhaps a port.

    Whether an address of IPv6 is taken hangs on the operator's version: in doubt it is.
    """
    if _IPV6.fullmatch(url):
        return None
    host, *ports = url.split(":")
    if not _HOST.fullmatch(host):
        return f'invalid host: "{host}"'
    if ports and not (ports[0].isascii() and ports[0].isdigit() and int(ports[0]) in _PORTS):
        return f'invalid port: "{ports[0]}"'
    return None
