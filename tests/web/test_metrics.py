"""What a scrape of the watcher shows."""

from dataclasses import replace

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry

from tests.builders import (
    NOW,
    a_diagnosis,
    a_job,
    a_key,
    a_pinned_job,
    a_result,
    a_server,
    a_status,
    an_expected_server,
    an_incident,
    an_observation,
    an_undecided,
    before,
)
from watcher import __version__
from watcher.model.comparison import JobState, TargetCounts
from watcher.model.expectations import Unreadable
from watcher.model.findings import Link
from watcher.model.history import Owed
from watcher.model.incidents import Status
from watcher.model.observations import UnreadableServer
from watcher.web import families
from watcher.web.metrics import Meters, ResultCollector

WEB = ("monitoring/k8s", "serviceMonitor/shop/web/0")


def exposed(*registries):
    return "".join(generate_latest(registry).decode() for registry in registries)


def scraped(result, sources=()):
    """Samples by name, each a mapping of label values to its value."""
    registry = CollectorRegistry()
    registry.register(ResultCollector(lambda: result, sources))
    return samples(exposed(registry))


def samples(text):
    labelled = {family.name: family.labels for family in families.ALL}
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series = found.setdefault(sample.name, {})
            labels = tuple(sample.labels[name] for name in labelled[sample.name])
            assert labels not in series, f"{sample.name}{labels} stands twice"
            series[labels] = sample.value
    return found


def everything():
    gone = UnreadableServer(server=an_expected_server("prometheus-k8s-1"), error="refused")
    return a_result(
        a_status("down"),
        incidents={a_key(): an_incident(cause="connection-refused")},
        diagnoses={a_key(): a_diagnosis(undecided=[an_undecided()])},
        observations=(an_observation(a_server(), gone),),
        unreadable=(Unreadable(source="kubernetes", error="403"),),
        owed=(Owed(subject="a", notifier="slack", since=NOW, tries=1),),
    )


def test_exactly_the_documented_families_are_there_with_their_types_and_labels():
    meters = Meters(cycles=["watch"], notifiers=["slack"], reasons=["timeout"])
    meters.registry.register(ResultCollector(everything))

    found = {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            {frozenset(sample.labels) for sample in family.samples},
        )
        for family in text_string_to_metric_families(exposed(meters.registry))
    }

    assert found == {f.name: (f.kind, {frozenset(f.labels)}) for f in families.ALL}


def test_before_the_first_result_there_are_no_jobs():
    assert scraped(None) == {"watcher_build_info": {(__version__,): 1}}


def test_the_state_of_a_job_is_one_of_a_whole_set():
    found = scraped(a_result(a_status("unstarted")))["watcher_job_state"]

    assert found == {(*WEB, state): float(state == "unstarted") for state in JobState}


def test_no_series_outlives_its_job():
    results = iter([a_result(a_status("down"), a_status(job=a_job("b"))), a_result(a_status())])
    registry = CollectorRegistry()
    registry.register(ResultCollector(lambda: next(results)))

    first, second = samples(exposed(registry)), samples(exposed(registry))

    assert {labels[1] for labels in first["watcher_job_info"]} == {
        WEB[1],
        "serviceMonitor/shop/b/0",
    }
    assert {labels[1] for labels in second["watcher_job_info"]} == {WEB[1]}


def test_a_job_is_named_with_its_monitor_and_a_pinned_one_without():
    found = scraped(a_result(a_status(), a_status(job=a_pinned_job("nodes"))))["watcher_job_info"]

    assert found == {
        (*WEB, "ServiceMonitor", "shop", "web"): 1,
        ("monitoring/k8s", "nodes", "", "", ""): 1,
    }


def test_targets_are_counted_by_health_where_the_number_is_known():
    status = a_status("degraded", targets=TargetCounts(active=3, up=2, down=1))

    found = scraped(a_result(status))["watcher_job_targets"]

    assert found == {(*WEB, "up"): 2, (*WEB, "down"): 1}


