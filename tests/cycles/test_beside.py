"""What a look tells beside the cause: labels that are remembered, silenced alerts, a timeline."""

from dataclasses import replace

import pytest

from tests.builders import (
    NOW,
    SERVER,
    a_comparison,
    a_diagnosis,
    a_job,
    a_memory,
    a_pool,
    a_result,
    a_running_job,
    a_server,
    a_status,
    an_incident,
    an_observation,
    before,
)
from watcher.cycles.beside import silenced, with_beside, with_labels
from watcher.cycles.watch import remember_states
from watcher.diagnosis.rule import Case
from watcher.model.comparison import JobState
from watcher.model.facts import LAST_SAMPLE, POD_EVENTS, RULES, Facts, Known, Unavailable
from watcher.model.kube import KubeObject
from watcher.model.results import Result
from watcher.model.rules import LoadedRule

LABELS = (("job", "web"), ("namespace", "shop"))
ALERT = LoadedRule(
    name="WebSlow", expr='latency{job="web"} > 1', alerting=True, severity="critical"
)
QUIET = an_observation(a_server(started_at=before(days=30), loaded_at=before(days=30)))


def a_case(state="unstarted", **known):
    named = {name: Known(value) for name, value in known.items()}
    return Case(status=a_status(state), observation=QUIET, facts=Facts(named), now=NOW)


def test_a_job_has_the_labels_of_its_targets():
    pool = a_pool(a_job().pool, up=1, labels=LABELS)

    found = with_labels(a_comparison(a_status()), an_observation(a_server(pools=[pool])), {})

    assert found.statuses[0].labels == LABELS


def test_a_lost_job_has_the_labels_that_are_remembered():
    memory = {a_job().key: a_memory(labels=LABELS)}

    found = with_labels(a_comparison(a_status("missing")), QUIET, memory)

    assert found.statuses[0].labels == LABELS


@pytest.mark.parametrize(
    ("states", "gave"),
    [
        (("dormant", "down", "unknown", "down"), False),
        (("dormant", "degraded", "down"), True),
        (("healthy",), True),
    ],
)
def test_a_job_is_remembered_to_have_given_samples_once_it_did(states, gave):
    memory = {}
    for state in states:
        memory = remember_states(replace(a_result(a_status(state)), memory=memory), NOW)

    assert memory[a_job().key].gave_samples is gave


def test_of_a_job_from_a_store_of_before_it_is_not_known_whether_it_gave_samples():
    memory = {a_job().key: a_memory(state=JobState.DOWN)}

    memory = remember_states(replace(a_result(a_status("down")), memory=memory), NOW)

    assert memory[a_job().key].gave_samples is None


def test_a_lost_job_that_nobody_remembers_has_the_labels_that_its_object_gives():
    status = a_status("missing", a_job(labels=LABELS))

    found = with_labels(a_comparison(status), QUIET, {})

    assert (found.statuses[0].labels, found.statuses[0].supposed) == ((), LABELS)


def test_the_running_configuration_knows_the_labels_better_than_the_object():
    running = a_running_job(a_job().pool, raw={"job_name": "static"})
    observation = an_observation(a_server(jobs=[running]))
    status = a_status("unstarted", a_job(labels=LABELS))

    found = with_labels(a_comparison(status), observation, {})

    assert found.statuses[0].supposed == (("job", "static"),)


@pytest.mark.parametrize(
    ("other", "own"),
    [
        pytest.param(a_status("missing", a_job("b", labels=LABELS)), (), id="both lost"),
        pytest.param(a_status("healthy", a_job("b")), (), id="another is well"),
        pytest.param(
            a_status("missing", a_job("b", labels=(*LABELS, ("path", "/x")))), (), id="narrower"
        ),
        pytest.param(
            a_status("missing", a_job("b", labels=(("job", "b"),))), LABELS, id="other job"
        ),
    ],
)
def test_supposed_labels_that_another_job_has_too_are_not_believed(other, own):
    status = a_status("missing", a_job(labels=LABELS))
    pool = a_pool(a_job("b").pool, up=1, labels=(*LABELS, ("pod", "p")))
    server = a_server(pools=[pool] if other.state == "healthy" else [])

    found = with_labels(a_comparison(status, other), an_observation(server), {})

    assert found.statuses[0].supposed == own


