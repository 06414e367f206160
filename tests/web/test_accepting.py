"""Removals accepted over HTTP: by whom, and how."""

import socket
from dataclasses import replace

import bcrypt
import pytest
import requests
import yaml

from tests.builders import NOW, a_job, a_pool_name, some_expectations
from tests.fakes import MemoryStore
from tests.patience import PATIENCE
from tests.web.serving import serving
from watcher.cycles.accept import Accept

WEB, DB = a_pool_name("web"), a_pool_name("db")


@pytest.fixture
def store():
    gone = [replace(a_job(name), gone_since=NOW) for name in ("web", "api")]
    kept = MemoryStore()
    kept.keep(some_expectations(*gone, a_job("db")), ())
    return kept


def asked(store, body, *, config_file=None, listen="127.0.0.1:0", **how):
    accepting = Accept(store=store, clock=lambda: NOW)
    with serving(listen, config_file, accepting=accepting) as url:
        return requests.post(f"{url}/api/v1/accept", json=body, timeout=PATIENCE, **how)


def left(store):
    return {job.monitor.name for job in store.expectations().jobs}


def test_from_this_machine_removals_are_accepted_by_name(store):
    answer = asked(store, {"jobs": [WEB]})

    assert answer.status_code == 200
    assert answer.json() == {"accepted": [{"prometheus": "monitoring/k8s", "pool": WEB}]}
    assert left(store) == {"api", "db"}


def test_all_removals_of_a_namespace_are_accepted(store):
    answer = asked(store, {"all_in": "shop"})

    assert len(answer.json()["accepted"]) == 2
    assert left(store) == {"db"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, 'name "jobs"'),
        ({"jobs": [WEB], "all_in": "shop"}, "one of them"),
        ({"jobs": [DB]}, "is not gone"),
        ({"jobs": ["nothing"]}, "is no expected job"),
        ({"job": WEB}, "unknown field"),
        ([], "Expected `object`"),
    ],
)
def test_what_cannot_be_accepted_is_told_and_changes_nothing(store, body, told):
    answer = asked(store, body)

    assert answer.status_code == 400
    assert told in answer.text
    assert left(store) == {"web", "api", "db"}


def test_where_nothing_is_remembered_it_says_so():
    assert asked(MemoryStore(), {"jobs": [WEB]}).status_code == 503


def test_a_page_of_somebody_else_is_kept_out(store):
    answer = asked(store, {"jobs": [WEB]}, headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert left(store) == {"web", "api", "db"}


def test_with_basic_authentication_a_password_is_needed_and_enough(store, tmp_path):
    hashed = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()
    config = tmp_path / "web.yaml"
    config.write_text(yaml.safe_dump({"basic_auth_users": {"me": hashed}}))

    without = asked(store, {"jobs": [WEB]}, config_file=config)
    wrong = asked(store, {"jobs": [WEB]}, config_file=config, auth=("me", "wrong"))
    right = asked(store, {"jobs": [WEB]}, config_file=config, auth=("me", "right"))

    assert [each.status_code for each in (without, wrong, right)] == [401, 401, 200]


def test_from_elsewhere_without_a_password_it_is_refused(store):
    with serving("0.0.0.0:0", accepting=Accept(store=store, clock=lambda: NOW)) as url:
        port = url.rpartition(":")[2]
        address = own_address()
        answer = requests.post(
            f"http://{address}:{port}/api/v1/accept",
            json={"jobs": [WEB]},
            headers={"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
            timeout=PATIENCE,
        )

    assert answer.status_code == 403
    assert "takes basic authentication (web.config_file)" in answer.text
    assert left(store) == {"web", "api", "db"}


def own_address():
    """An address of this machine that is not its loopback; the test is skipped without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        try:
            tried.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address but its loopback")
        return tried.getsockname()[0]
