"""Whether the operator accepts a monitor that a Prometheus selects: its own checks again.

Ground: pkg/prometheus/resource_selector.go of prometheus-operator v0.65 to v0.93. Which check a
version makes is asked of ``Versions``; texts are those of v0.93.0. What the API server's schema
refuses cannot be in a cluster and is not checked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import chain
from typing import Final

from watcher.model.facts import SecretKeys
from watcher.model.kube import JSON, JSONObject, KubeObject, flag, mapping, objects, text, value
from watcher.model.names import MonitorKind
from watcher.operator.durations import milliseconds
from watcher.operator.jobs import ENDPOINTS
from watcher.operator.references import References
from watcher.operator.rejection import Problem, Problems, Reason, Rejection, Untold, under
from watcher.operator.selectors import SelectorError, selector
from watcher.operator.validation_http import (
    auth_problems,
    authorization_is_whole,
    authorization_problems,
    basic_auth_problems,
    oauth2_problems,
    proxy_problems,
    proxy_url_problems,
    safe_tls_problems,
    several_methods,
    tls_problems,
)
from watcher.operator.validation_relabelings import (
    endpoint_relabeling_problems,
    label_name_is_valid,
    relabeling_problems,
)
from watcher.operator.validation_scrapeconfigs import discovery_problems
from watcher.operator.versions import Versions, candidates
from watcher.secrecy import without_user

_HOST: Final = re.compile(r"\w[\w-]{0,62}(?:\.\w[\w-]{0,62})*[._]?", re.ASCII)
_LONGEST_HOST: Final = 255
_PORT: Final = re.compile(r"[+-]?\d+", re.ASCII)
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


def validate(
    monitor: KubeObject,
    prometheus: KubeObject,
    keys: SecretKeys | None,
    operator: str | None = None,
) -> Validation:
    """What the operator says of *monitor* for *prometheus*.

    *keys* are those of the Secrets and ConfigMaps that it refers to, None where none could be read.
    *operator* is its version, None where that is not known: what versions judge differently is then
    untold. Raises FieldError for a field of a wrong type.
    """
    references = References(namespace=monitor.namespace, keys=keys)
    version = text(prometheus.raw, "spec", "version")
    found = [
        _validation(
            _problems(monitor, prometheus, references, Versions(prometheus=version, operator=one))
        )
        for one in candidates(operator)
    ]
    newest = found[-1]
    if all(one.accepted == newest.accepted for one in found):
        return newest
    told = next(one.rejections for one in reversed(found) if one.rejections)
    why = "it depends on the operator's version, which is not known"
    untold = tuple(Untold(each.reason, f"{each.text} ({why})") for each in told)
    return Validation(untold=(*newest.untold, *untold))


def _validation(problems: Problems) -> Validation:
    found = tuple(problems)
    return Validation(
        rejections=tuple(p for p in found if isinstance(p, Rejection)),
        untold=tuple(p for p in found if isinstance(p, Untold)),
    )


def _problems(
    monitor: KubeObject, prometheus: KubeObject, references: References, versions: Versions
) -> Problems:
    match MonitorKind(monitor.kind):
        case MonitorKind.SERVICE_MONITOR | MonitorKind.POD_MONITOR as kind:
            return _of_endpoints(kind, monitor, prometheus, references, versions)
        case MonitorKind.PROBE:
            return _of_probe(monitor, prometheus, references, versions)
        case MonitorKind.SCRAPE_CONFIG:
            return _of_scrape_config(monitor, prometheus, references, versions)


def _of_endpoints(
    kind: MonitorKind,
    monitor: KubeObject,
    prometheus: KubeObject,
    references: References,
    versions: Versions,
) -> Problems:
    service = kind is MonitorKind.SERVICE_MONITOR
    if versions.operator_is(79):
        yield from _selectors(monitor, versions, service=service)
    denied = flag(prometheus.raw, "spec", "arbitraryFSAccessThroughSMs", "deny")
    endpoints = tuple(objects(monitor.raw, "spec", ENDPOINTS[kind]))
    for index, endpoint in enumerate(endpoints):
        found: Iterator[Problem] = chain(
            _files(endpoint) if service and denied else (),
            _endpoint(endpoint, references, versions, service=service),
            _timeout(endpoint, "interval", prometheus),
            endpoint_relabeling_problems(endpoints, endpoint, versions),
        )
        yield from under(f"endpoint{'s' if service else ''}[{index}]", found)
    yield from under("scrapeClassName", _scrape_class(monitor, prometheus, versions))


def _selectors(monitor: KubeObject, versions: Versions, *, service: bool) -> Problems:
    try:
        selector(monitor.raw, "spec", "selector")
    except SelectorError as error:
        said = f"{error}" if service else f"failed to parse label selector: {error}"
        yield Rejection(Reason.SELECTOR, said)
    by_role = text(monitor.raw, "spec", "selectorMechanism") == "RoleSelector"
    if by_role and not versions.prometheus_is(2, 17):
        said = "RoleSelector selectorMechanism is only supported in Prometheus 2.17.0 and newer"
        yield Rejection(Reason.SELECTOR_MECHANISM, said)


def _endpoint(
    endpoint: JSONObject, references: References, versions: Versions, *, service: bool
) -> Problems:
    """The HTTP client of an endpoint."""
    if versions.operator_is(88 if service else 87):
        yield from several_methods(endpoint)
        yield from authorization_is_whole(endpoint)
    token = value(endpoint, "bearerTokenSecret")
    whole = service or not versions.operator_is(75) or text(token, "key")
    if token is not None and text(token, "name") and whole:
        yield from under("bearerTokenSecret", references.secret(token))
    yield from auth_problems(endpoint, references, versions)
    tls = tls_problems if service else safe_tls_problems
    yield from under("tlsConfig", tls(mapping(endpoint, "tlsConfig"), references, versions))
    yield from _proxy_of_monitor(endpoint, references, versions)


def _proxy_of_monitor(client: JSON, references: References, versions: Versions) -> Problems:
    """The proxy of an endpoint or a prober: no check before v0.73, only of its URL before v0.84."""
    if versions.operator_is(84):
        yield from proxy_problems(client, references, versions)
    elif versions.operator_is(73):
        yield from proxy_url_problems(client)


def _of_probe(
    monitor: KubeObject, prometheus: KubeObject, references: References, versions: Versions
) -> Problems:
    spec = monitor.spec
    targets = mapping(spec, "targets")
    static, ingress = value(targets, "staticConfig"), value(targets, "ingress")
    yield from under("scrapeClassName", _scrape_class(monitor, prometheus, versions))
    if static is None and ingress is None:
        either = "at least one of .spec.targets.staticConfig and .spec.targets.ingress"
        yield Rejection(Reason.NO_TARGETS, f"{either} is required")
    token = value(spec, "bearerTokenSecret")
    named = text(token, "name") and (text(token, "key") or not versions.operator_is(75))
    if token is not None and (named or versions.operator_is(88)):
        yield from under("bearerTokenSecret", references.secret(token))
    yield from auth_problems(spec, references, versions)
    yield from under(
        "tlsConfig", safe_tls_problems(mapping(spec, "tlsConfig"), references, versions)
    )
    yield from _timeout(spec, "interval", prometheus)
    if versions.operator_is(68):
        yield from _relabelings(spec, "metricRelabelings", versions)
        for field, raw in (("staticConfig", static), ("ingress", ingress)):
            found = relabeling_problems(raw, "relabelingConfigs", versions)
            yield from under(f"targets.{field}.relabelConfigs", found)
    for label in mapping(static, "labels") if versions.operator_is(92) else ():
        if not label_name_is_valid(label, versions):
            said = f'targets.staticConfig.labels: invalid label "{label}"'
            yield Rejection(Reason.STATIC_LABEL, said)
    prober = mapping(spec, "prober")
    yield from under("proxy configuration", _proxy_of_monitor(prober, references, versions))
    url = text(prober, "url") or ""
    if wrong := _wrong_url(url, versions):
        form = "it should be of the format `hostname` or `hostname:port`"
        why = "it holds a user" if "@" in url else wrong  # not who, nor the password
        said = f'"{without_user(url)}" url specified in proberSpec is invalid, {form}: {why}'
        yield Rejection(Reason.PROBER_URL, said)


def _of_scrape_config(
    monitor: KubeObject, prometheus: KubeObject, references: References, versions: Versions
) -> Problems:
    spec = monitor.spec
    if not versions.operator_is(66):
        return  # the first version with this kind takes them all
    yield from authorization_problems(spec, references)
    yield from basic_auth_problems(spec, references)
    if not versions.operator_is(68):
        return
    yield from _scrape_class(monitor, prometheus, versions)
    yield from _relabelings(spec, "relabelings", versions)
    if versions.operator_is(76):
        yield from oauth2_problems(spec, references, versions)
    yield from under(
        "tlsConfig", safe_tls_problems(mapping(spec, "tlsConfig"), references, versions)
    )
    yield from _timeout(spec, "scrapeInterval", prometheus)
    if versions.operator_is(71):
        yield from proxy_problems(spec, references, versions)
    yield from _relabelings(spec, "metricRelabelings", versions)
    yield from discovery_problems(spec, versions, references)


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


def _relabelings(raw: JSON, field: str, versions: Versions) -> Problems:
    place = field.replace("elabelings", "elabelConfigs")
    yield from under(place, relabeling_problems(raw, field, versions))


def _scrape_class(monitor: KubeObject, prometheus: KubeObject, versions: Versions) -> Problems:
    """The class that it names; operators before v0.72 know none."""
    if not versions.operator_is(72):
        return
    wanted = text(monitor.raw, "spec", "scrapeClass")
    classes = objects(prometheus.raw, "spec", "scrapeClasses")
    if wanted and all(text(known, "name") != wanted for known in classes):
        said = f'scrapeClass "{wanted}" not found in Prometheus scrapeClasses'
        yield Rejection(Reason.SCRAPE_CLASS, said)


def _wrong_url(url: str, versions: Versions) -> str | None:
    """What is wrong with a prober's URL, which is a host and perhaps a port.

    Addresses of IPv6 are taken since v0.89; before, all behind a second colon is passed over.
    """
    host, port = _host_and_port(url) if versions.operator_is(89) else _split_at_colons(url)
    if not _is_host(host):
        return f'invalid host: "{host}"'
    if port is not None and not (_PORT.fullmatch(port) and int(port) in _PORTS):
        return f'invalid port: "{port}"'
    return None


def _split_at_colons(url: str) -> tuple[str, str | None]:
    host, *ports = url.split(":")
    return host, ports[0] if ports else None


def _host_and_port(url: str) -> tuple[str, str | None]:
    """As Go's ``net.SplitHostPort``; all of it is the host where that takes none."""
    before, colon, port = url.rpartition(":")
    bracketed = before.startswith("[") and before.endswith("]")
    host = before[1:-1] if bracketed else before
    if not colon or any(c in host for c in "[]") or (":" in host and not bracketed):
        return url, None
    return host, port


def _is_host(host: str) -> bool:
    """As govalidator's ``IsHost``: an IP address or a DNS name."""
    try:
        return bool(ip_address(host)) and "%" not in host
    except ValueError:
        return len(host.replace(".", "")) <= _LONGEST_HOST and bool(_HOST.fullmatch(host))
