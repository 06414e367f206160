"""The operator's checks of one HTTP client: authentication, TLS, OAuth2, proxy.

Texts are those of prometheus-operator v0.93.0, pkg/apis/monitoring/v1 (http_config.go, tls_types.go,
types.go), pkg/assets/store.go and pkg/assets/tls.go.
"""

from itertools import combinations
from typing import Final

from watcher.model.kube import JSON, flag, items, mapping, objects, text, value
from watcher.operator.go_urls import url_problem
from watcher.operator.references import References
from watcher.operator.rejection import Problems, Reason, Rejection, under
from watcher.operator.versions import Versions

_METHODS: Final = ("authorization", "basicAuth", "bearerTokenSecret", "oauth2")


def several_methods(endpoint: JSON) -> Problems:
    """Two ways to authenticate, of an endpoint alone: of other kinds the operator takes them."""
    present = [method for method in _METHODS if value(endpoint, method) is not None]
    for one, other in combinations(present, 2):
        said = f"{one} and {other} cannot be configured at the same time"
        yield Rejection(Reason.SEVERAL_AUTH_METHODS, said)


def authorization_is_whole(endpoint: JSON) -> Problems:
    """``authorization`` with credentials, of an endpoint alone: elsewhere one without is passed over."""
    found = value(endpoint, "authorization")
    if found is not None and value(found, "credentials") is None:
        yield from _kind_of_authorization(found)
        said = "authorization: 'authorization' credentials are required"
        yield Rejection(Reason.AUTHORIZATION, said)


def auth_problems(client: JSON, references: References, versions: Versions) -> Problems:
    """Authentication and OAuth2 of an endpoint, or of the spec of a Probe or ScrapeConfig."""
    yield from authorization_problems(client, references)
    yield from oauth2_problems(client, references, versions)
    yield from basic_auth_problems(client, references)


def authorization_problems(client: JSON, references: References) -> Problems:
    """``authorization``; the operator looks at it only where it has credentials."""
    found = value(client, "authorization")
    if found is None or value(found, "credentials") is None:
        return
    yield from under("authorization", _kind_of_authorization(found))
    if text(found, "credentials", "name"):
        scheme = (text(found, "type") or "").strip() or "Bearer"
        place = f'authorization: failed to get authorization token of type "{scheme}"'
        yield from under(place, references.secret(mapping(found, "credentials")))


def basic_auth_problems(client: JSON, references: References) -> Problems:
    """``basicAuth``, of which both parts must be there."""
    basic = value(client, "basicAuth")
    if basic is not None:
        for field in ("username", "password"):
            found = references.secret(mapping(basic, field))
            yield from under(f"basicAuth: failed to get basic auth {field}", found)


def tls_problems(tls: JSON, references: References, versions: Versions) -> Problems:
    """TLS of a ServiceMonitor's endpoint: references and files."""
    yield from _either(tls, "ca", "cert", reason=Reason.TLS)
    for field in ("ca", "cert"):
        if mapping(tls, field) and text(tls, f"{field}File"):
            yield Rejection(Reason.TLS, f"cannot specify both '{field}File' and '{field}'")
    if text(tls, "keyFile") and value(tls, "keySecret") is not None:
        yield Rejection(Reason.TLS, "cannot specify both 'keyFile' and 'keySecret'")
    certificate = bool(mapping(tls, "cert") or text(tls, "certFile"))
    key = value(tls, "keySecret") is not None or bool(text(tls, "keyFile"))
    if certificate and not key:
        yield Rejection(Reason.TLS, "cannot specify client cert without client key")
    if key and not certificate:
        yield Rejection(Reason.TLS, "cannot specify client key without client cert")
    yield from _crossed(tls, versions, Reason.TLS)
    yield from _tls_references(tls, references)


def safe_tls_problems(tls: JSON, references: References, versions: Versions) -> Problems:
    """TLS of every other client: references only."""
    yield from _either(tls, "ca", "cert", reason=Reason.SAFE_TLS)
    certificate, key = bool(mapping(tls, "cert")), value(tls, "keySecret") is not None
    if certificate and not key:
        yield Rejection(Reason.SAFE_TLS, "client cert specified without client key")
    if key and not certificate:
        yield Rejection(Reason.SAFE_TLS, "client key specified without client cert")
    yield from _crossed(tls, versions, Reason.SAFE_TLS)
    yield from _tls_references(tls, references)


