"""Every recorded case is told as it must be; with any one answer withheld never another cause."""

import json

import pytest

from tests.replays.replaying import CASES, EXPECTED, differences, of, recording, told
from watcher.adapters.kubernetes.api import SOURCE
from watcher.adapters.recordings import recording as archive
from watcher.adapters.recordings.recorder import Exchange, Failed
from watcher.app import recording as app
from watcher.diagnosis import catalogue

BY_CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@BY_CASE
def test_a_recorded_case_is_told_as_it_must_be(case):
    expected = json.loads((case / EXPECTED).read_text(encoding="utf-8"))

    assert differences(expected, of(case)) == []


@BY_CASE
def test_a_recorded_case_is_told_the_same_each_time(case):
    assert of(case) == of(case)


@BY_CASE
def test_with_any_one_answer_withheld_no_other_cause_is_found(case):
    whole = archive.read(recording(case))
    causes = _causes(of(case))
    refined = {rule.code: rule.refines for rule in catalogue.causes()}
    requests = {e.asked for e in whole.exchanges if e.asked.source == SOURCE}

    wrong = []
    for withheld in sorted(requests, key=str):
        for pool, (cause, state, _) in _causes(_without(whole, withheld)).items():
            was, before, _ = causes[pool]
            fits = cause in {was, "cause-unknown"} or cause in refined.get(was, ())
            if state == before and not fits:
                wrong.append(f"without {withheld.path}: {pool} is {cause}, not {was}")

    assert wrong == []


def _causes(whole):
    return {
        job["pool"]: (job["cause"], job["state"], len(job["undecided"]))
        for job in whole["once"]["jobs"]
    }


def _without(whole, withheld):
    failed = Failed(source=withheld.source, reason="withheld; give it back", permission="all")
    exchanges = tuple(
        Exchange(asked=e.asked, came=failed) if e.asked == withheld else e for e in whole.exchanges
    )
    changed = archive.Recording(
        at=whole.at,
        settings=whole.settings,
        kubernetes=whole.kubernetes,
        exchanges=exchanges,
        past=whole.past,
    )
    return told(app.of(changed))
