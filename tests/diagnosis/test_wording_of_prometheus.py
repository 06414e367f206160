"""Which file Prometheus's words blame, in every wording known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.diagnosis.wording_of_prometheus import FileFault, file_problem

CERT, KEY, CA = "tls_config.cert_file", "tls_config.key_file", "tls_config.ca_file"
CLIENT = "error creating HTTP client: "

# Faults, the text of 2.42.0 and that of 2.53.3 and 3.5.3, the file and its field.
BUILDS = (
    (
        FileFault.MISSING,
        "unable to load specified CA cert /d/ca.pem: open /d/ca.pem: no such file or directory",
        (
            "unable to read CA cert: unable to read file /d/ca.pem: open /d/ca.pem: no such file or"
            " directory"
        ),
        "/d/ca.pem",
        CA,
    ),
    (
        FileFault.UNREADABLE,
        "unable to load specified CA cert /d/ca: open /d/ca: permission denied",
        "unable to read CA cert: unable to read file /d/ca: open /d/ca: permission denied",
        "/d/ca",
        CA,
    ),
    (
        FileFault.DIRECTORY,
        "unable to load specified CA cert /d: read /d: is a directory",
        "unable to read CA cert: unable to read file /d: read /d: is a directory",
        "/d",
        CA,
    ),
    (
        FileFault.BAD_PEM,
        "unable to use specified CA cert /d/bad.pem",
        "unable to use specified CA cert file /d/bad.pem",
        "/d/bad.pem",
        CA,
    ),
    (
        FileFault.MISSING,
        (
            "unable to read specified client cert (/d/no.crt) & key (/d/tls.key): open /d/no.crt: no"
            " such file or directory"
        ),
        (
            "unable to read specified client cert: unable to read file /d/no.crt: open /d/no.crt: no"
            " such file or directory"
        ),
        "/d/no.crt",
        CERT,
    ),
    (
        FileFault.MISSING,
        (
            "unable to read specified client cert (/d/tls.crt) & key (/d/no.key): open /d/no.key: no"
            " such file or directory"
        ),
        (
            "unable to read specified client key: unable to read file /d/no.key: open /d/no.key: no"
            " such file or directory"
        ),
        "/d/no.key",
        KEY,
    ),
    (
        FileFault.BAD_PEM,
        (
            "unable to use specified client cert (/d/bad.pem) & key (/d/tls.key): tls: failed to find"
            " any PEM data in certificate input"
        ),
        (
            "unable to use specified client cert (file /d/bad.pem) & key (file /d/tls.key): tls: failed"
            " to find any PEM data in certificate input"
        ),
        "/d/bad.pem",
        CERT,
    ),
    (
        FileFault.BAD_PEM,
        (
            "unable to use specified client cert (/d/tls.crt) & key (/d/bad.pem): tls: failed to find"
            " any PEM data in key input"
        ),
        (
            "unable to use specified client cert (file /d/tls.crt) & key (file /d/bad.pem): tls: failed"
            " to find any PEM data in key input"
        ),
        "/d/bad.pem",
        KEY,
    ),
    (
        FileFault.MISMATCH,
        (
            "unable to use specified client cert (/d/tls.crt) & key (/d/o.key): tls: private key does"
            " not match public key"
        ),
        (
            "unable to use specified client cert (file /d/tls.crt) & key (file /d/o.key): tls: private"
            " key does not match public key"
        ),
        "/d/tls.crt",
        CERT,
    ),
)


@pytest.mark.parametrize(("kind", "old", "new", "path", "field"), BUILDS)
def test_old_and_new_words_blame_the_same_file(kind, old, new, path, field):
    for text in (CLIENT + old, CLIENT + new, old, new):
        problem = file_problem(text)

        assert problem is not None
        assert (problem.kind, problem.path, problem.field) == (kind, path, field)


def test_the_words_of_2021_blame_the_missing_certificate():
    problem = file_problem(
        "error creating HTTP client: unable to use specified client cert"
        " (/etc/ssl/private/kubelet/tls.crt) & key (/etc/ssl/private/kubelet/tls.key):"
        " open /etc/ssl/private/kubelet/tls.crt: no such file or directory"
    )

    assert problem is not None
    assert (problem.kind, problem.path) == (
        FileFault.MISSING,
        "/etc/ssl/private/kubelet/tls.crt",
    )
    assert problem.field == CERT


def test_a_pair_that_does_not_match_names_both_files():
    problem = file_problem(
        "unable to use specified client cert (file /d/c) & key (file /d/k): tls: private key does"
        " not match public key"
    )

    assert problem is not None
    assert problem.other == "/d/k"


def test_a_certificate_without_a_key_is_incomplete():
    problem = file_problem(
        'error creating HTTP client: client cert file "/nope" specified without client key file'
    )

    assert problem is not None
    assert (problem.kind, problem.path) == (FileFault.INCOMPLETE, "/nope")


@pytest.mark.parametrize(
    ("text", "path", "field"),
    [
        ('Get "https://h:1/m": open /d/t.crt: no such file or directory', "/d/t.crt", None),
        (
            (
                'Get "https://h:1/m": unable to read client cert: unable to read file /d/t.crt: open'
                " /d/t.crt: no such file or directory"
            ),
            "/d/t.crt",
            CERT,
        ),
        (
            (
                'Get "http://h/m": unable to read authorization credentials file /d/tok: open /d/tok:'
                " no such file or directory"
            ),
            "/d/tok",
            "authorization.credentials_file",
        ),
        (
            (
                'Get "http://h/m": unable to read basic auth password: unable to read file /d/pw: open'
                " /d/pw: no such file or directory"
            ),
            "/d/pw",
            "basic_auth.password_file",
        ),
        (
            (
                'Get "http://h/m": unable to read oauth2 client secret file /d/s: open /d/s: no such'
                " file or directory"
            ),
            "/d/s",
            "oauth2.client_secret_file",
        ),
        (
            (
                'Get "http://h/m": unable to read bearer token file /d/my token: open /d/my token: no'
                " such file or directory"
            ),
            "/d/my token",
            "bearer_token_file",
        ),
    ],
)
def test_files_of_a_running_pool_are_found_missing(text, path, field):
    problem = file_problem(text)

    assert problem is not None
    assert (problem.kind, problem.path) == (FileFault.MISSING, path)
    assert problem.field == field


@pytest.mark.parametrize(
    "text",
    [
        "",
        'Get "http://h/m": read tcp 127.0.0.1:5->127.0.0.1:6: read: connection reset by peer',
        "server returned HTTP status 404 Not Found",
        "open a door: it is locked",
    ],
)
def test_other_words_blame_no_file(text):
    assert file_problem(text) is None


@given(st.text())
def test_no_text_is_too_strange(text):
    problem = file_problem(text)

    assert problem is None or problem.path
