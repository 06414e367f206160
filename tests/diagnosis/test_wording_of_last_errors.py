"""Every lastError that real servers gave, and a few more, mean what they should."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.adapters.wording.last_error import steady
from watcher.diagnosis.wording_of_last_errors import LastErrorKind as Kind
from watcher.diagnosis.wording_of_last_errors import classify_last_error
from watcher.diagnosis.wording_of_prometheus import FileFault

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"
VERSIONS = ("2.42.0", "2.53.3", "3.5.3")

# Pools of the recordings by what is wrong with their targets. Where 3.x refuses what 2.x took, or
# says it in other words, the last entry is that of 3.5.3.
MEANT = {
    "FALLBACK-html-login-page": (Kind.EXPOSITION,),
    "FALLBACK-no-content-type": (Kind.NONE,),
    "bad-exposition": (Kind.EXPOSITION,),
    "bad-gzip": (Kind.TRUNCATED,),
    "bad-path-param": (Kind.NONE,),
    "bad-utf8": (Kind.EXPOSITION,),
    "bad-value": (Kind.EXPOSITION,),
    "body-size-limit": (Kind.BODY_SIZE_LIMIT,),
    "conn-closed": (Kind.CONNECTION_CLOSED,),
    "conn-reset": (Kind.CONNECTION_CLOSED,),
    "dns-nxdomain": (Kind.NAME_NOT_RESOLVED,),
    "dns-servfail": (Kind.NAME_NOT_RESOLVED,),
    "dns-timeout": (Kind.NAME_NOT_RESOLVED,),
    "duplicate-series": (Kind.NONE,),
    "duplicate-timestamps": (Kind.NONE,),
    "empty-body-200": (Kind.NONE,),
    "empty-content-type": (Kind.NONE, Kind.CONTENT_TYPE),
    "future-timestamp": (Kind.NONE,),
    "garbage-protocol": (Kind.PROTOCOL_MISMATCH,),
    "go-https-server-spoken-http": (Kind.OTHER_STATUS,),
    "honor-never-scraped-long-interval": (Kind.NONE,),
    "html-ct-but-metrics": (Kind.NONE, Kind.CONTENT_TYPE),
    "html-login-page": (Kind.EXPOSITION, Kind.CONTENT_TYPE),
    "http-server-spoken-https": (Kind.PROTOCOL_MISMATCH,),
    "http204": (Kind.OTHER_STATUS,),
    "http301": (Kind.OTHER_STATUS,),
    "http400": (Kind.OTHER_STATUS,),
    "http401": (Kind.UNAUTHORIZED,),
    "http403": (Kind.FORBIDDEN,),
    "http404": (Kind.NOT_FOUND,),
    "http429": (Kind.OTHER_STATUS,),
    "http500": (Kind.SERVER_ERROR,),
    "http502": (Kind.SERVER_ERROR,),
    "http503": (Kind.SERVER_ERROR,),
    "https-server-spoken-http": (Kind.CONNECTION_CLOSED,),
    "json-body": (Kind.EXPOSITION, Kind.CONTENT_TYPE),
    "label-limit": (Kind.LABEL_LIMIT,),
    "label-name-length-limit": (Kind.LABEL_LIMIT,),
    "label-value-length-limit": (Kind.LABEL_LIMIT,),
    "malformed-content-type": (Kind.NONE, Kind.CONTENT_TYPE),
    "no-content-type": (Kind.NONE, Kind.CONTENT_TYPE),
    "octet-stream": (Kind.NONE, Kind.CONTENT_TYPE),
    "openmetrics-no-eof": (Kind.EXPOSITION,),
    "proxy-garbage": (Kind.PROTOCOL_MISMATCH,),
    "proxy-refused": (Kind.CONNECTION_REFUSED,),
    "redirect-loop": (Kind.REDIRECT_LOOP,),
    "redirect-not-followed": (Kind.OTHER_STATUS,),
    "refused": (Kind.CONNECTION_REFUSED,),
    "refused-ipv6": (Kind.CONNECTION_REFUSED,),
    "refused-localhost": (Kind.CONNECTION_REFUSED,),
    "relabelled-to-nothing-metrics": (Kind.NONE,),
    "sample-limit": (Kind.SAMPLE_LIMIT,),
    "target-limit": (Kind.TARGET_LIMIT,),
    "timeout-accept-hang": (Kind.CONNECTION_TIMEOUT,),
    "timeout-body": (Kind.CONNECTION_TIMEOUT,),
    "timeout-sleep": (Kind.CONNECTION_TIMEOUT,),
    "timeout-tls-hang": (Kind.CONNECTION_TIMEOUT,),
    "tls-client-cert-expired": (Kind.CLIENT_CERTIFICATE_REJECTED,),
    "tls-client-cert-required": (Kind.CLIENT_CERTIFICATE_REQUIRED,),
    # One fault, two texts in turn: the alert, or a broken pipe.
    "tls-client-cert-wrong-ca": (Kind.CLIENT_CERTIFICATE_REJECTED, Kind.CONNECTION_CLOSED),
    "tls-expired": (Kind.CERTIFICATE_EXPIRED,),
    "tls-hostname-mismatch-dns": (Kind.CERTIFICATE_NAME_MISMATCH,),
    "tls-hostname-mismatch-ip": (Kind.CERTIFICATE_NAME_MISMATCH,),
    "tls-min-version": (Kind.TLS_HANDSHAKE,),
    "tls-no-ca-given": (Kind.CERTIFICATE_UNTRUSTED,),
    "tls-no-ip-san": (Kind.CERTIFICATE_NAME_MISMATCH,),
    "tls-no-san-at-all": (Kind.CERTIFICATE_NAME_MISMATCH,),
    "tls-not-yet-valid": (Kind.CERTIFICATE_NOT_YET_VALID,),
    "tls-server-name-wrong": (Kind.CERTIFICATE_NAME_MISMATCH,),
    "tls-skip-verify-ok": (Kind.NONE,),
    "tls-unknown-authority": (Kind.CERTIFICATE_UNTRUSTED,),
    "truncated-body": (Kind.TRUNCATED,),
    "unknown-text-version": (Kind.NONE,),
}


def recorded(version):
    path = RECORDINGS / version / "targets-down" / "targets-active.json"
    for target in json.loads(path.read_text())["data"]["activeTargets"]:
        if target["scrapePool"].startswith("e/"):
            yield target["scrapePool"].split("/")[1], target["lastError"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_recorded_last_error_has_its_kind(version):
    seen = [(fault, text) for fault, text in recorded(version)]

    assert len({fault for fault, _ in seen}) >= 65
    for fault, text in seen:
        assert classify_last_error(text).kind in MEANT[fault], text


@pytest.mark.parametrize("version", VERSIONS)
def test_a_steady_text_means_the_same_as_the_raw_one(version):
    for _, text in recorded(version):
        assert classify_last_error(steady(text)).kind is classify_last_error(text).kind


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            'Get "http://10.0.0.1:8080/metrics": dial tcp 10.0.0.1:8080: connect: connection refused',
            {"url": "http://10.0.0.1:8080/metrics", "address": "10.0.0.1:8080"},
        ),
        (
            'Get "http://nx:9100/metrics": dial tcp: lookup nx on 10.96.0.10:53: no such host',
            {"address": "nx"},
        ),
        ("server returned HTTP status 502 Bad Gateway", {"status": 502}),
        (
            "target_limit exceeded (number of targets: 3, limit: 2)",
            {"actual": 3, "limit": 2},
        ),
        (
            (
                'label_value_length_limit exceeded (metric: m, label name: a, value: "v", length: 300,'
                " limit: 100)"
            ),
            {"actual": 300, "limit": 100, "label": "a"},
        ),
        (
            (
                'received unsupported Content-Type "text/html; charset=utf-8" and no'
                " fallback_scrape_protocol specified for target"
            ),
            {"content_type": "text/html; charset=utf-8"},
        ),
        (
            (
                'Get "https://localhost:1/metrics": tls: failed to verify certificate: x509:'
                " certificate is valid for a.test, b.test, not localhost"
            ),
            {"names": "a.test, b.test", "wanted": "localhost"},
        ),
        (
            (
                'Get "https://h/metrics": tls: failed to verify certificate: x509: certificate has'
                " expired or is not yet valid: current time is after 2021-01-01T00:00:00Z"
            ),
            {"date": "2021-01-01T00:00:00Z"},
        ),
        (
            (
                'Get "http://t/metrics": proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection'
                " refused"
            ),
            {"via_proxy": True, "address": "127.0.0.1:1"},
        ),
    ],
)
def test_what_the_words_name_is_taken_out(text, named):
    found = classify_last_error(text)

    assert {key: getattr(found, key) for key in named} == named


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('Get "http://h/": dial tcp 10.0.0.1:80: connect: no route to host', "network-unreachable"),
        ('Get "http://h/": dial tcp 10.0.0.1:80: i/o timeout', "connection-timeout"),
        ('Get "https://h/": net/http: TLS handshake timeout', "connection-timeout"),
        ('Get "https://h/": remote error: tls: handshake failure', "tls-handshake"),
        ('Get "https://h/": remote error: tls: bad certificate', "client-certificate-rejected"),
        ('Get "https://h/": http: server gave HTTP response to HTTPS client', "protocol-mismatch"),
        ('Get "http://h/": oauth2: cannot fetch token: 501 <html>', "token-not-given"),
        ("words that nobody wrote yet", "other"),
    ],
)
def test_texts_that_were_not_recorded_have_their_kind_too(text, kind):
    assert classify_last_error(text).kind == kind


def test_a_credentials_file_is_named():
    found = classify_last_error(
        'Get "http://h/metrics": unable to read authorization credentials: unable to read file'
        " /var/run/token: open /var/run/token: no such file or directory"
    )

    assert found.kind is Kind.FILE
    assert found.file is not None
    assert found.file.kind is FileFault.MISSING
    assert found.file.path == "/var/run/token"
    assert found.file.field == "authorization.credentials_file"


@given(st.text())
def test_no_text_is_too_strange(text):
    assert classify_last_error(text).text == text
