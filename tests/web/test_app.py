"""The addresses, asked over HTTP."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urljoin

import jsonschema
import pytest
import requests

from tests.builders import NOW, a_job, a_result, a_risk, a_status, an_audit, an_inspection, before
from tests.nasty.strings import NASTY
from tests.patience import PATIENCE
from tests.web.incident import at_risk, the_incident
from tests.web.serving import serving
from watcher.characters import visible
from watcher.model.expectations import Expectations, Unreadable
from watcher.model.results import Result
from watcher.web.schema import schema

KUBELET = "monitoring/k8s/serviceMonitor/monitoring/kubelet/0"
PAGES = ["/", f"/jobs/{KUBELET}", "/causes", "/inspections/latest", "/nothing-here/at-all"]


@pytest.fixture(scope="module")
def url():
    with serving(
        result=the_incident,
        audit=at_risk,
        inspection=an_inspection,
        sources=("kubernetes",),
    ) as url:
        yield url


def get(url, **params):
    return requests.get(url, params=params, timeout=PATIENCE)


def test_the_front_page_says_first_how_many_jobs_are_lost(url):
    answer = get(url)

    assert answer.status_code == 200
    assert "<h1>3 of 64 jobs lost</h1>" in answer.text
    assert "<title>3 of 64 jobs lost" in answer.text


@pytest.mark.parametrize("address", PAGES[:4])
def test_a_page_loads_nothing_from_elsewhere_and_runs_only_its_own_script(url, address):
    answer = get(url + address)

    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)[1]
    assert policy.startswith("default-src 'none'; ")
    assert set(re.findall(r"<(?:style|script)\b([^>]*)>", answer.text)) == {f' nonce="{nonce}"'}
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)
    assert " style=" not in answer.text
    assert not re.findall(r"\son\w+=", answer.text)


def test_a_nonce_is_never_used_twice(url):
    policies = {get(url).headers["content-security-policy"] for _ in range(3)}

    assert len(policies) == 3


def test_every_link_of_every_page_leads_somewhere(url):
    seen, ahead = set(), {"/", "/causes", f"/jobs/{KUBELET}", "/inspections/latest"}
    while ahead:
        address = ahead.pop()
        seen.add(address)
        answer = get(url + address)
        assert answer.status_code == 200, address
        if "html" in answer.headers["content-type"]:
            found = re.findall(r'<a [^>]*href="([^"#]+)"', answer.text)
            joined = (requests.compat.urljoin(url + address, link) for link in found)
            ahead |= {link.removeprefix(url) for link in joined} - seen

    assert {"/metrics", "/api/v1/jobs"} <= seen


def test_a_job_is_found_by_its_pool_with_all_slashes(url):
    answer = get(f"{url}/jobs/{KUBELET}")

    assert answer.status_code == 200
    assert "stood only on the StatefulSet" in answer.text
    assert "prometheus-k8s-0" in answer.text


def test_a_job_that_is_not_expected_is_not_found(url):
    answer = get(f"{url}/jobs/monitoring/k8s/nothing")

    assert answer.status_code == 404
    assert "There is no job monitoring/k8s/nothing" in answer.text


def test_a_cause_that_does_not_exist_is_not_found(url):
    assert get(f"{url}/causes/no-such-code").status_code == 404


@pytest.mark.parametrize("address", ["/docs", "/redoc", "/openapi.json", "/nothing"])
def test_there_is_nothing_but_what_is_meant(url, address):
    assert get(url + address).status_code == 404


def test_the_jobs_are_answered_by_the_schema(url):
    answer = get(f"{url}/api/v1/jobs")

    assert answer.headers["content-type"] == "application/json"
    jsonschema.validate(answer.json(), schema())
    assert answer.json()["summary"]["lost"] == 3


def test_the_jobs_can_be_narrowed(url):
    answer = get(f"{url}/api/v1/jobs", job="*/kubelet/*", state=["lost", "healthy"])

    assert [job["pool"] for job in answer.json()["jobs"]] == [
        "serviceMonitor/monitoring/kubelet/0",
        "serviceMonitor/monitoring/kubelet/1",
    ]


def test_a_word_that_is_no_state_is_a_bad_request(url):
    answer = get(f"{url}/api/v1/jobs", state="broken")

    assert answer.status_code == 400
    assert answer.text.startswith("'broken' is no state: name one of lost")


def test_the_audit_is_answered_by_the_schema(url):
    answer = get(f"{url}/api/v1/audit")

    jsonschema.validate(answer.json(), schema())
    assert [risk["code"] for risk in answer.json()["risks"]] == ["mount-not-in-cr"]


def test_metrics_are_served_in_the_text_format(url):
    answer = get(f"{url}/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'watcher_source_up{source="kubernetes"} 1.0' in answer.text
    assert 'watcher_cycle_last_success_timestamp_seconds{cycle="watch"} 0.0' in answer.text


def test_metrics_are_served_as_openmetrics_to_whom_asks_for_it(url):
    accept = "application/openmetrics-text; version=1.0.0"
    answer = requests.get(f"{url}/metrics", headers={"Accept": accept}, timeout=PATIENCE)

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


@pytest.mark.parametrize("address", ["/", "/metrics", "/-/healthy", "/-/ready", "/api/v1/jobs"])
def test_a_head_request_is_answered_without_a_body(url, address):
    answer = requests.head(url + address, timeout=PATIENCE)

    assert (answer.status_code, answer.content) == (200, b"")


def test_before_the_first_result_it_lives_and_is_not_ready():
    with serving(attempted=lambda: None) as url:
        healthy, ready = get(f"{url}/-/healthy"), get(f"{url}/-/ready")
        others = [get(url + a).status_code for a in ("/", "/api/v1/jobs", "/api/v1/audit")]
        metrics = get(f"{url}/metrics")

    assert (healthy.status_code, ready.status_code) == (200, 503)
    assert others == [503, 503, 503]
    assert metrics.status_code == 200


def test_a_result_makes_it_ready(url):
    assert get(f"{url}/-/ready").status_code == 200


@pytest.mark.parametrize(("age", "status"), [(90, 200), (91, 503)])
def test_it_is_healthy_while_watches_are_begun(age, status):
    began = NOW - timedelta(seconds=age)

    with serving(attempted=lambda: began, clock=lambda: NOW) as url:
        answer = get(f"{url}/-/healthy")

    assert answer.status_code == status
    if status == 503:
        assert answer.text == (
            "unhealthy: the last watch was begun 1 min 31 s ago, which is more than 3 intervals of"
            " 30 s: see the log, then restart\n"
        )


def test_a_first_watch_that_never_begins_makes_it_unhealthy():
    moments = iter([NOW, NOW + timedelta(seconds=91)])

    with serving(attempted=lambda: None, clock=lambda: next(moments)) as url:
        answer = get(f"{url}/-/healthy")

    assert answer.status_code == 503


def test_a_page_that_has_grown_old_says_so():
    with serving(result=lambda: a_result(a_status(), at=before(minutes=10))) as url:
        old = get(url).text
    with serving(result=lambda: a_result(a_status())) as url:
        new = get(url).text

    assert "This is old." in old
    assert "This is old." not in new


def test_what_others_wrote_is_shown_as_text_and_never_as_markup():
    evil = "<script>alert(1)</script>\"'&"
    result = the_incident()
    job = a_job(evil, namespace=evil)
    result = a_result(a_status("down", job), unreadable=result.unreadable)
    audit = an_audit(a_risk(evil, pool=evil, summary=evil))

    with serving(result=lambda: result, audit=lambda: audit) as url:
        front = get(url).text
        found = re.search(r'href="(jobs/[^"]+)"', front)[1]
        page = get(f"{url}/{found}")

    assert page.status_code == 200
    for text in (front, page.text):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize(
    ("unreadable", "why"),
    [
        ((), "name a cluster, servers or configuration files"),
        ((Unreadable(source="kubernetes", error="refused"),), "kubernetes cannot be read: refused"),
    ],
)
def test_a_watcher_that_expects_nothing_lives_and_is_not_ready(unreadable, why):
    nothing = Result(at=NOW, expectations=Expectations(taken_at=NOW), unreadable=unreadable)
    with serving(result=lambda: nothing) as url:
        healthy, ready = get(f"{url}/-/healthy"), get(f"{url}/-/ready")

    assert (healthy.status_code, ready.status_code) == (200, 503)
    assert why in ready.text


def test_a_clock_that_was_set_back_is_unhealthy():
    with serving(attempted=lambda: NOW + timedelta(hours=1)) as url:
        answer = get(f"{url}/-/healthy")

    assert answer.status_code == 503
    assert "set back" in answer.text


class Links(HTMLParser):
    """The addresses that a page links to, by the words of the link."""

    def __init__(self, page):
        super().__init__()
        self.found, self.open = {}, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.open = dict(attributes)["href"]

    def handle_data(self, words):
        if self.open is not None:
            self.found[words], self.open = self.open, None


def test_every_job_has_a_page_whatever_it_is_called():
    names = [*NASTY.values(), "..", "a/../b", "a//b", "%2F", "a?b#c", "/", "jobs/a", "\n"]
    jobs = [replace(a_job(), key=str(n), pool=name) for n, name in enumerate(names)]
    with serving(result=lambda: a_result(*(a_status("healthy", job) for job in jobs))) as url:
        front = get(url).text
        links = Links(front).found
        for name in names:
            address = urljoin(f"{url}/", links[visible(name)])
            page = get(address)

            assert page.status_code == 200, name
            assert visible(name) in Links(page.text).found
            assert urljoin(address, Links(page.text).found["watcher"]) == f"{url}/"
            assert visible(page.text) == page.text
    assert visible(front) == front
