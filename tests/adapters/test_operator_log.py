"""The operator's log tells of monitors, syncs and kinds, in every form it ever had."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.adapters.wording import operator_log
from watcher.adapters.wording.operator_log import operator_lines
from watcher.model.facts import OperatorLine, OperatorWord

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SLOG = "time=2026-11-23T04:00:00.000Z level=WARN source=a.go:1 "
KIT = "level=warn ts=2026-11-23T04:00:00.000Z caller=a.go:1 component=prometheusoperator "
SKIPPED = OperatorLine(
    word=OperatorWord.SKIPPED,
    about="shop/web",
    text='scrapeClass "x" not found',
    at=AT,
    kind="servicemonitor",
    prometheus="k8s",
)


@pytest.mark.parametrize(
    "line",
    [
        SLOG + 'msg="skipping object" kind=ServiceMonitor object=shop/web'
        ' error="scrapeClass \\"x\\" not found" component=prometheus-controller prometheus=k8s',
        SLOG + 'msg="skipping servicemonitor" error="scrapeClass \\"x\\" not found"'
        " servicemonitor=shop/web namespace=monitoring prometheus=k8s",
        KIT + 'msg="skipping servicemonitor" error="scrapeClass \\"x\\" not found"'
        " servicemonitor=shop/web namespace=monitoring prometheus=k8s",
        (
            '{"time":"2026-11-23T04:00:00Z","level":"WARN","msg":"skipping object","kind":'
            '"ServiceMonitor","object":"shop/web","error":"scrapeClass \\"x\\" not found",'
            '"prometheus":"k8s"}'
        ),
    ],
    ids=["v0.84", "slog", "go-kit", "json"],
)
def test_a_skipped_monitor_is_told_in_every_form(line):
    assert operator_lines(line) == (SKIPPED,)


@pytest.mark.parametrize(
    ("line", "word", "about", "text"),
    [
        (
            KIT.replace("warn", "error")
            + 'func=ErrorDepth msg="sync \\"monitoring/k8s\\" failed: no Secret \\"x\\""',
            OperatorWord.SYNC_FAILED,
            "monitoring/k8s",
            'no Secret "x"',
        ),
        (
            SLOG + 'msg="Unhandled Error" logger=UnhandledError err="sync \\"a/b\\" failed: no"',
            OperatorWord.SYNC_FAILED,
            "a/b",
            "no",
        ),
        (
            SLOG + 'msg="sync prometheus" component=prometheus-controller key=monitoring/k8s',
            OperatorWord.SYNC_BEGUN,
            "monitoring/k8s",
            "",
        ),
        (
            SLOG
            + 'msg="resource \\"scrapeconfigs\\" (group: \\"g/v1\\") not installed in the cluster"',
            OperatorWord.NOT_WATCHED,
            "scrapeconfigs",
            'resource "scrapeconfigs" (group: "g/v1") not installed in the cluster',
        ),
        (
            SLOG + 'msg="missing permission on resource \\"scrapeconfigs\\" (group: \\"g\\")"',
            OperatorWord.NOT_WATCHED,
            "scrapeconfigs",
            'missing permission on resource "scrapeconfigs" (group: "g")',
        ),
    ],
)
def test_syncs_and_kinds_are_told(line, word, about, text):
    [found] = operator_lines(line)

    assert (found.word, found.about, found.text, found.at) == (word, about, text, AT)


@pytest.mark.parametrize(
    "line",
    [
        SLOG + 'msg="skipping prometheusrule" error=x prometheusrule=shop/web',
        SLOG + 'msg="skipping object" kind=ServiceMonitor error=x',
        SLOG + 'msg="skipping servicemonitor"',
        SLOG + 'msg="sync alertmanager" key=monitoring/main',
        SLOG + 'msg="sync prometheus"',
        SLOG + 'msg="the sync is well"',
        SLOG + 'msg="not installed in the cluster"',
        "panic: sync of something",
    ],
)
def test_other_lines_tell_nothing(line):
    assert operator_lines(line) == ()


def test_what_is_said_again_is_told_once_and_last():
    lines = [
        SLOG + f'msg="skipping object" kind=Probe object=shop/{name} error=x' for name in "aba"
    ]
    lines[2] = lines[2].replace("04:00", "05:00")

    found = operator_lines("\n".join(lines))

    assert [(line.about, line.at.hour) for line in found] == [("shop/b", 4), ("shop/a", 5)]


def test_a_log_of_many_words_is_kept_within_bounds(monkeypatch):
    monkeypatch.setattr(operator_log, "DISTINCT", 2)
    lines = (SLOG + f'msg="skipping object" kind=Probe object=a/{n} error=x' for n in range(9))

    assert [line.about for line in operator_lines("\n".join(lines))] == ["a/7", "a/8"]


@given(st.text(alphabet='msg="skipping object\\ {}:,kindsync/failed\n', max_size=200))
def test_no_text_is_too_odd_to_be_read(text):
    assert isinstance(operator_lines(text), tuple)
