import json
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.nasty.strings import NASTY
from tests.secrets.forms import FORMS, STAYS
from watcher.secrecy import clipped, command_without_secrets, without_secrets


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
AROUND = (
    "{}",
    "Get it: {}: dial tcp 10.0.0.1:9100: refused",
    "a\n{}\nb",
    '"{}"',
    "msg='{}' level=error",
    "[{}] connection refused",
    "level=error err={} msg=x",
)
COMMANDS = (
    "curl -s {} | grep -c x",
    "curl -H {} http://h && echo $HOME",
    "kubectl -n a exec b -- printenv {} > /dev/null",
)


@pytest.mark.parametrize("around", AROUND)
def test_no_form_of_a_secret_is_left(around):
    left = {form for form in FORMS if MARK in without_secrets(around.format(form.format(MARK)))}

    assert left == set()


@pytest.mark.parametrize("around", AROUND)
def test_hiding_twice_is_hiding_once(around):
    shown = [without_secrets(around.format(form.format(MARK))) for form in FORMS]

    assert [without_secrets(each) for each in shown] == shown


def test_no_form_of_a_secret_is_left_where_lines_became_one():
    folded = [" ".join(form.format(MARK).split()) for form in FORMS]

    assert [words for words in folded if MARK in without_secrets(words)] == []


def test_words_beside_a_secret_are_left():
    """But where the secret is a block, an object or a key that ends with the text."""
    said = "connection refused: {} (tls: handshake failure)"
    shown = {form: without_secrets(said.format(form.format(MARK))) for form in FORMS}

    assert all(each.startswith("connection refused: ") for each in shown.values())
    lost = {form for form, each in shown.items() if not each.endswith("(tls: handshake failure)")}
    whole = ("\n", "last-applied", "BEGIN", "Authorization:", "-u", "Data")
    assert {form for form in lost if not any(mark in form for mark in whole)} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_stays_a_command(command):
    said = [command.format(shlex.quote(form.format(MARK))) for form in FORMS]

    shown = [command_without_secrets(each) for each in said]

    assert [each for each in shown if MARK in each] == []
    for before, after in zip(said, shown, strict=True):
        assert len(shlex.split(after)) == len(shlex.split(before)), after
    parsed = subprocess.run(
        ["bash", "-n"], input="\n".join(shown), text=True, capture_output=True, check=False
    )
    assert parsed.stderr == ""


@pytest.mark.parametrize("nasty", [*NASTY.values(), '\'";touch owned;"', '";touch owned;"\'', "'"])
def test_no_quotation_of_a_command_is_opened_by_what_is_taken_out(nasty):
    for form in FORMS:
        said = form.format(f"{nasty} {MARK}").replace("\0", "")
        command = f"curl -s {shlex.quote(said)} | cat {shlex.quote(form.format(nasty + MARK))}"

        words = shlex.split(command_without_secrets(command))
        assert [words[:2], *words[3:5]] == [["curl", "-s"], "|", "cat"], form
        assert len(words) == 6, form


@pytest.mark.parametrize(
    "command",
    [
        "curl -u web:{} http://h",
        "curl --user 'web:{}' http://h",
        "curl -H 'X-Custom: {}' http://h",
        "prog --password {} -v",
        "prog --password '{} x' -v",
        "sh -c 'curl -u \"web:{}\" http://h'",
        "kubectl create secret generic web --from-literal=x={}",
    ],
)
def test_a_secret_of_several_words_of_a_command_is_hidden(command):
    shown = command_without_secrets(command.format(MARK))

    assert MARK not in shown
    assert len(shlex.split(shown)) == len(shlex.split(command))


@pytest.mark.parametrize(
    "command",
    [
        'curl -H "Authorization: Bearer $TOKEN" http://h',
        "kubectl get pods -o jsonpath='{.items[?(@.a==\"b\")].metadata.name}' | wc -l",
        "kubectl -n shop create secret generic web --from-file=token=./token",
        "docker run -u 1000:1000 image",
    ],
)
def test_a_command_without_a_secret_stays_as_it_is(command):
    assert command_without_secrets(command) == command


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
        *STAYS,
    ],
)
def test_what_tells_the_cause_is_left(cause):
    assert without_secrets(cause) == cause


QUOTED = {
    "json": lambda words: json.dumps({"error": words, "status": 1}),
    "json in json": lambda words: json.dumps({"error": json.dumps({"message": words})}),
    "repr": repr,
    "repr of a dict": lambda words: repr({"a": words}),
    "logfmt": lambda words: f"err={json.dumps(words)} x=y",
}


@pytest.mark.parametrize("quoted", QUOTED.values(), ids=QUOTED)
def test_a_secret_in_words_that_are_escaped_is_found(quoted):
    shown = {form: without_secrets(quoted(form.format(MARK))) for form in FORMS}

    assert [form for form, each in shown.items() if MARK in each] == []
    assert [each for each in shown.values() if without_secrets(each) != each] == []


@given(st.text() | st.sampled_from(FORMS), st.sampled_from([*QUOTED.values()]))
def test_words_that_were_redacted_stay_so(words, quoted):
    shown = without_secrets(quoted(words))

    assert without_secrets(shown) == shown


@pytest.mark.parametrize("scheme", ["http", "postgres"])
@pytest.mark.parametrize("longest", range(20, 80, 7))
def test_words_are_cut_after_what_is_secret_was_taken_out(scheme, longest):
    for before in range(longest):
        said = "x" * before + f" {scheme}://user:{MARK}@host {'y' * 50}"

        assert "mArK" not in clipped(said, longest)


@pytest.mark.parametrize("end", ["", "…", "...", '"', "'", '…"'])
def test_an_address_that_somebody_else_cut_in_its_password_is_hidden(end):
    assert without_secrets(f"at http://user:{MARK}{end}").rstrip("…'.\"") == "at http://"


@pytest.mark.parametrize(
    "end", ["http://h:9090", "http://h:9090…", "https://[::1]:9090", "http://HOST:PORT"]
)
def test_an_address_with_a_port_at_the_end_is_left(end):
    assert without_secrets(f"at {end}") == f"at {end}"
