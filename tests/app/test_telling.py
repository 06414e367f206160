"""What the settings make of telling: windows of maintenance, routes, severities, receivers."""

import io
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from pydantic import ValidationError

from tests.adapters.prometheus_answers import Answers, a_server, a_target
from tests.e2e.daemon import watcher
from tests.receivers import HttpReceiver
from watcher.adapters.sql.opening import open_store
from watcher.app import telling
from watcher.errors import ConfigError
from watcher.settings import ReceiverName, Settings, outdated

RETENTION = timedelta(days=9)


def settings(**fields):
    return Settings.model_validate(fields)


def a_window(**fields):
    window = {
        "match": {"name": "batch-*"},
        "cron": "0 2 * * sun",
        "lasts": "4h",
        "reason": "patches",
    }
    return window | fields


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def held(moment, **fields):
    """The mutes of one window that hold at a moment."""
    windows = telling.windows(settings(mutes=[a_window(**fields)]))
    return windows(moment, moment + timedelta(microseconds=1))


class TestWindows:
    @pytest.mark.parametrize(
        ("moment", "there"),
        [
            ("2026-11-22T01:59:59", False),
            ("2026-11-22T02:00:00", True),
            ("2026-11-22T05:59:59", True),
            ("2026-11-22T06:00:00", False),
            ("2026-11-23T03:00:00", False),
        ],
    )
    def test_one_holds_from_its_first_moment_until_before_its_last(self, moment, there):
        assert bool(held(at(moment))) is there

    def test_it_follows_the_clocks_of_its_time_zone(self):
        berlin = {"timezone": "Europe/Berlin", "cron": "30 3 * * *", "lasts": "1h"}

        assert held(at("2026-07-01T01:30:00"), **berlin)
        assert not held(at("2026-07-01T02:30:00"), **berlin)
        assert held(at("2026-12-01T02:30:00"), **berlin)

    def test_it_has_an_end_and_a_reason_as_every_mute(self):
        [mute] = held(at("2026-11-22T03:00:00"))

        assert mute.match == (("name", "batch-*"),)
        assert (mute.since, mute.until) == (at("2026-11-22T02:00:00"), at("2026-11-22T06:00:00"))
        assert mute.reason == "patches"

    def test_those_of_a_stretch_are_each_of_them(self):
        windows = telling.windows(settings(mutes=[a_window(cron="0 2 * * *", lasts="30h")]))

        found = windows(at("2026-11-16T00:00:00"), at("2026-11-19T00:00:00"))

        assert [mute.since.day for mute in found] == [15, 16, 17, 18]

    @pytest.mark.parametrize("wrong", [{"cron": "daily"}, {"cron": "0 0 31 2 *"}])
    def test_one_that_cannot_be_is_said(self, wrong):
        with pytest.raises(ConfigError, match=r"mutes\.0"):
            telling.windows(settings(mutes=[a_window(**wrong)]))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"reason": ""},
            {"lasts": "0s"},
            {"match": {"colour": "red"}},
            {"lasts": None},
            {"timezone": "Mars/Olympus"},
        ],
    )
    def test_one_without_an_end_a_reason_or_a_label_is_refused(self, wrong):
        with pytest.raises(ValidationError):
            settings(mutes=[a_window(**wrong)])


class TestTerms:
    def test_routes_and_severities_are_those_of_the_settings(self):
        route = {
            "match": {"severity": "crit*"},
            "channel": "C1",
            "mention": "S0GROUP",
            "repeat": "1h",
        }
        told = telling.terms(
            settings(
                slack={"routes": [route]},
                severities=[{"match": {"namespace": "dev-*"}, "severity": "notice"}],
                escalate_after="1h",
            )
        )

        assert told.routes[0].match == (("severity", "crit*"),)
        assert (told.routes[0].channel, told.routes[0].repeat) == ("C1", timedelta(hours=1))
        assert told.grading.rules == (((("namespace", "dev-*"),), "notice"),)
        assert told.grading.escalate_after == timedelta(hours=1)
        assert telling.terms(settings()).routes == ()

    def test_routes_of_slack_are_still_read_after_those_of_all(self):
        both = settings(
            routes=[{"match": {}, "receivers": ["email"]}],
            slack={"routes": [{"match": {}, "channel": "C1"}]},
            email={"host": "mail", "sender": "w@shop.example", "to": ["sre@shop.example"]},
        )

        first, former = telling.terms(both).routes

        assert (first.receivers, first.channel) == (("email",), None)
        assert (former.receivers, former.channel) == ((), "C1")
        assert "write these as `routes`" in " ".join(outdated(both))
        assert outdated(settings(routes=[{"match": {}}])) == ()

    @pytest.mark.parametrize("name", get_args(ReceiverName))
    def test_a_route_to_a_receiver_that_is_not_set_up_is_refused(self, name):
        with pytest.raises(ConfigError, match=rf"routes\.0\.receivers: {name}: .*no section"):
            telling.receivers(settings(routes=[{"match": {}, "receivers": [name]}]), None)

    @pytest.mark.parametrize("who", ["@channel", "<!here>", "here", "C0CHANNEL"])
    def test_nobody_but_a_user_or_a_group_can_be_mentioned(self, who):
        with pytest.raises(ValidationError):
            settings(slack={"routes": [{"match": {}, "mention": who}]})


