"""A server's log is read out of Loki, on from the last line, with its times."""

from datetime import timedelta

import pytest

from tests.adapters.loki_api import Loki as LokiApi
from tests.adapters.prometheus_answers import Reply
from tests.builders import NOW, a_job, a_server, a_status, an_observation
from watcher.adapters.logs import loki as adapter
from watcher.adapters.logs.facts import LogFacts
from watcher.adapters.logs.loki import Loki
from watcher.errors import SourceUnavailable
from watcher.model.expectations import WatchedPrometheus
from watcher.model.facts import LOGS, Known, LogKind, Unavailable
from watcher.model.names import PrometheusName, ServerName
from watcher.settings import LokiSettings

PROMETHEUS = PrometheusName("monitoring/k8s")
SERVER = ServerName("prometheus-k8s-0")
LABELS = {"namespace": "monitoring", "pod": SERVER, "container": "prometheus"}
NANO = 1_000_000_000


def failure(pool, at=NOW):
    line = (
        'level=error component="scrape manager" msg="error creating new scrape pool" '
        f'err="no such file" scrape_pool={pool}'
    )
    return LABELS, (int(at.timestamp()) * NANO + 123, line)


@pytest.fixture
def api():
    with LokiApi() as running:
        yield running


def read(api, since=NOW - timedelta(hours=1), **settings):
    return Loki(LokiSettings(url=api.url, **settings)).read(PROMETHEUS, SERVER, since)


def test_lines_come_in_their_order_each_with_its_time(api):
    api.lines = [failure("b", NOW), failure("a", NOW - timedelta(minutes=1))]
    api.lines.append(({**LABELS, "stream": "stderr"}, (int(NOW.timestamp()) * NANO, "config x")))

    lines = read(api).splitlines()

    assert [line.split(" ")[0] for line in lines] == [
        "2026-11-23T04:59:00.000000123Z",
        "2026-11-23T05:00:00.000000000Z",
        "2026-11-23T05:00:00.000000123Z",
    ]


def test_other_pods_and_lines_of_no_concern_are_not_asked_for(api):
    other = {**LABELS, "pod": "other-0"}
    chatter = (LABELS, (int(NOW.timestamp()) * NANO, "level=info msg=hello"))
    api.lines = [(other, failure("x")[1]), chatter]

    assert read(api) == ""


def test_a_long_log_is_read_page_by_page(api, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE", 2)
    api.lines = [failure(f"p{n}", NOW + timedelta(seconds=n)) for n in range(5)]

    found = read(api)

    assert all(f"scrape_pool=p{n}" in found for n in range(5))


def test_lines_of_one_moment_do_not_hold_it_up_for_ever(api, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE", 2)
    api.lines = [failure(f"p{n}") for n in range(5)]

    assert "scrape_pool=p0" in read(api)


def test_the_selector_is_as_the_settings_say_and_quoted(api):
    read(api, query='{job="$prometheus/$pod", ns="$namespace"}')

    asked = api.asked[0].query["query"]
    assert asked.startswith('{job="k8s/prometheus-k8s-0", ns="monitoring"} |~ `')


def test_tenant_and_credentials_are_sent(api, tmp_path):
    token = tmp_path / "token"
    token.write_text("hunter2\n")

    read(api, tenant="team", http={"bearer_token_file": token})

    headers = {name.lower(): value for name, value in api.asked[0].headers.items()}
    assert headers["x-scope-orgid"] == "team"
    assert headers["authorization"] == "Bearer hunter2"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(b"parse error at line 1", 400), "answered 400 Bad Request.*parse error.*loki.query"),
        (Reply(b"no org id", 401), "no org id.*loki.tenant"),
        (Reply(b"<html>", 200), "no JSON.*check loki.url"),
        (Reply(b'{"status":"success","data":{"resultType":"matrix","result":[]}}'), "a matrix"),
        (
            Reply(
                b'{"status":"success","data":{"resultType":"streams",'
                b'"result":[{"values":[["x","y"]]}]}}'
            ),
            "a line without a time",
        ),
    ],
)
def test_a_refusal_is_told_with_what_to_do(api, reply, words):
    api.replies["/loki/api/v1/query_range"] = reply

    with pytest.raises(SourceUnavailable, match=words):
        read(api)


def gathered(facts, now=NOW):
    status = a_status("unstarted")
    found = facts.gather(
        WatchedPrometheus(name=PROMETHEUS),
        an_observation(a_server(SERVER)),
        {status.job.key: frozenset({LOGS.name})},
        [status],
        now,
    )
    return found[status.job.key].get(LOGS)


def test_the_rules_get_the_lines_and_each_counts_once(api):
    api.lines = [failure(a_job().pool)]
    facts = LogFacts(None, loki=Loki(LokiSettings(url=api.url)))

    first, second = gathered(facts), gathered(facts, NOW + timedelta(seconds=30))

    assert first == second
    assert isinstance(first, Known)
    (line,) = first.value
    assert (line.kind, line.pool, line.count) == (LogKind.POOL_NOT_CREATED, a_job().pool, 1)
    assert line.at == NOW


def test_a_loki_that_is_away_leaves_the_log_unavailable(api):
    api.replies["/loki/api/v1/query_range"] = Reply(b"", 503)
    facts = LogFacts(None, loki=Loki(LokiSettings(url=api.url)))

    found = gathered(facts)

    assert isinstance(found, Unavailable)
    assert "Loki http://127.0.0.1" in found.reason
