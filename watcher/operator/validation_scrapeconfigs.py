"""The operator's checks of the service discoveries of a ScrapeConfig.

Texts are those of prometheus-operator v0.93.0, pkg/prometheus/resource_selector.go. Checks that
only the CRD's own schema makes are left to the API server.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from watcher.model.kube import JSONObject, flag, mapping, objects, text, value
from watcher.model.observations import at_least
from watcher.operator.go_urls import url_problem
from watcher.operator.references import References
from watcher.operator.rejection import Problems, Reason, Rejection, under
from watcher.operator.selectors import SelectorError, parse_selector
from watcher.operator.validation_http import auth_problems, proxy_problems, safe_tls_problems
from watcher.operator.validation_relabelings import label_name_is_valid

_ONLY: Final = "is only supported for Prometheus version >="

_GATES: Final = (
    ("httpSDConfigs", "HTTP SD configuration", (2, 28, 0)),
    ("digitalOceanSDConfigs", "service discovery for Digital Ocean", (2, 20, 0)),
    ("linodeSDConfigs", "linode SD configuration", (2, 28, 0)),
    ("dockerswarmSDConfigs", "dockerswarm SD configuration", (2, 20, 0)),
    ("puppetDBSDConfigs", "puppetDB SD configuration", (2, 31, 0)),
    ("lightSailSDConfigs", "lightSail SD configuration", (2, 27, 0)),
    ("OVHCloudSDConfigs", "OVHCloud SD configuration", (2, 40, 0)),
    ("ScalewaySDConfigs", "Scaleway SD configuration", (2, 26, 0)),
    ("IonosSDConfigs", "IONOS SD configuration", (2, 36, 0)),
)
"""Looked at whether that discovery is used or not: below 2.40 every ScrapeConfig is rejected."""

_SELECTORS: Final[Mapping[str, tuple[str, ...]]] = {
    "pod": ("pod",),
    "service": ("service",),
    "endpointslice": ("pod", "service", "endpointslice"),
    "endpoints": ("pod", "service", "endpoints"),
    "node": ("node",),
    "ingress": ("ingress",),
}
"""Roles of selectors that each role of the Kubernetes discovery takes."""

_SECRETS: Final = (
    "accessKey",
    "secretKey",
    "tokenRef",
    "password",
    "applicationCredentialSecret",
    "applicationSecret",
    "consumerKey",
)
"""Fields of discoveries that each refer to one key of a Secret."""

_AZURE: Final = "azureSDConfigs"
_OPENSTACK: Final = "openstackSDConfigs"

_Check: TypeAlias = Callable[[JSONObject, str | None], Iterator[str]]


def discovery_problems(spec: JSONObject, version: str | None, references: References) -> Problems:
    """Static lists and every service discovery, for a Prometheus of *version*."""
    for index, static in enumerate(objects(spec, "staticConfigs")):
        for label in mapping(static, "labels"):
            if not label_name_is_valid(label, version):
                said = f'staticConfigs: [{index}]: invalid label "{label}"'
                yield Rejection(Reason.STATIC_LABEL, said)
    for field, words, first in _GATES:
        if not at_least(version, *first):
            since = ".".join(map(str, first))
            yield Rejection(Reason.DISCOVERY, f"{field}: {words} {_ONLY} {since}")
    for field in sorted(key for key in spec if key.endswith("SDConfigs")):
        for index, config in enumerate(objects(spec, field)):
            found = _config(field, config, version, references)
            yield from under(f"{field}: [{index}]", found)


def _config(
    field: str, config: JSONObject, version: str | None, references: References
) -> Problems:
    check = _CHECKS.get(field)
    if check is not None:
        for said in check(config, version):
            yield Rejection(Reason.DISCOVERY, said)
    oauth = text(config, "authenticationMethod") not in {"ManagedIdentity", "SDK"}
    if field == _AZURE and not oauth:
        return  # the operator looks no further
    if field != _OPENSTACK:
        yield from auth_problems(config, references)
        yield from safe_tls_problems(mapping(config, "tlsConfig"), references)
        yield from proxy_problems(config, references)
    for secret in (*_SECRETS, *(("clientSecret",) if field == _AZURE else ())):
        if isinstance(value(config, secret), Mapping):
            yield from references.secret(mapping(config, secret))


def _kubernetes(config: JSONObject, version: str | None) -> Iterator[str]:
    del version
    if value(config, "apiServer") is not None and flag(config, "namespaces", "ownNamespace"):
        yield "cannot use 'apiServer' and 'namespaces.ownNamespace' simultaneously"
    role = text(config, "role") or ""
    allowed = _SELECTORS.get(role.lower())
    for found in objects(config, "selectors"):
        of = text(found, "role") or ""
        if allowed is None:
            roles = "pod, service, endpoints, endpointslice, node or ingress"
            yield f'invalid role: "{of}", expecting one of: {roles}'
        elif of.lower() not in allowed:
            yield f"{role} role supports only {', '.join(allowed)} selectors"
    for found in objects(config, "selectors"):
        yield from _bad_fields(text(found, "field") or "")
        try:
            parse_selector(text(found, "label") or "")
        except SelectorError as error:
            yield str(error)


def _bad_fields(said: str) -> Iterator[str]:
    """A field selector that Kubernetes cannot parse (apimachinery 0.3x, fields/selector.go)."""
    terms = re.split(r"(?<!\\),", said)
    for term in terms:
        if term and "=" not in term:
            yield f"invalid selector: '{said}'; can't understand '{term}'"


def _consul(config: JSONObject, version: str | None) -> Iterator[str]:
    gates = (
        ("pathPrefix", "PathPrefix", (2, 45, 0)),
        ("namespace", "Namespace", (2, 28, 0)),
        ("filter", "Filter", (3, 0, 0)),
    )
    for field, shown, first in gates:
        if value(config, field) is not None and not at_least(version, *first):
            yield f"field `config.{shown}` {_ONLY} {'.'.join(map(str, first))}"


def _dns(config: JSONObject, version: str | None) -> Iterator[str]:
    del version
    kind = text(config, "type")
    if kind not in {None, "SRV"} and value(config, "port") is None:
        yield f'port required for record type "{kind}"'


def _azure(config: JSONObject, version: str | None) -> Iterator[str]:
    method = text(config, "authenticationMethod")
    if method == "SDK" and not at_least(version, 2, 52):
        yield "SDK authentication is only supported from Prometheus version 2.52.0"
    if value(config, "resourceGroup") is not None and not at_least(version, 2, 35):
        yield "ResourceGroup is only supported from Prometheus version >= 2.35.0"
    if method not in {"ManagedIdentity", "SDK"}:
        for field in ("tenantID", "clientID", "clientSecret"):
            if not value(config, field):
                yield f"configuration requires a {field}"


def _open_stack(config: JSONObject, version: str | None) -> Iterator[str]:
    role = text(config, "role")
    if role == "LoadBalancer" and not at_least(version, 3, 2):
        yield f"The {role} role is only supported from Prometheus version 3.2.0"


def _http(config: JSONObject, version: str | None) -> Iterator[str]:
    del version
    yield from _unparsable(config, "url")


def _docker(config: JSONObject, version: str | None) -> Iterator[str]:
    del version
    yield from _unparsable(config, "host")


def _puppet(config: JSONObject, version: str | None) -> Iterator[str]:
    del version
    if unparsable := tuple(_unparsable(config, "url")):
        yield from unparsable
        return
    scheme, host = _parts(config, "url")
    if scheme not in {"http", "https"}:
        yield "URL scheme must be 'http' or 'https'"
    if not host:
        yield "host is missing in URL"


def _kuma(config: JSONObject, version: str | None) -> Iterator[str]:
    del version
    unparsable = tuple(_unparsable(config, "server"))
    yield from (f"cannot parse server: {said}" for said in unparsable)
    scheme, host = _parts(config, "server")
    if not unparsable and (not scheme or not host):
        yield f"must not be empty and have a scheme: {text(config, 'server') or ''}"


def _unparsable(config: JSONObject, field: str) -> Iterator[str]:
    said = url_problem(text(config, field) or "")
    if said is not None:
        yield said


def _parts(config: JSONObject, field: str) -> tuple[str, str]:
    try:
        found = urlsplit(text(config, field) or "")
    except ValueError:
        return "", ""
    return found.scheme, found.netloc


_CHECKS: Final[Mapping[str, _Check]] = {
    "kubernetesSDConfigs": _kubernetes,
    "httpSDConfigs": _http,
    "dockerSDConfigs": _docker,
    "dockerswarmSDConfigs": _docker,
    "consulSDConfigs": _consul,
    "dnsSDConfigs": _dns,
    _AZURE: _azure,
    _OPENSTACK: _open_stack,
    "puppetDBSDConfigs": _puppet,
    "kumaSDConfigs": _kuma,
}
