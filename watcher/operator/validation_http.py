"""The operator's checks of one HTTP client: authentication, TLS, OAuth2, proxy.

Texts are those of prometheus-operator v0.93.0, pkg/apis/monitoring/v1 (http_config.go, tls_types.go,
types.go), pkg/assets/store.go and pkg/assets/tls.go.
"""

from itertools import combinations
from typing import Final

from watcher.model.kube import JSON, flag, mapping, objects, text, value
from watcher.operator.references import References
from watcher.operator.rejection import Problems, Reason, Rejection, under

_METHODS: Final = ("authorization", "basicAuth", "bearerTokenSecret", "oauth2")


def several_methods(endpoint: JSON) -> Problems:
    """Two ways to authenticate, of an endpoint alone: of other kinds the operator takes them."""
    present = [method for method in _METHODS if value(endpoint, method) is not None]
    for one, other in combinations(present, 2):
        said = f"{one} and {other} cannot be configured at the same time"
        yield Rejection(Reason.SEVERAL_AUTH_METHODS, said)


def auth_problems(client: JSON, references: References) -> Problems:
    """Authentication and OAuth2 of an endpoint, or of the spec of a Probe or ScrapeConfig."""
    yield from under("authorization", _authorization(client, references))
    yield from under("oauth2", _oauth2(client, references))
    token = value(client, "bearerTokenSecret")
    if token is not None and text(token, "name"):
        yield from under("bearerTokenSecret", references.secret(token))
    basic = value(client, "basicAuth")
    if basic is not None:
        for field in ("username", "password"):
            found = references.secret(mapping(basic, field))
            yield from under(f"basicAuth: failed to get basic auth {field}", found)


def tls_problems(tls: JSON, references: References) -> Problems:
    """TLS of a ServiceMonitor's endpoint: references and files."""
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
    if _versions_crossed(tls):
        said = "'maxVersion' must greater than or equal to 'minVersion'"
        yield Rejection(Reason.TLS, said)
    yield from _tls_references(tls, references)


def safe_tls_problems(tls: JSON, references: References) -> Problems:
    """TLS of every other client: references only."""
    certificate, key = bool(mapping(tls, "cert")), value(tls, "keySecret") is not None
    if certificate and not key:
        yield Rejection(Reason.SAFE_TLS, "client cert specified without client key")
    if key and not certificate:
        yield Rejection(Reason.SAFE_TLS, "client key specified without client cert")
    if _versions_crossed(tls):
        said = "maxVersion must more than or equal to minVersion"
        yield Rejection(Reason.SAFE_TLS, said)
    yield from _tls_references(tls, references)


def proxy_problems(client: JSON, references: References) -> Problems:
    """Proxy settings, which stand beside the other fields of a client."""
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
    for header in headers:
        for index, selector in enumerate(objects(headers, header)):
            yield from under(f"header[{header}][{index}]", references.secret(selector))


def _authorization(client: JSON, references: References) -> Problems:
    found = value(client, "authorization")
    if found is None:
        return
    if (text(found, "type") or "").strip().lower() == "basic":
        said = '\'authorization\' type cannot be set to "basic", use "basicAuth" instead'
        yield Rejection(Reason.AUTHORIZATION, said)
    if value(found, "credentials") is None:
        yield Rejection(Reason.AUTHORIZATION, "'authorization' credentials are required")
    elif text(found, "credentials", "name"):
        scheme = (text(found, "type") or "").strip() or "Bearer"
        place = f'failed to get authorization token of type "{scheme}"'
        yield from under(place, references.secret(mapping(found, "credentials")))


def _oauth2(client: JSON, references: References) -> Problems:
    found = value(client, "oauth2")
    if found is None:
        return
    if not text(found, "tokenUrl"):
        yield Rejection(Reason.OAUTH2, "OAuth2 tokenURL must be specified")
    if not mapping(found, "clientId"):
        yield Rejection(Reason.OAUTH2, "OAuth2 clientID must be specified")
    tls = safe_tls_problems(mapping(found, "tlsConfig"), references)
    yield from under("invalid OAuth2 tlsConfig", tls)
    place = "failed to get oauth2 client"
    yield from under(f"{place} id", references.either(mapping(found, "clientId")))
    if mapping(found, "clientSecret"):
        secret = references.secret(mapping(found, "clientSecret"))
        yield from under(f"{place} secret", secret)


def _tls_references(tls: JSON, references: References) -> Problems:
    for field in ("ca", "cert"):
        yield from under(f"failed to get {field}", references.either(mapping(tls, field)))
    if mapping(tls, "keySecret"):
        yield from under("failed to get key", references.secret(mapping(tls, "keySecret")))
    yield from references.pems(tls)


def _versions_crossed(tls: JSON) -> bool:
    """``TLS10`` to ``TLS13`` sort as letters do."""
    least, most = text(tls, "minVersion"), text(tls, "maxVersion")
    return least is not None and most is not None and most < least
