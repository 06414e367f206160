"""The inspection report in each of its forms."""

import json
import re
from datetime import timedelta

import jsonschema
import pytest

from tests.builders import (
    NOW,
    a_blindness,
    a_job,
    a_risk,
    a_watch,
    an_incident,
    an_inspection,
    before,
)
from watcher.model.comparison import JobState
from watcher.model.incidents import Ending, Status
from watcher.web import report
from watcher.web.schema import schema
from watcher.web.timeline import ROWS, timeline

KUBELET = an_incident(
    a_job("kubelet", namespace="monitoring"),
    starts_at=before(days=9, hours=4),
    cause="hand-patch-reverted",
)
GRAFANA = an_incident(
    a_job("grafana"),
    state=JobState.EMPTY,
    status=Status.RESOLVED,
    starts_at=before(days=2),
    ends_at=before(days=1, hours=12),
    ending=Ending.RECOVERED,
    cause="no-ready-endpoints",
)
LEGACY = an_incident(
    a_job("legacy"),
    status=Status.RESOLVED,
    starts_at=before(days=4),
    ends_at=before(days=3),
    ending=Ending.RETIRED,
    cause="monitor-deleted",
)
EVENTFUL = an_inspection(
    coverage=0.99427,
    latest=a_watch(healthy=60, lost=1),
    lost=(KUBELET,),
    recovered=(GRAFANA,),
    retired=(LEGACY,),
    at_risk=(a_risk(summary="a mount stands only on the StatefulSet"),),
    blind=(a_blindness("kubernetes", error="403 | Forbidden", until=before(hours=1)),),
    blind_for=timedelta(hours=1),
    unwatched_for=timedelta(minutes=140),
    by_cause=(("hand-patch-reverted", 1), ("no-ready-endpoints", 1), ("monitor-deleted", 1)),
)


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<body>") :]).split())


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (1.0, "100 %"),
        (0.99999, "99.99 %"),
        (0.57, "57 %"),
        (0.9942, "99.42 %"),
        (0.0, "0 %"),
        (None, "not known"),
    ],
)
def test_coverage_is_cut_and_not_rounded_so_that_only_all_is_all(share, shown):
    assert report.percent(share) == shown


def test_the_html_tells_what_was_lost_why_and_for_how_long():
    said = words(report.html(EVENTFUL))

    assert "99.42 % Coverage" in said
    assert "At the end 60 of 61 jobs were healthy, 1 lost." in said
    assert "hand-patch-reverted 2026-11-14 01:00 ongoing 9 d 4 h" in said
    assert "no-ready-endpoints 2026-11-21 05:00 2026-11-21 17:00 12 h" in said
    assert "monitor-deleted 2026-11-19 05:00 2026-11-20 05:00 1 d" in said
    assert "A mount stands only on the StatefulSet." in said
    assert "1 h blind 2 h 20 min unwatched" in said


def test_the_html_is_one_file_that_loads_nothing():
    html = report.html(EVENTFUL)

    assert not re.findall(r"""(?:src|href)=|@import|url\(|<script""", html)
    assert " style=" not in html


def test_the_html_escapes_what_others_wrote():
    evil = a_blindness("kubernetes", error="<script>alert(1)</script>")

    html = report.html(an_inspection(blind=(evil,)))

    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_week_in_which_nothing_happened_says_so():
    said = words(report.html(an_inspection()))

    assert "100 % Coverage" in said
    assert "No job is lost." in said
    assert "never blind never unwatched" in said
    assert "No longer expected" not in said


def test_a_week_without_a_watch_has_no_coverage():
    inspection = an_inspection(
        watches=0, coverage=None, latest=None, unwatched_for=timedelta(days=7)
    )

    assert "Coverage is not known: no watch was made." in words(report.html(inspection))
    assert "Coverage: **not known**" in report.markdown(inspection)
    assert json.loads(report.as_json(inspection))["coverage"] is None


def test_the_markdown_tells_the_same():
    text = report.markdown(EVENTFUL)

    assert "Coverage: **99.42 %**" in text
    assert (
        "| `serviceMonitor/monitoring/kubelet/0` | monitoring/k8s | hand-patch-reverted"
        " | 2026-11-14 01:00 | ongoing | 9 d 4 h |"
    ) in text
    assert "* **mount-not-in-cr**, monitoring/k8s: a mount stands only" in text
    assert "| kubernetes | 2026-11-23 03:00 | 2026-11-23 04:00 | 403 \\| Forbidden |" in text


def test_the_json_is_of_the_schema():
    told = json.loads(report.as_json(EVENTFUL))

    jsonschema.validate(told, schema())
    assert told["lost"] == [
        {
            "prometheus": "monitoring/k8s",
            "pool": "serviceMonitor/monitoring/kubelet/0",
            "state": "unstarted",
            "status": "firing",
            "cause": "hand-patch-reverted",
            "starts_at": "2026-11-14T01:00:00Z",
            "ends_at": None,
            "ending": None,
            "seconds": 9 * 86400 + 4 * 3600,
        }
    ]
    assert (told["blind_seconds"], told["unwatched_seconds"]) == (3600, 8400)


def test_a_list_of_incidents_is_of_the_schema():
    told = json.loads(report.incidents_json([KUBELET, GRAFANA], NOW))

    jsonschema.validate(told, schema())
    assert [one["ending"] for one in told["incidents"]] == [None, "recovered"]


def test_one_sentence_sums_it_up():
    assert report.sentence(EVENTFUL) == (
        "2026-11-16 to 2026-11-23: coverage 99.42 %, 1 lost, 1 recovered, 1 retired, 1 at risk;"
        " blind for 1 h; unwatched for 2 h 20 min"
    )
    assert report.sentence(an_inspection()) == "2026-11-16 to 2026-11-23: coverage 100 %, no loss"


def test_a_bar_is_cut_to_the_stretch_and_never_too_thin_to_be_seen():
    short = an_incident(a_job("b"), starts_at=before(seconds=5))

    rows = timeline(an_inspection(lost=(KUBELET, short))).rows

    assert [(bar.start, bar.width) for row in rows for bar in row.bars] == [(0, 100), (99.6, 0.4)]


def test_the_timeline_shows_each_job_once_and_a_mark_for_each_day():
    again = an_incident(a_job("grafana"), status=Status.RESOLVED, ends_at=NOW)

    shown = timeline(an_inspection(recovered=(GRAFANA, again)))

    assert [(row.name, len(row.bars)) for row in shown.rows] == [
        ("serviceMonitor/shop/grafana/0", 2)
    ]
    assert [day for _, day in shown.days] == [f"{day} Nov" for day in range(17, 24)]


def test_very_many_jobs_are_left_to_the_tables():
    lost = tuple(an_incident(a_job(f"job-{i}")) for i in range(ROWS + 3))

    shown = timeline(an_inspection(lost=lost))

    assert (len(shown.rows), shown.left_out) == (ROWS, 3)
