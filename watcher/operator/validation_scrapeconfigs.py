"""The operator's checks of the service discoveries of a ScrapeConfig.

Texts are those of prometheus-operator v0.93.0, pkg/prometheus/resource_selector.go. Checks that
only the CRD's own schema makes are left to the API server.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from watcher.model.kube import JSONObject, flag, mapping, objects, text, value
from watcher.operator.go_urls import url_problem
from watcher.operator.references import References
from watcher.operator.rejection import Problems, Reason, Rejection, under
from watcher.operator.selectors import SelectorError, parse_selector
from watcher.operator.validation_http import (
    authorization_problems,
    basic_auth_problems,
    oauth2_problems,
    proxy_problems,
    safe_tls_problems,
)
from watcher.operator.validation_relabelings import label_name_is_valid
from watcher.operator.versions import Versions

_ONLY: Final = "is only supported for Prometheus version >="

_GATES: Final = (
    ("httpSDConfigs", "HTTP SD configuration", (2, 28, 0), 77),
    ("digitalOceanSDConfigs", "service discovery for Digital Ocean", (2, 20, 0), 79),
    ("linodeSDConfigs", "linode SD configuration", (2, 28, 0), 75),
    ("dockerswarmSDConfigs", "dockerswarm SD configuration", (2, 20, 0), 75),
    ("puppetDBSDConfigs", "puppetDB SD configuration", (2, 31, 0), 75),
    ("lightSailSDConfigs", "lightSail SD configuration", (2, 27, 0), 75),
    ("OVHCloudSDConfigs", "OVHCloud SD configuration", (2, 40, 0), 75),
    ("ScalewaySDConfigs", "Scaleway SD configuration", (2, 26, 0), 76),
    ("IonosSDConfigs", "IONOS SD configuration", (2, 36, 0), 77),
)
"""Field, its words, the least Prometheus, and the operator that first asks for it.