def proxy_problems(client: JSON, references: References, versions: Versions) -> Problems:
    """Proxy settings, which stand beside the other fields of a client."""
    yield from _proxy(client, versions)
    headers = mapping(client, "proxyConnectHeader")
    for header in headers:
        for index, selector in enumerate(objects(headers, header)):
            yield from under(f"header[{header}][{index}]", references.secret(selector))


def _proxy(client: JSON, versions: Versions) -> Problems:
    url, no_proxy = bool(text(client, "proxyUrl")), bool(text(client, "noProxy"))
    from_environment = flag(client, "proxyFromEnvironment")
    headers = mapping(client, "proxyConnectHeader")
    if headers and not (from_environment or url):
        said = "proxyUrl or proxyFromEnvironment must also be configured"
        yield Rejection(Reason.PROXY, f"if proxyConnectHeader is configured, {said}")
    said = "if proxyFromEnvironment is configured, {} must not be configured"
    for field, given in (("proxyUrl", url), ("noProxy", no_proxy)):
        if from_environment and given:
            yield Rejection(Reason.PROXY, said.format(field))
    if no_proxy and not url and not from_environment:
        said = "if noProxy is configured, proxyUrl must also be configured"
        yield Rejection(Reason.PROXY, said)
    for header in headers if versions.operator_is(78) else ():
        if not items(headers, header):
            said = f"proxyConnetHeader[{header}]: selector must not be empty"
            yield Rejection(Reason.PROXY, said)
    if versions.operator_is(82):
        yield from proxy_url_problems(client)


def proxy_url_problems(client: JSON) -> Problems:
    """A proxy's address that Go cannot parse."""
    if said := url_problem(text(client, "proxyUrl") or ""):
        yield Rejection(Reason.PROXY, said)


def oauth2_problems(client: JSON, references: References, versions: Versions) -> Problems:
    """``oauth2``: its fields, TLS and proxy, and what they refer to."""
    found = value(client, "oauth2")
    if found is not None:
        yield from under("oauth2", _oauth2(found, references, versions))


def _kind_of_authorization(found: JSON) -> Problems:
    if (text(found, "type") or "").strip().lower() == "basic":
        said = '\'authorization\' type cannot be set to "basic", use "basicAuth" instead'
        yield Rejection(Reason.AUTHORIZATION, said)


def _oauth2(found: JSON, references: References, versions: Versions) -> Problems:
    if not text(found, "tokenUrl"):
        yield Rejection(Reason.OAUTH2, "OAuth2 tokenURL must be specified")
    if not mapping(found, "clientId"):
        yield Rejection(Reason.OAUTH2, "OAuth2 'clientID' must be specified")
    yield from _either(found, "clientId", reason=Reason.OAUTH2)
    place = "failed to get oauth2 client"
    yield from under(f"{place} id", references.either(mapping(found, "clientId")))
    yield from under(f"{place} secret", references.secret(mapping(found, "clientSecret")))
    if not versions.operator_is(76):
        return  # it looks at neither TLS nor proxy
    tls = safe_tls_problems(mapping(found, "tlsConfig"), references, versions)
    yield from under("invalid OAuth2 'tlsConfig'", tls)
    if versions.operator_is(92):
        yield from under("invalid OAuth2 proxyConfig", _proxy(found, versions))
    headers = mapping(found, "proxyConnectHeader")
    for header in headers:
        for index, selector in enumerate(objects(headers, header)):
            at = f"failed to get oauth2 proxyConfig: header[{header}][{index}]"
            yield from under(at, references.secret(selector))


def _either(raw: JSON, *fields: str, reason: Reason) -> Problems:
    """A reference is to a Secret or to a ConfigMap."""
    for field in fields:
        found = mapping(raw, field)
        if value(found, "secret") is not None and value(found, "configMap") is not None:
            yield Rejection(reason, f"{field}: cannot specify both Secret and ConfigMap")


def _tls_references(tls: JSON, references: References) -> Problems:
    for field in ("ca", "cert"):
        yield from under(f"failed to get {field}", references.either(mapping(tls, field)))
    if mapping(tls, "keySecret"):
        yield from under("failed to get key", references.secret(mapping(tls, "keySecret")))
    yield from references.pems(tls)


def _crossed(tls: JSON, versions: Versions, reason: Reason) -> Problems:
    """Versions of TLS that exclude one another; ``TLS10`` to ``TLS13`` sort as letters do."""
    least, most = text(tls, "minVersion"), text(tls, "maxVersion")
    if least is not None and most is not None and most < least and versions.operator_is(76):
        yield Rejection(reason, "maxVersion must more than or equal to minVersion")
