"""What stands in a Secret is judged as Go would judge it, and forgotten."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import example, given
from hypothesis import strategies as st

from tests.pems import a_secret, made
from watcher.adapters.pems import as_kept, judged, pem
from watcher.model.pems import Certificate
from watcher.operator.pairs import pair_fault

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
OPEN = serialization.NoEncryption()


def lines(content):
    return content.decode().splitlines(keepends=True)


def test_a_certificate_is_one_and_can_be_that_of_an_authority():
    found = pem(made("certificate one from 2026-01-01 until 2026-12-01"))

    assert found.certificates == (
        Certificate(
            begins=datetime(2026, 1, 1, tzinfo=UTC), ends=datetime(2026, 12, 1, tzinfo=UTC)
        ),
    )
    assert (found.no_ca, found.no_certificate) == (None, None)
    assert found.no_key == (
        "tls: found a certificate rather than a key in the PEM for the private key"
    )


@pytest.mark.parametrize("name", ["one", "rsa-one", "ed25519-one"])
def test_certificate_and_key_of_one_holder_are_a_pair(name):
    certificate, key = pem(made(f"certificate {name}")), pem(made(f"key {name}"))

    assert certificate.certified == key.paired is not None
    assert pair_fault(certificate, key) is None


@pytest.mark.parametrize("form", [PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_a_key_is_one_in_each_form_that_is_in_use(kind, form):
    key = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP384R1())
    )

    found = pem(key.private_bytes(PEM, form, OPEN))

    assert found.no_key is None
    assert found.paired == pem(key.private_bytes(PEM, PKCS8, OPEN)).paired


def test_a_key_with_a_passphrase_is_none():
    key = ec.generate_private_key(ec.SECP256R1())
    content = key.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"hunter2"))

    assert pem(content).no_key == "tls: failed to parse private key"


@pytest.mark.parametrize(
    ("certificate", "key", "fault"),
    [
        ("certificate one", "key two", "tls: private key does not match public key"),
        (
            "certificate one",
            "key rsa-two",
            "tls: private key type does not match public key type",
        ),
        ("hunter2", "key one", "tls: failed to find any PEM data in certificate input"),
        ("certificate one", "", "tls: failed to find any PEM data in key input"),
        ("key one + key two", "key one", 'tls: failed to find "CERTIFICATE" PEM block'),
        ("certificate one", "certificate one + certificate two", "after skipping PEM blocks"),
        ("certificate one + certificate two", "certificate two + key one", None),
    ],
)
def test_a_fault_of_a_pair_is_told_in_the_words_of_go(certificate, key, fault):
    found = pair_fault(pem(made(certificate)), pem(made(key)))

    assert found == fault or (fault is not None and found is not None and fault in found)


def test_the_first_certificate_is_the_one_that_is_paired():
    chain = pem(made("certificate one until 2027-01-01 + certificate ca until 2026-06-01"))

    assert [found.ends.year for found in chain.certificates] == [2027, 2026]
    assert chain.certified == pem(made("key one")).paired


BLOCKS = {
    "a remark before it": (lambda pem: "a remark\n" + pem, True),
    "lines of another system": (lambda pem: pem.replace("\n", "\r\n"), True),
    "the beginning of another before it": (lambda pem: "-----BEGIN X-----\n" + pem, True),
    "ends as another type": (lambda pem: pem.replace("END CERTIFICATE", "END X"), False),
    "a beginning that is indented": (lambda pem: pem.replace("-----BEGIN", " -----BEGIN"), True),
    "an end that is indented": (lambda pem: pem.replace("-----END", " -----END"), False),
    "no lines": (lambda pem: pem.replace("\n", "\\n"), False),
    "no base64": (lambda pem: pem.replace("\n-----END", "!\n-----END"), False),
    "cut": (lambda pem: pem[: pem.index("-----END")], False),
}


@pytest.mark.parametrize("how", BLOCKS)
def test_a_block_is_what_go_takes_for_one(how):
    change, usable = BLOCKS[how]

    found = pem(change(made("certificate one").decode()).encode())

    nothing = "tls: failed to find any PEM data in certificate input"
    assert found.no_certificate == (None if usable else nothing)


def test_a_block_that_cannot_be_parsed_is_told_and_not_quite_proven():
    content = made("certificate one").decode().split("\n")
    broken = "\n".join([content[0], "aHVudGVyMg==", content[-2], ""]).encode()

    found = pem(broken)

    assert found.no_certificate == "x509: malformed certificate"
    assert found.no_ca == "failed to parse certificate"
    assert found.unparsed
    assert pem(broken + made("certificate two")).certificates


def test_values_are_read_as_their_kind_writes_them():
    secret = judged(a_secret(tls__crt="certificate one", password="hunter2", nothing=""))
    config_map = judged(a_secret("ConfigMap", ca__crt="certificate one"))
    in_a_file = judged({"kind": "Secret", "stringData": {"a": made("certificate one").decode()}})

    assert list(secret) == ["nothing", "password", "tls.crt"]
    assert secret["tls.crt"] == config_map["ca.crt"] == in_a_file["a"]
    assert secret["nothing"].empty
    assert secret["password"].no_ca == "failed to decode PEM block"


def test_a_verdict_that_was_kept_is_the_same_again():
    found = judged(a_secret(a="certificate one + certificate two", b="key one", c="hunter2", d=""))

    kept = json.loads(json.dumps({key: as_kept(verdict) for key, verdict in found.items()}))

    assert judged({"kind": "Secret", "data": kept}) == found


def test_no_word_of_a_verdict_comes_from_the_value():
    key = made("key one").decode()
    secret = a_secret(a="key one", b="certificate one", c="-----BEGIN hunter2-----\n")

    told = repr(judged(secret)) + json.dumps(
        [as_kept(verdict) for verdict in judged(secret).values()]
    )

    for line in (*lines(key.encode())[1:-1], *lines(made("certificate one"))[1:-1], "hunter2"):
        assert line.strip() not in told
        assert base64.b64encode(line.strip().encode()).decode() not in told


@given(st.binary())
@example(b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
@example(b"-----BEGIN -----\n-----END -----\n")
@example(b"-----BEGIN PRIVATE KEY-----\nA: b\n\nAA==\n-----END PRIVATE KEY-----")
def test_any_bytes_can_be_judged(content):
    assert pem(content).empty is (content == b"")


@given(
    st.dictionaries(
        st.text(),
        st.one_of(
            st.none(),
            st.text(),
            st.integers(),
            st.lists(st.text()),
            st.dictionaries(st.text(), st.text()),
        ),
    )
)
def test_any_values_can_be_judged(values):
    assert set(judged({"kind": "Secret", "data": values})) == set(values)
