"""The API of mutes, and where page and inspection show what is muted and what was not delivered."""

from datetime import timedelta

import bcrypt
import pytest
import requests

from tests.builders import NOW, a_result, a_status, an_inspection
from tests.contracts.store import a_mute, an_owed
from tests.fakes import MemoryStore
from tests.patience import PATIENCE
from tests.web.serving import serving
from watcher.app.mutes import Mutes
from watcher.errors import StoreError
from watcher.web import report

ASKED = {"match": {"namespace": "payments"}, "seconds": 7200, "reason": "the shop moves"}


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def url(store):
    mutes = Mutes(store=store, windows=lambda *_: [a_mute("nightly")], clock=lambda: NOW)
    with serving(mutes=mutes) as url:
        yield f"{url}/api/v1/mutes"


def test_one_that_is_made_is_listed_beside_those_of_the_settings_and_can_be_ended(url, store):
    made = requests.post(url, json=ASKED, timeout=PATIENCE)

    assert made.status_code == 201
    id_ = made.json()["id"]
    [kept] = store.mutes(NOW, NOW + timedelta(hours=1))
    assert (kept.match, kept.until) == ((("namespace", "payments"),), NOW + timedelta(hours=2))
    listed = requests.get(url, timeout=PATIENCE).json()["mutes"]
    assert {mute["id"] for mute in listed} == {id_, "nightly"}
    assert requests.delete(f"{url}/{id_}", timeout=PATIENCE).json()["until"] == NOW.isoformat()
    assert [m["id"] for m in requests.get(url, timeout=PATIENCE).json()["mutes"]] == ["nightly"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"match": {}}, "needs a matcher"),
        ({"match": {"colour": "red"}}, "colour is no label"),
        ({"seconds": 0}, "needs an end"),
        ({"seconds": 1e300}, "too large"),
        ({"reason": " "}, "needs a reason"),
        ({"more": 1}, "more"),
        ({"seconds": "2h"}, "seconds"),
    ],
)
def test_one_that_says_too_little_is_refused(url, store, changed, said):
    answer = requests.post(url, json=ASKED | changed, timeout=PATIENCE)

    assert answer.status_code == 400
    assert said in answer.text
    assert store.mutes(NOW, NOW + timedelta(days=1)) == ()


def test_what_is_no_mute_or_one_of_the_settings_cannot_be_ended(url):
    answers = [requests.delete(f"{url}/{id_}", timeout=PATIENCE) for id_ in ("nothing", "nightly")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert "those of the settings end there" in answers[1].text


def test_a_foreign_page_in_a_browser_cannot_mute(url, store):
    headers = {"Origin": "https://evil.example"}

    made = requests.post(url, json=ASKED, headers=headers, timeout=PATIENCE)
    ended = requests.delete(f"{url}/x", headers=headers, timeout=PATIENCE)

    assert (made.status_code, ended.status_code) == (403, 403)
    assert store.mutes(NOW, NOW + timedelta(days=1)) == ()


def test_a_store_that_cannot_be_written_is_said():
    class Broken(MemoryStore):
        def mute(self, mute):
            raise StoreError("the disk is full: make room")

    broken = Broken()
    broken._mutes = {"m": a_mute()}
    mutes = Mutes(store=broken, windows=lambda *_: (), clock=lambda: NOW)
    with serving(mutes=mutes) as url:
        made = requests.post(f"{url}/api/v1/mutes", json=ASKED, timeout=PATIENCE)
        ended = requests.delete(f"{url}/api/v1/mutes/m", timeout=PATIENCE)

    assert (made.status_code, ended.status_code) == (503, 503)
    assert "make room" in made.text


def test_with_a_password_one_may(store, tmp_path):
    config = tmp_path / "web.yaml"
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    config.write_text(f"basic_auth_users: {{sre: '{hashed}'}}")
    mutes = Mutes(store=store, windows=lambda *_: (), clock=lambda: NOW)
    with serving(config_file=config, mutes=mutes) as url:
        without = requests.post(f"{url}/api/v1/mutes", json=ASKED, timeout=PATIENCE)
        with_it = requests.post(
            f"{url}/api/v1/mutes", json=ASKED, auth=("sre", "secret"), timeout=PATIENCE
        )

    assert (without.status_code, with_it.status_code) == (401, 201)


def test_the_front_page_shows_what_is_muted_and_what_was_not_delivered():
    refused = an_owed(tries=2, reason="channel", error="channel_not_found: invite <the app>")
    older = an_owed(subject="other", tries=1, reason="channel", since=NOW - timedelta(hours=1))
    fresh = an_owed(subject="fresh")
    result = a_result(a_status("missing"), owed=(refused, older, fresh), mutes=(a_mute(),))

    with serving(result=lambda: result) as url:
        page = requests.get(url, timeout=PATIENCE).text

    assert "slack (channel): channel_not_found: invite &lt;the app&gt;" in page
    assert "2 messages" in page
    assert "namespace=shop" in page
    assert "the shop moves" in page


def test_the_inspection_lists_what_was_muted_and_why():
    inspection = an_inspection(mutes=(a_mute(reason="the <shop> moves | today"),))

    html, markdown = report.html(inspection), report.markdown(inspection)
    document = report.as_json(inspection)

    assert "the &lt;shop&gt; moves" in html
    assert "`namespace=shop`" in markdown
    assert b'"reason":"the <shop> moves | today"' in document.replace(b'": "', b'":"')
