import shlex

import pytest

from watcher.secrecy import command_without_secrets, without_secrets


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("http://anna:hush@proxy:3128 is bad", "http://proxy:3128 is bad"),
        ("http://anna:hu@sh@proxy:3128 is bad", "http://proxy:3128 is bad"),
        ('"https://anna@proxy" refused', '"https://proxy" refused'),
        ("http://a/b?api_key=hush&x=1", "http://a/b?api_key=<secret>&x=<secret>"),
        ("http://a/people/x@y", "http://a/people/x@y"),
        ("http://a?mail=x@y", "http://a?mail=<secret>"),
        ("ca <secret=web,key=ca.crt>: failed", "ca <secret=web,key=ca.crt>: failed"),
    ],
)
def test_users_and_secrets_are_taken_out_and_nothing_else(said, shown):
    assert without_secrets(said) == shown


MARK = "mArK7f3q"
FORMS = [
    "Bearer eyJhbGciOi{}",
    "bearer {}",
    "Authorization: Bearer {}",
    "authorization: {}",
    '"Authorization":"Basic {}=="',
    "password={}",
    "password: {}",
    'password: "two words {}"',
    "token: {}",
    '{{"client_secret":"{}"}}',
    r"{{\"client_secret\":\"{}\"}}",
    "basic_auth_password={}",
    "--web.password={}",
    "--token {}",
    "user:{}@host:9115 refused",
    "http://user:{}@host:9115/",
    "http://user:a/b{}@host:9115/",
    "http://user:a#{}@host:9115/",
    "http://user:a?{}@host:9115/",
    "http%3A%2F%2Fuser:{}%40host",
    "http://h/x?pw={}",
    "http://h/x?a=b&code={}",
    "http://h/x?sid={}&module=a",
    "http://h/x?jwt={}",
    "http://h/x?passphrase={}",
    "http://h/x?target=http://u:{}@h",
    "http://h/x%3Ftoken={}",
    "http://h/x?%74oken={}",
    "http://h/x;token={}",
    "http://h/x#access_token={}",
    "https://hooks.slack.com/services/T0/B0/{}",
    "ghp_{}abcdefgh",
    "xoxb-1-{}",
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY----- {} and the rest is cut",
    "kubectl.kubernetes.io/last-applied-configuration: {{'data': {{'a': '{}'}}}}",
    "Cookie: {}",
    "api_key={}",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "around", ["{}", "Get it: {}: dial tcp 10.0.0.1:9100: refused", "a\n{}\nb"]
)
def test_no_form_of_a_secret_is_left(form, around):
    said = around.format(form.format(MARK))

    shown = without_secrets(said)

    assert MARK not in shown
    assert without_secrets(shown) == shown


@pytest.mark.parametrize(
    "command", [f"curl -s '{form.format(MARK)}'" for form in FORMS if "'" not in form]
)
def test_a_command_stays_a_command(command):
    shown = command_without_secrets(command)

    assert MARK not in shown
    assert shlex.split(shown)[:2] == ["curl", "-s"]
    assert len(shlex.split(shown)) == 3


def test_an_argument_that_nobody_quoted_becomes_no_redirection():
    shown = command_without_secrets(f"prog --password={MARK} -v")

    assert shlex.split(shown) == ["prog", "--password=REDACTED", "-v"]
    assert "<" not in shown


@pytest.mark.parametrize(
    "cause",
    [
        'Get "http://10.0.0.1:9100/metrics": dial tcp 10.0.0.1:9100: connect: connection refused',
        "server returned HTTP status 401 Unauthorized",
        "x509: certificate signed by unknown authority",
        "unable to use specified client cert (/etc/ssl/private/tls.crt) & key (/etc/tls.key): open: no",
        "Secret monitoring/kubelet-tls has no key tls.crt, it has ca.crt, token",
        "unable to read bearer token file /var/run/secrets/kubernetes.io/serviceaccount/token: no",
        'secrets "basic" is forbidden: User "system:serviceaccount:a:b" cannot get resource "secrets"',
        "unable to read authorization credentials file /etc/no-token: open /etc/no-token: no such file",
        "unable to read file /etc/web.token: open /etc/web.token: no such file or directory",
        "unable to read file /etc/no token: open /etc/no token: no such file or directory",
        "bearerTokenFile: /var/run/secrets/token",
        "image quay.io/prometheus/prometheus:v3.5.0@sha256:abcdef refused",
        "curl -s 'http://h:9090/api/v1/targets?state=active&scrapePool=serviceMonitor%2Fshop%2Fweb%2F0'",
        "http://prober:9115/probe?module=http_2xx&target=https%3A%2F%2Fexample.org",
        "kubectl get pod -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}'",
        "parsing YAML file: line 3: field tokens not found in type config.plain",
    ],
)
def test_what_tells_the_cause_is_left(cause):
    assert without_secrets(cause) == cause