def test_supposed_labels_of_a_pool_that_nobody_expects_are_not_believed():
    stranger = a_pool("stranger", up=1, labels=LABELS)
    comparison = a_comparison(a_status("missing", a_job(labels=LABELS)), unexpected=("stranger",))

    found = with_labels(comparison, an_observation(a_server(pools=[stranger])), {})

    assert found.statuses[0].supposed == ()


def test_labels_are_remembered_through_a_loss():
    well = Result(at=NOW, expectations=None, comparisons=(a_comparison(a_status(labels=LABELS)),))
    lost = Result(
        at=NOW,
        expectations=None,
        comparisons=(a_comparison(a_status("missing")),),
        memory=remember_states(well, NOW),
    )

    assert remember_states(lost, NOW)[a_job().key].labels == LABELS


def test_a_loss_tells_the_alerts_that_cannot_fire():
    comparison = a_comparison(a_status("unstarted", labels=LABELS))
    alerts = silenced([Facts({RULES.name: Known((ALERT,))})], comparison, QUIET)

    found = with_beside(a_diagnosis(), a_case(), None, alerts[a_job().pool])

    assert [line.seen for line in found.around] == [
        "1 alert cannot fire while this lasts, 1 of them critical: WebSlow"
    ]
    assert found.silenced == (ALERT,)


def test_rules_that_could_not_be_read_silence_nothing():
    comparison = a_comparison(a_status("missing"))

    assert silenced([Facts({RULES.name: Unavailable("refused")})], comparison, QUIET) == {}


@pytest.mark.parametrize(
    ("stranger", "silent"),
    [
        pytest.param(a_pool("x", up=1, labels=LABELS), False, id="it gives the same job"),
        pytest.param(a_pool("x", up=1), False, id="its labels are not known"),
        pytest.param(a_pool("x", up=1, labels=(("job", "x"),)), True, id="it gives another"),
        pytest.param(a_pool("x"), True, id="it scrapes nothing"),
    ],
)
def test_a_pool_that_nobody_expects_may_feed_an_alert(stranger, silent):
    comparison = a_comparison(a_status("unstarted", labels=LABELS), unexpected=("x",))
    observation = an_observation(a_server(pools=[stranger]))

    found = silenced([Facts({RULES.name: Known((ALERT,))})], comparison, observation)

    assert bool(found) == silent


def test_the_timeline_ends_with_the_last_sample():
    server = a_server(SERVER, started_at=before(hours=3), loaded_at=before(minutes=1))
    case = a_case(**{LAST_SAMPLE.name: before(hours=2)})
    case = Case(status=case.status, observation=an_observation(server), facts=case.facts, now=NOW)

    found = with_beside(a_diagnosis(), case, an_incident(starts_at=NOW), ())

    assert [line.seen for line in found.around] == [f"Prometheus {SERVER} started"]


def test_without_any_moment_of_the_loss_there_is_no_timeline():
    assert with_beside(a_diagnosis(), a_case(), None, ()).around == ()


@pytest.mark.parametrize(
    ("reason", "told"),
    [("Pulled", False), ("Created", False), ("Started", False), ("BackOff", True)],
)
def test_the_events_of_every_start_of_a_pod_are_not_in_the_timeline(reason, told):
    event = KubeObject(
        {
            "kind": "Event",
            "metadata": {"namespace": "monitoring", "name": "e"},
            "reason": reason,
            "message": "container prometheus",
            "involvedObject": {"kind": "Pod", "name": SERVER},
            "lastTimestamp": f"{before(minutes=1):%Y-%m-%dT%H:%M:%SZ}",
        }
    )
    case = a_case(**{POD_EVENTS.name: (event,)})

    found = with_beside(a_diagnosis(), case, an_incident(starts_at=NOW), ())

    seen = [f"event {reason} about Pod {SERVER}: container prometheus"]
    assert [line.seen for line in found.around] == (seen if told else [])


def test_a_degraded_job_has_nothing_around_it():
    diagnosis = a_diagnosis()

    assert with_beside(diagnosis, a_case("degraded"), an_incident(), (ALERT,)) == diagnosis