class TestReceivers:
    def test_each_section_is_one_receiver_and_two_of_them_take_the_inspection(self, tmp_path):
        told = telling.receivers(
            settings(
                slack={"token": "xoxb-1", "channel": "C1", "fallback_channel": "C2"},
                alertmanager={"urls": ["http://am:9093"]},
                webhook={"url": "http://hook", "secret_file": str(tmp_path / "secret")},
                email={"host": "mail", "sender": "w@shop.example", "to": ["sre@shop.example"]},
                **{name: {"url_file": "url"} for name in ("teams", "feishu", "dingtalk")},
            ),
            None,
        )

        names = [*get_args(ReceiverName), "slack-fallback"]
        assert [each.name for each in told.all] == names
        assert [each.name for each in told.reporters] == ["slack", "email"]

    def test_without_any_nobody_is_told_and_a_dry_run_tells_the_terminal(self):
        assert telling.receivers(settings(), None).all == ()
        assert [r.name for r in telling.receivers(settings(), io.StringIO()).all] == ["dry-run"]


EDGE = """
store: sqlite:///{folder}/watcher.db
prometheuses: [{{name: edge, servers: [{{name: p-0, url: "{url}"}}]}}]
watch_interval: 100ms
pending_watches: 1
pending_for: 1ms
settle: 1ms
webhook: {{url: "{hook}/hook", secret_file: "{folder}/secret"}}
alertmanager: {{urls: ["{hook}"]}}
heartbeat: {{url_file: "{folder}/heartbeat"}}
"""


@pytest.fixture
def edge(tmp_path):
    """A Prometheus that has lost a job, settings to watch it, and who is told."""
    with HttpReceiver() as hook, Answers(a_server(a_target("web"), jobs=("web", "shop"))) as server:
        (tmp_path / "secret").write_text("s")
        (tmp_path / "heartbeat").write_text(f"{hook.url}/ping")
        text = EDGE.format(folder=tmp_path, url=server.url, hook=hook.url)
        (tmp_path / "watcher.yaml").write_text(text)
        yield tmp_path, server, hook


def test_the_daemon_tells_them_and_pings_after_good_watches_alone(edge):
    folder, server, hook = edge

    watcher("run", "--cycles", "2", "--config", str(folder / "watcher.yaml"))
    good = hook.gets
    server.replies = {}
    code, _, err = watcher("run", "--cycles", "2", "--config", str(folder / "watcher.yaml"))

    alerts, event = hook.taken
    assert event["jobs"][0]["pool"] == "shop"
    assert alerts[0]["labels"]["job"] == "shop"
    assert (good, hook.gets) == (2, 2)
    assert code == 0, err


def test_a_heartbeat_that_fails_is_a_warning_and_no_more(edge):
    folder, _, hook = edge
    (folder / "heartbeat").write_text("http://127.0.0.1:1/secret-uuid")

    code, _, err = watcher("run", "--cycles", "2", "--config", str(folder / "watcher.yaml"))

    assert code == 0
    assert "warning heartbeat:" in err
    assert "secret-uuid" not in err
    assert len(hook.taken) == 2


def test_a_second_daemon_on_one_store_says_so_and_ends(edge):
    folder, _, hook = edge
    with open_store(f"sqlite:///{folder}/watcher.db", RETENTION) as store, store.alone():
        code, _, err = watcher("run", "--cycles", "1", "--config", str(folder / "watcher.yaml"))

    assert code == 2
    assert "another watcher is running on it" in err
    assert hook.taken == []