Looked at whether that discovery is used or not: below 2.40 every ScrapeConfig is rejected.
"""

_FIRST_LOOK: Final = 68
"""The operator that first looks at any discovery."""

_SINCE: Final[Mapping[str, int]] = {
    "consulSDConfigs": 68,
    "dnsSDConfigs": 68,
    "httpSDConfigs": 68,
    "ec2SDConfigs": 69,
    "kubernetesSDConfigs": 69,
    "azureSDConfigs": 70,
    "openstackSDConfigs": 71,
    "digitalOceanSDConfigs": 72,
    "dockerSDConfigs": 73,
    "eurekaSDConfigs": 73,
    "hetznerSDConfigs": 73,
    "kumaSDConfigs": 73,
    "nomadSDConfigs": 74,
    "ovhcloudSDConfigs": 75,
    "dockerSwarmSDConfigs": 75,
    "lightSailSDConfigs": 75,
    "linodeSDConfigs": 75,
    "puppetDBSDConfigs": 75,
    "scalewaySDConfigs": 76,
    "ionosSDConfigs": 77,
}
"""The operator that first looks at each discovery."""

_LATER: Final[Mapping[str, Mapping[str, int | None]]] = {
    "ionosSDConfigs": {"basicAuth": None, "oauth2": 80},
    "ovhcloudSDConfigs": dict.fromkeys(("basicAuth", "authorization", "oauth2", "tls", "proxy")),
    "scalewaySDConfigs": {
        **dict.fromkeys(("basicAuth", "authorization", "oauth2")),
        "tls": 80,
        "proxy": 80,
    },
    "azureSDConfigs": dict.fromkeys(("basicAuth", "authorization", "oauth2", "tls", "proxy"), 80),
    "consulSDConfigs": {"oauth2": 93, "proxy": 71},
    "digitalOceanSDConfigs": {"basicAuth": None},
    "ec2SDConfigs": {
        **dict.fromkeys(("basicAuth", "authorization", "oauth2")),
        "tls": 77,
        "proxy": 77,
    },
    "httpSDConfigs": {"oauth2": 77, "proxy": 71},
    "kubernetesSDConfigs": dict.fromkeys(
        ("basicAuth", "authorization", "oauth2", "tls", "proxy"), 71
    ),
    "linodeSDConfigs": {"basicAuth": None},
    "openstackSDConfigs": {
        **dict.fromkeys(("basicAuth", "authorization", "oauth2", "proxy")),
        "tls": 93,
    },
}
"""The parts of a discovery that the operator looks at since later, None for never."""

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

_Check: TypeAlias = Callable[[JSONObject, Versions], Iterator[str]]


def discovery_problems(spec: JSONObject, versions: Versions, references: References) -> Problems:
    """Static lists and every service discovery."""
    for index, static in enumerate(objects(spec, "staticConfigs")):
        for label in mapping(static, "labels") if versions.operator_is(78) else ():
            if not label_name_is_valid(label, versions):
                said = f'staticConfigs: [{index}]: invalid label "{label}"'
                yield Rejection(Reason.STATIC_LABEL, said)
    for field, words, first, since in _GATES:
        if versions.operator_is(since) and not versions.prometheus_is(*first):
            least = ".".join(map(str, first))
            yield Rejection(Reason.DISCOVERY, f"{field}: {words} {_ONLY} {least}")
    for field in sorted(key for key in spec if key.endswith("SDConfigs")):
        if not versions.operator_is(_SINCE.get(field, _FIRST_LOOK)):
            continue
        for index, config in enumerate(objects(spec, field)):
            found = _config(field, config, versions, references)
            yield from under(f"{field}: [{index}]", found)


def _config(field: str, config: JSONObject, versions: Versions, references: References) -> Problems:
    check = _CHECKS.get(field)
    if check is not None:
        for said in check(config, versions):
            yield Rejection(Reason.DISCOVERY, said)
    if field == _AZURE and not _asks_by_oauth(config, versions):
        return  # the operator looks no further
    yield from _client(field, config, versions, references)
    for secret in (*_SECRETS, *(("clientSecret",) if field == _AZURE else ())):
        if isinstance(value(config, secret), Mapping):
            yield from references.secret(mapping(config, secret))


def _client(field: str, config: JSONObject, versions: Versions, references: References) -> Problems:
    """The HTTP client of a discovery, as far as that version looks at it."""
    parts = {
        "basicAuth": basic_auth_problems(config, references),
        "authorization": authorization_problems(config, references),
        "oauth2": oauth2_problems(config, references, versions),
        "tls": safe_tls_problems(mapping(config, "tlsConfig"), references, versions),
        "proxy": proxy_problems(config, references, versions),
    }
    later = _LATER.get(field, {})
    for part, problems in parts.items():
        since = later.get(part, _FIRST_LOOK)
        if since is not None and versions.operator_is(since):
            yield from problems


def _asks_by_oauth(config: JSONObject, versions: Versions) -> bool:
    """Whether Azure is asked with a client's secret; v0.70 takes all for that, by a typing error."""
    if not versions.operator_is(71):
        return True
    others = {"ManagedIdentity"}
    if versions.operator_is(74):
        others.add("SDK")
    if versions.operator_is(91):
        others.add("WorkloadIdentity")
    return text(config, "authenticationMethod") not in others


def _kubernetes(config: JSONObject, versions: Versions) -> Iterator[str]:
    own = flag(config, "namespaces", "ownNamespace") and versions.operator_is(71)
    if value(config, "apiServer") is not None and own:
        yield "cannot use 'apiServer' and 'namespaces.ownNamespace' simultaneously"
    role = text(config, "role") or ""
    slices = role == "EndpointSlice" and versions.operator_is(90)
    if slices and not versions.prometheus_is(2, 21):
        yield f"EndpointSlice role {_ONLY} 2.21.0"
    allowed = _SELECTORS.get(role.lower())
    for found in objects(config, "selectors") if versions.operator_is(73) else ():
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


