"""What a look tells beside the cause: labels that are remembered, silenced alerts, a timeline."""

from tests.builders import (
    NOW,
    SERVER,
    a_comparison,
    a_diagnosis,
    a_job,
    a_memory,
    a_pool,
    a_server,
    a_status,
    an_incident,
    an_observation,
    before,
)
from watcher.cycles.beside import silenced, with_beside, with_labels
from watcher.cycles.watch import remember_states
from watcher.diagnosis.rule import Case
from watcher.model.facts import LAST_SAMPLE, RULES, Facts, Known, Unavailable
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
    statuses = [a_status("unstarted", labels=LABELS)]
    alerts = silenced([Facts({RULES.name: Known((ALERT,))})], statuses)

    found = with_beside(a_diagnosis(), a_case(), None, alerts[a_job().pool])

    assert [line.seen for line in found.beside] == [
        "1 alert cannot fire while this lasts, 1 of them critical: WebSlow"
    ]
    assert found.silenced == (ALERT,)


def test_rules_that_could_not_be_read_silence_nothing():
    assert silenced([Facts({RULES.name: Unavailable("refused")})], [a_status("missing")]) == {}


def test_the_timeline_ends_with_the_last_sample():
    server = a_server(SERVER, started_at=before(hours=3), loaded_at=before(minutes=1))
    case = a_case(**{LAST_SAMPLE.name: before(hours=2)})
    case = Case(status=case.status, observation=an_observation(server), facts=case.facts, now=NOW)

    found = with_beside(a_diagnosis(), case, an_incident(starts_at=NOW), ())

    assert [line.seen for line in found.beside] == [f"Prometheus {SERVER} started"]


def test_without_any_moment_of_the_loss_there_is_no_timeline():
    assert with_beside(a_diagnosis(), a_case(), None, ()).beside == ()


def test_a_degraded_job_has_nothing_beside():
    diagnosis = a_diagnosis()

    assert with_beside(diagnosis, a_case("degraded"), an_incident(), (ALERT,)) == diagnosis