@pytest.mark.parametrize(
    ("status", "shown"), [(Status.PENDING, 0), (Status.FIRING, 1), (Status.RESOLVED, 0)]
)
def test_an_incident_is_shown_while_it_fires(status, shown):
    incident = an_incident(status=status, cause="tls-file-missing", starts_at=before(hours=1))

    found = scraped(a_result(a_status("down"), incidents={a_key(): incident}))

    start = {(*WEB, "tls-file-missing"): NOW.timestamp() - 3600}
    assert found.get("watcher_incident_start_timestamp_seconds", {}) == (start if shown else {})


def test_the_name_of_a_removed_endpoint_shows_the_job_that_has_it_now():
    removed = a_job(gone_since=before(hours=1))
    renamed = replace(a_job(endpoint=1), pool=removed.pool)

    found = scraped(a_result(a_status("missing", removed), a_status("healthy", renamed)))

    states = found["watcher_job_state"]
    assert (states[*WEB, "healthy"], states[*WEB, "missing"]) == (1, 0)


def test_a_server_and_a_source_are_up_or_not():
    found = scraped(everything(), sources=["kubernetes", "manifests"])

    assert found["watcher_prometheus_server_readable"] == {
        ("monitoring/k8s", "prometheus-k8s-0"): 1,
        ("monitoring/k8s", "prometheus-k8s-1"): 0,
    }
    assert found["watcher_source_up"] == {("kubernetes",): 0, ("manifests",): 1}


def test_undecided_rules_are_counted_over_jobs_and_tell_no_error_text():
    diagnosis = a_diagnosis(None, Link.ACCEPTED, undecided=[an_undecided()])
    jobs = [a_job("a"), a_job("b")]

    found = scraped(
        a_result(
            *(a_status("missing", job) for job in jobs),
            diagnoses={job.key: diagnosis for job in jobs},
        )
    )

    assert found["watcher_rule_undecided"] == {("secret-missing", "secret_keys"): 2}


def test_every_series_of_the_daemon_is_there_from_the_start():
    meters = Meters(cycles=["watch"], notifiers=["slack"], reasons=["timeout"])

    found = samples(exposed(meters.registry))

    assert found == {
        "watcher_cycle_last_success_timestamp_seconds": {("watch",): 0},
        "watcher_cycle_duration_seconds": {("watch",): 0},
        "watcher_notifications_total": {("slack",): 0},
        "watcher_notifications_failed_total": {("slack", "timeout"): 0, ("slack", "other"): 0},
        "watcher_settings_last_reload_successful": {(): 0},
        "watcher_settings_last_reload_success_timestamp_seconds": {(): 0},
    }


def test_a_cycle_that_failed_moves_its_duration_but_not_its_success():
    meters = Meters(cycles=["watch"])
    meters.cycle_ended("watch", at=1000, seconds=2, well=True)

    meters.cycle_ended("watch", at=1030, seconds=9, well=False)

    found = samples(exposed(meters.registry))
    assert found["watcher_cycle_last_success_timestamp_seconds"] == {("watch",): 1000}
    assert found["watcher_cycle_duration_seconds"] == {("watch",): 9}


def test_failed_messages_are_counted_by_a_closed_set_of_reasons():
    meters = Meters(notifiers=["slack"], reasons=["timeout"])
    meters.delivered("slack")

    meters.refused("slack", "timeout")
    meters.refused("slack", "a text that nobody foresaw")

    found = samples(exposed(meters.registry))
    assert found["watcher_notifications_total"] == {("slack",): 3}
    assert found["watcher_notifications_failed_total"] == {
        ("slack", "timeout"): 1,
        ("slack", "other"): 1,
    }


def test_what_was_tried_and_is_still_owed_is_counted_by_receiver() -> None:
    def owed(subject, notifier, tries):
        return Owed(subject=subject, notifier=notifier, since=NOW, tries=tries)

    result = replace(
        a_result(a_status("healthy")),
        owed=(
            owed("a", "slack", 1),
            owed("b", "slack", 7),
            owed("c", "email", 1),
            owed("d", "webhook", 0),
        ),
    )

    found = scraped(result)["watcher_notifications_undelivered"]
    assert found == {("slack",): 2, ("email",): 1}
    assert "watcher_notifications_undelivered" not in scraped(a_result(a_status("healthy")))
