"""``watcher snapshot``: all jobs before an upgrade, and what became of them after it."""

import threading

import pytest

from tests.cli.place import pool
from tests.kube_objects import a_service_monitor
from watcher.cli import run

WEB, DB = pool("web"), pool("db")


def monitor(name):
    """One whose number of targets is known to nobody, since relabelling could drop some."""
    some = [{"action": "keep", "sourceLabels": ["__meta_kubernetes_pod_name"], "regex": ".+"}]
    return a_service_monitor(name, "shop", endpoints=[{"port": "http", "relabelings": some}])


@pytest.fixture
def before(place):
    """A snapshot of two healthy jobs with three targets each."""
    place.api.apply(monitor("web"))
    place.api.apply(monitor("db"))
    place.scrapes(WEB, DB, targets=3)
    place.file = place.folder / "before.json"
    assert place.run("snapshot", "save", place.file).code == 0
    return place


def diff(place, *words):
    return place.run("snapshot", "diff", place.file, *words)


def changes(ran):
    return {one["pool"]: one["change"] for one in ran.json["differences"]}


def test_nothing_changed_is_all_well(before):
    ran = diff(before)

    assert ran.code == 0
    assert ran.out == "2 jobs: 0 lost, 0 worse.\n"


def test_a_lost_job_and_one_with_fewer_targets_are_found(before):
    before.scrapes(DB, targets=2)

    ran = diff(before, "--format", "json")

    assert ran.code == 1
    assert changes(ran) == {WEB: "lost", DB: "worse"}
    assert ran.json["differences"][0]["after"]["state"] == "missing"
    assert ran.json["differences"][1]["before"]["up"] == 3


def test_the_text_says_how_each_was_and_is(before):
    before.scrapes(WEB, DB, down=(DB,), targets=3)

    ran = diff(before)

    assert f"lost               {DB} (monitoring/k8s)" in ran.out
    assert "healthy (3 of 3 targets up) → down (0 of 3 targets up)" in ran.out


def test_markdown_is_ready_for_the_ticket(before):
    before.scrapes(DB, targets=3)

    ran = diff(before, "--format", "markdown")

    assert "| change | Prometheus | job | before | after |" in ran.out
    assert f"| lost | monitoring/k8s | `{WEB}` | healthy (3 of 3 targets up) | missing" in ran.out


def test_a_new_pool_name_is_no_loss(before):
    before.scrapes("shop/web/0", "shop/db/0", targets=3)

    ran = diff(before, "--format", "json")

    assert ran.code == 0
    assert set(changes(ran).values()) == {"renamed"}


def test_a_removed_monitor_is_lost_and_a_new_one_is_new(before):
    before.api.delete("ServiceMonitor", "shop", "web")
    before.api.apply(monitor("till"))
    before.scrapes(DB, pool("till"), targets=3)

    ran = diff(before, "--format", "json")

    assert ran.code == 1
    assert changes(ran) == {WEB: "lost", pool("till"): "new"}


def test_two_files_are_compared_without_asking_anybody(before):
    after = before.folder / "after.json"
    before.scrapes(WEB, targets=3)
    before.run("snapshot", "save", after)
    before.scrapes()

    ran = diff(before, after, "--format", "json")

    assert ran.code == 1
    assert changes(ran) == {DB: "lost"}


def test_waiting_ends_as_soon_as_all_is_well_again(before):
    before.scrapes(DB, targets=3)
    healing = threading.Timer(1.5, before.scrapes, (WEB, DB), {"targets": 3})
    healing.start()

    ran = diff(before, "--wait", "30s")
    healing.join()

    assert ran.code == 0
    assert "1 lost, 0 worse: looking again" in ran.err


def test_waiting_is_over_when_the_time_is(before):
    before.scrapes(DB, targets=3)

    assert diff(before, "--wait", "2s").code == 1


def test_a_server_that_cannot_be_read_is_cannot_tell_and_no_loss(before):
    before.server.replies = {}

    ran = diff(before, "--format", "json")

    assert ran.code == 2
    assert set(changes(ran).values()) == {"cannot tell"}
    assert ran.json["complete"] is False


def test_a_snapshot_goes_to_standard_output(before):
    ran = before.run("snapshot", "save", "-")

    assert {job["pool"] for job in ran.json["snapshot"]} == {WEB, DB}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["diff", "/nowhere/x"], "/nowhere/x: cannot be read: No such file"),
        (["diff", "{file}", "{file}", "--wait", "1m"], "--wait: only without FILE2"),
        (["diff", "{file}", "--wait", "soon"], "--wait: expected a duration"),
        (["diff", "{settings}"], "no snapshot of this watcher"),
        (["save", "/nowhere/x"], "/nowhere/x cannot be written"),
    ],
)
def test_wrong_usage_is_told(before, words, told):
    names = {"file": before.file, "settings": before.settings()}

    ran = before.run("snapshot", *(word.format(**names) for word in words))

    assert ran.code == 3
    assert told in ran.err


def test_a_missing_argument_is_wrong_usage_and_no_trace(capsys):
    code = run(["snapshot", "diff"])

    assert code == 3
    assert "Missing" in capsys.readouterr().err
