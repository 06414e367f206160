"""The ladder says of each link whether it holds, why, and what shows it."""

import pytest

from tests.builders import (
    a_diagnosis,
    a_found,
    a_job,
    a_pinned_job,
    a_pool,
    a_running_job,
    a_server,
    a_status,
    an_observation,
    an_undecided,
    before,
)
from watcher.diagnosis.ladder import Footing, ladder
from watcher.model.expectations import Origin
from watcher.model.findings import Confidence, Link


def walked(state, diagnosis, *, pools=(), jobs=(), job=None):
    observation = an_observation(a_server(pools=pools, jobs=jobs))
    return {step.link: step for step in ladder(a_status(state, job), observation, diagnosis)}


def test_what_was_seen_shows_that_a_link_holds():
    pool = a_pool(a_job().pool, up=3)

    steps = walked("healthy", None, pools=[pool], jobs=[a_running_job(a_job().pool)])

    assert {step.footing for step in steps.values()} == {Footing.HOLDS}
    assert steps[Link.LOADED].why == "it is in the running configuration of prometheus-k8s-0"
    assert steps[Link.CREATED].why == "its scrape pool is there on prometheus-k8s-0"
    assert steps[Link.SCRAPED].why.endswith("targets are up")


def test_the_broken_link_shows_its_evidence_each_line_once():
    found = a_found(link=Link.CREATED)
    diagnosis = a_diagnosis(link=Link.CREATED, findings=(found,))

    step = walked("unstarted", diagnosis)[Link.CREATED]

    assert step.footing is Footing.BROKEN
    assert step.evidence == found.finding.evidence


def test_a_link_that_is_only_suspected_is_not_called_broken_unless_it_is_the_cause():
    fields = {"summary": "a change", "confidence": Confidence.POSSIBLE}
    suspected = a_found("reload-pending", Link.LOADED, **fields)
    told = a_diagnosis("reload-pending", Link.LOADED, **fields)

    unsure = walked("missing", a_diagnosis(None, Link.LOADED, findings=(suspected,)))[Link.LOADED]
    sure = walked("missing", told)[Link.LOADED]

    assert (unsure.footing, unsure.evidence) == (Footing.CANNOT_TELL, suspected.finding.evidence)
    assert unsure.why == "reload-pending is possible: a change"
    assert sure.footing is Footing.BROKEN


def test_after_the_broken_link_none_is_reached():
    steps = walked("unstarted", a_diagnosis(link=Link.CREATED))

    assert {steps[link].footing for link in Link if link > Link.CREATED} == {Footing.NOT_REACHED}


def test_what_could_not_be_asked_names_what_would_tell():
    undecided = an_undecided(link=Link.CREATED, permission="get pods/log")

    step = walked("unstarted", a_diagnosis(None, Link.CREATED, undecided=(undecided,)))[
        Link.CREATED
    ]

    assert step.footing is Footing.CANNOT_TELL
    assert step.why.endswith("(get pods/log would tell)")


GONE = before(hours=1)
FILE = {"monitor": None, "endpoint": None, "origin": Origin.CONFIG_FILE}


@pytest.mark.parametrize("state", ["healthy", "down", "missing", "unstarted"])
@pytest.mark.parametrize(
    "job", [a_job(gone_since=GONE), a_job(gone_since=GONE, **FILE)], ids=["monitor", "file"]
)
def test_what_is_not_declared_any_more_is_not_shown_as_declared(state, job):
    pool = a_pool(job.pool, up=3)
    diagnosis = None if state == "healthy" else a_diagnosis(first_open=Link.KEPT)

    steps = walked(state, diagnosis, pools=[pool], jobs=[a_running_job(job.pool)], job=job)

    assert {steps[link].footing for link in (Link.DECLARED, Link.SELECTED)} == {Footing.CANNOT_TELL}
    assert steps[Link.LOADED].footing is Footing.HOLDS


def test_a_monitor_that_stands_is_declared_though_nothing_selects_it_any_more():
    steps = walked("missing", a_diagnosis(link=Link.SELECTED), job=a_job(gone_since=GONE))

    assert steps[Link.DECLARED].footing is Footing.HOLDS


def test_nothing_says_of_a_pinned_job_that_is_missing_who_declares_it():
    steps = walked("missing", a_diagnosis(link=Link.LOADED), job=a_pinned_job())

    assert {steps[link].footing for link in Link if link < Link.LOADED} == {Footing.CANNOT_TELL}
    assert "the settings pin it" in steps[Link.DECLARED].why


def test_of_a_job_of_a_file_it_is_said_that_nothing_has_to_be_selected():
    steps = walked("missing", a_diagnosis(link=Link.LOADED), job=a_job(**FILE))

    assert (steps[Link.DECLARED].footing, steps[Link.DECLARED].why) == (
        Footing.HOLDS,
        "no rule finds it broken",
    )
    assert "nothing has to be selected" in steps[Link.SELECTED].why