def _consul(config: JSONObject, versions: Versions) -> Iterator[str]:
    gates = (
        ("pathPrefix", "PathPrefix", (2, 45, 0), 79),
        ("namespace", "Namespace", (2, 28, 0), 79),
        ("filter", "Filter", (3, 0, 0), 79),
        ("healthFilter", "HealthFilter", (3, 11, 2), 91),
    )
    for field, shown, first, since in gates:
        asked = value(config, field) is not None and versions.operator_is(since)
        if asked and not versions.prometheus_is(*first):
            yield f"field `config.{shown}` {_ONLY} {'.'.join(map(str, first))}"


def _dns(config: JSONObject, versions: Versions) -> Iterator[str]:
    del versions
    kind = text(config, "type")
    if kind not in {None, "SRV"} and value(config, "port") is None:
        yield f'port required for record type "{kind}"'


def _azure(config: JSONObject, versions: Versions) -> Iterator[str]:
    method = text(config, "authenticationMethod")
    if method == "SDK" and versions.operator_is(74) and not versions.prometheus_is(2, 52):
        yield "SDK authentication is only supported from Prometheus version 2.52.0"
    workload = method == "WorkloadIdentity" and versions.operator_is(91)
    if workload and not versions.prometheus_is(3, 11):
        yield "WorkloadIdentity authentication is only supported from Prometheus version 3.11.0"
    group = value(config, "resourceGroup") is not None and versions.operator_is(80)
    if group and not versions.prometheus_is(2, 35):
        yield "ResourceGroup is only supported from Prometheus version >= 2.35.0"
    if _asks_by_oauth(config, versions):
        for field in ("tenantID", "clientID", "clientSecret"):
            if not value(config, field):
                yield f"configuration requires a {field}"


def _open_stack(config: JSONObject, versions: Versions) -> Iterator[str]:
    role = text(config, "role")
    balancer = role == "LoadBalancer" and versions.operator_is(81)
    if balancer and not versions.prometheus_is(3, 2):
        yield f"The {role} role is only supported from Prometheus version 3.2.0"


def _http(config: JSONObject, versions: Versions) -> Iterator[str]:
    if versions.operator_is(77):
        yield from _unparsable(config, "url")


def _docker(config: JSONObject, versions: Versions) -> Iterator[str]:
    yield from _swarm(config, versions)
    first = value(config, "matchFirstNetwork") is not None and versions.operator_is(90)
    if first and not versions.prometheus_is(2, 54, 1):
        yield f"field `matchFirstNetwork` {_ONLY} 2.54.1"


def _swarm(config: JSONObject, versions: Versions) -> Iterator[str]:
    del versions
    yield from _unparsable(config, "host")


def _hetzner(config: JSONObject, versions: Versions) -> Iterator[str]:
    labels = value(config, "labelSelector") is not None and versions.operator_is(90)
    if labels and not versions.prometheus_is(3, 5):
        yield f"field `labelSelector` {_ONLY} 3.5.0"


def _nomad(config: JSONObject, versions: Versions) -> Iterator[str]:
    if versions.operator_is(90):
        yield from _server(config)


def _puppet(config: JSONObject, versions: Versions) -> Iterator[str]:
    del versions
    if unparsable := tuple(_unparsable(config, "url")):
        yield from unparsable
        return
    scheme, host = _parts(config, "url")
    if scheme not in {"http", "https"}:
        yield "URL scheme must be 'http' or 'https'"
    if not host:
        yield "host is missing in URL"


def _kuma(config: JSONObject, versions: Versions) -> Iterator[str]:
    client = value(config, "clientID") is not None and versions.operator_is(87)
    if client and not versions.prometheus_is(2, 50):
        yield f"field `clientID` in kuma SD configuration {_ONLY} 2.50.0"
    yield from _server(config)


def _server(config: JSONObject) -> Iterator[str]:
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
    "dockerSwarmSDConfigs": _swarm,
    "hetznerSDConfigs": _hetzner,
    "nomadSDConfigs": _nomad,
    "consulSDConfigs": _consul,
    "dnsSDConfigs": _dns,
    _AZURE: _azure,
    _OPENSTACK: _open_stack,
    "puppetDBSDConfigs": _puppet,
    "kumaSDConfigs": _kuma,
}
