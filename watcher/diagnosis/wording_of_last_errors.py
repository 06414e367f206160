"""What a target's lastError means: one kind out of a closed set, and what the words name.

Every text of a failed scrape as recorded on 2.42.0, 2.53.3 and 3.5.3; from Go 1.20 on, x509 texts
begin with "tls: failed to verify certificate: ". Both the raw text and the one made steady by the
adapter (no ephemeral port, no current time) are understood.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watcher.diagnosis.wording_of_prometheus import FileProblem, file_problem


class LastErrorKind(StrEnum):
    """What went wrong with a scrape.

    The connection ones and HTTP ones name what the network or the target did; *client certificate*
    ones are the target's verdict on Prometheus's certificate, *certificate* ones the reverse.
    Closed: the connection was reset or ended, which a server that speaks TLS or demands a client
    certificate may do too. Proxy refused: a proxy wants credentials, or makes no
    connection to a target that is asked by TLS. Header invalid: a value cannot be sent, as with a line
    feed in it. Protocol mismatch: one side speaks HTTP, the other TLS or something
    else; TLS spoken and HTTP2 spoken: plain HTTP is answered with an alert of TLS, or with the
    frames of HTTP/2. Truncated: the body ended too soon. File: a TLS or credentials file is at fault.
    """

    NONE = "none"
    CONNECTION_REFUSED = "connection-refused"
    CONNECTION_TIMEOUT = "connection-timeout"
    CONNECTION_CLOSED = "connection-closed"
    NAME_NOT_RESOLVED = "name-not-resolved"
    NETWORK_UNREACHABLE = "network-unreachable"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    SERVER_ERROR = "server-error"
    OTHER_STATUS = "other-status"
    REDIRECT_LOOP = "redirect-loop"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid"
    CERTIFICATE_UNTRUSTED = "certificate-untrusted"
    CERTIFICATE_NAME_MISMATCH = "certificate-name-mismatch"
    CLIENT_CERTIFICATE_REQUIRED = "client-certificate-required"
    CLIENT_CERTIFICATE_REJECTED = "client-certificate-rejected"
    TLS_HANDSHAKE = "tls-handshake"
    PROTOCOL_MISMATCH = "protocol-mismatch"
    TLS_SPOKEN = "tls-spoken"
    HTTP2_SPOKEN = "http2-spoken"
    FILE = "file"
    PROXY_REFUSED = "proxy-refused"
    HEADER_INVALID = "header-invalid"
    TOKEN_NOT_GIVEN = "token-not-given"  # noqa: S105 -- no secret: an OAuth2 server's refusal
    SAMPLE_LIMIT = "sample-limit"
    BODY_SIZE_LIMIT = "body-size-limit"
    LABEL_LIMIT = "label-limit"
    TARGET_LIMIT = "target-limit"
    CONTENT_TYPE = "content-type"
    EXPOSITION = "exposition"
    TRUNCATED = "truncated"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastError:
    """A lastError taken to pieces; whatever the words do not name is None.

    ``address`` is what was dialled or looked up (``10.0.0.1:8080``, ``name``); ``status`` the HTTP
    status; ``limit`` and ``actual`` the numbers of an exceeded limit (Prometheus gives none for
    samples and body size); ``label`` the label or header; ``content_type`` the refused one, empty when the target sent none;
    ``names`` for whom the target's certificate is, ``wanted`` whom Prometheus expected; ``date``
    when the certificate ended or will begin, as RFC 3339; ``via_proxy`` whether the fault is
    between Prometheus and a proxy.
    """

    kind: LastErrorKind
    text: str
    url: str | None = None
    address: str | None = None
    status: int | None = None
    limit: int | None = None
    actual: int | None = None
    label: str | None = None
    content_type: str | None = None
    names: str | None = None
    wanted: str | None = None
    date: str | None = None
    via_proxy: bool = False
    file: FileProblem | None = None


_K = LastErrorKind
_FORMS: Final = (
    (_K.NONE, r"^$"),
    (
        _K.TARGET_LIMIT,
        r"target_limit .*targets: (?P<actual>\d{1,18}), limit: (?P<limit>\d{1,18})\)",
    ),
    (_K.TARGET_LIMIT, r"target_limit exceeded"),
    (_K.LABEL_LIMIT, r"label_limit .*labels: (?P<actual>\d{1,18}), limit: (?P<limit>\d{1,18})\)"),
    (
        _K.LABEL_LIMIT,
        r"name: (?P<label>[^,]+),.* length: (?P<actual>\d{1,18}), limit: (?P<limit>\d{1,18})\)",
    ),
    (_K.LABEL_LIMIT, r"label(?:_name_length|_value_length)?_limit exceeded"),
    (_K.SAMPLE_LIMIT, r"(?:sample|bucket)[_ ]limit exceeded"),
    (_K.BODY_SIZE_LIMIT, r"body size limit exceeded"),
    (_K.TOKEN_NOT_GIVEN, r"oauth2: "),
    (_K.CONTENT_TYPE, r"unsupported Content-Type \"(?P<content_type>[^\"]*)"),
    (_K.CONTENT_TYPE, r"cannot parse Content-Type \"(?P<content_type>[^\"]*)"),
    (_K.CONTENT_TYPE, r"sending blank Content-Type(?P<content_type>)"),
    (_K.HEADER_INVALID, r"invalid header field value for \"(?P<label>[^\"]*)"),
    (_K.PROXY_REFUSED, r"(?:returned HTTP status (?P<status>407)|^Proxy Authentication Required$)"),
    (
        _K.PROXY_REFUSED,
        r"^(?:Forbidden|Bad Gateway|Service Unavailable|Gateway Timeout|Method Not Allowed)$",
    ),
    (_K.UNAUTHORIZED, r"returned HTTP status (?P<status>401)"),
    (_K.FORBIDDEN, r"returned HTTP status (?P<status>403)"),
    (_K.NOT_FOUND, r"returned HTTP status (?P<status>404)"),
    (_K.SERVER_ERROR, r"returned HTTP status (?P<status>5\d\d)"),
    (_K.OTHER_STATUS, r"returned HTTP status (?P<status>\d{3})\b"),
    (_K.REDIRECT_LOOP, r"stopped after \d+ redirects"),
    (_K.CERTIFICATE_EXPIRED, r"not yet valid: .*is after (?P<date>[\dT:.Z+-]+)"),
    (_K.CERTIFICATE_NOT_YET_VALID, r"not yet valid: .*is before (?P<date>[\dT:.Z+-]+)"),
    (_K.CERTIFICATE_EXPIRED, r"certificate has expired"),
    (_K.CERTIFICATE_NAME_MISMATCH, r"certificate is valid for (?P<names>.+), not (?P<wanted>\S+)"),
    (_K.CERTIFICATE_NAME_MISMATCH, r"cannot validate certificate for (?P<wanted>\S+) because"),
    (_K.CERTIFICATE_NAME_MISMATCH, r"not valid for any names, but wanted to match (?P<wanted>\S+)"),
    (_K.CERTIFICATE_NAME_MISMATCH, r"certificate relies on legacy Common Name"),
    (_K.CERTIFICATE_UNTRUSTED, r"x509: "),
    (_K.CLIENT_CERTIFICATE_REQUIRED, r"remote error: tls: certificate required"),
    (_K.CLIENT_CERTIFICATE_REJECTED, r"remote error: tls: (?:\w+ )*certificate\b"),
    (_K.CLIENT_CERTIFICATE_REJECTED, r"remote error: tls: access denied"),
    (_K.PROTOCOL_MISMATCH, r"first record does not look like a TLS handshake"),
    (_K.TLS_SPOKEN, r'malformed HTTP response "\\x15\\x03'),
    (_K.HTTP2_SPOKEN, r'malformed HTTP response "\\x00\\x00(?:\\x[0-9a-f]{2}|.)\\x04'),
    (_K.PROTOCOL_MISMATCH, r"malformed HTTP (?:response|status|version)"),
    (_K.PROTOCOL_MISMATCH, r"server gave HTTP response to HTTPS client"),
    (_K.CONNECTION_TIMEOUT, r"TLS handshake timeout"),
    (_K.TLS_HANDSHAKE, r"\btls: "),
    (_K.NAME_NOT_RESOLVED, r"lookup (?P<address>\S+?)(?: on \S+)?: "),
    (_K.CONNECTION_REFUSED, r"dial \w+ (?P<address>\S+): .*connection refused"),
    (_K.CONNECTION_REFUSED, r"connection refused"),
    (_K.NETWORK_UNREACHABLE, r"dial \w+ (?P<address>\S+): .*(?:no route to host|unreachable|down)"),
    (_K.NETWORK_UNREACHABLE, r"no route to host|network is unreachable"),
    (_K.CONNECTION_TIMEOUT, r"dial \w+ (?P<address>\S+): .*(?:i/o timeout|timed out)"),
    (_K.CONNECTION_TIMEOUT, r"context deadline exceeded|i/o timeout|timed out|Client\.Timeout"),
    (_K.TRUNCATED, r"^unexpected EOF$|gzip: |flate: "),
    (_K.EXPOSITION, r"does not end with # EOF"),
    (_K.CONNECTION_CLOSED, r"(?:->|tcp )(?P<address>[^\s>]+): (?:read|write): "),
    (_K.CONNECTION_CLOSED, r"connection reset by peer|broken pipe|connection broken|\bEOF$"),
    (_K.EXPOSITION, r"while parsing|strconv\.|start token|invalid UTF-8|invalid metric"),
    (_K.EXPOSITION, r"expected (?:equal|value|label|timestamp|next entry|float)|text format"),
)
_WORDS: Final = tuple((kind, re.compile(form)) for kind, form in _FORMS)
_URL: Final = re.compile(r'^(?:Get|Post|Head) "(?P<url>(?:[^"\\]|\\.)*)": ')


def classify_last_error(text: str) -> LastError:
    """What *text* means. Words that are not known are ``OTHER``, an empty text is ``NONE``."""
    asked = _URL.match(text)
    said = text[asked.end() :] if asked else text
    url = asked["url"] if asked else None
    if (file := file_problem(said)) is not None:
        return LastError(kind=LastErrorKind.FILE, text=text, url=url, file=file)
    for kind, form in _WORDS:
        if (found := form.search(said)) is not None:
            return _told(kind, text, url, found.groupdict(), via_proxy="proxyconnect" in said)
    return LastError(kind=LastErrorKind.OTHER, text=text, url=url)


def _told(
    kind: LastErrorKind,
    text: str,
    url: str | None,
    named: dict[str, str | None],
    *,
    via_proxy: bool,
) -> LastError:
    return LastError(
        kind=kind,
        text=text,
        url=url,
        address=named.get("address"),
        status=_number(named.get("status")),
        limit=_number(named.get("limit")),
        actual=_number(named.get("actual")),
        label=named.get("label"),
        content_type=named.get("content_type"),
        names=named.get("names"),
        wanted=named.get("wanted"),
        date=named.get("date"),
        via_proxy=via_proxy,
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
