"""The JSON of ``once`` and of the API, by the contract."""

import json
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import jsonschema
import pytest

from tests.builders import (
    NOW,
    SERVER,
    a_diagnosis,
    a_found,
    a_job,
    a_key,
    a_memory,
    a_monitor,
    a_pinned_job,
    a_prometheus,
    a_result,
    a_risk,
    a_server,
    a_status,
    an_audit,
    an_expected_server,
    an_ignored_job,
    an_incident,
    an_observation,
    an_undecided,
    before,
    some_expectations,
)
from watcher.errors import ConfigError
from watcher.model.comparison import JobState, TargetCounts
from watcher.model.expectations import Unreadable, Unselected
from watcher.model.findings import Confidence, Evidence, Link
from watcher.model.incidents import Status
from watcher.model.observations import UnreadableServer
from watcher.web.document import as_json, audit_document, document, narrowed
from watcher.web.schema import schema

KUBELET = a_job("kubelet", namespace="monitoring")
ABOUT_A_LOSS = (
    "cause", "confidence", "link", "summary", "evidence", "fix", "findings", "undecided", "ignored",
)  # fmt: skip


def plain(shape):
    return json.loads(as_json(shape))


def the_job(result):
    [job] = plain(document(result))["jobs"]
    return job


def test_a_lost_job_is_shown_with_cause_proof_and_fix_by_the_contract():
    status = a_status("unstarted", KUBELET, targets=TargetCounts(active=0, up=0, expected=3))
    diagnosis = a_diagnosis(
        "hand-patch-reverted",
        Link.CREATED,
        summary="the mount stood only on the StatefulSet",
        evidence=(Evidence(seen="no mount", where="kubectl get pod", at=before(days=2)),),
        findings=[a_found("tls-file-missing", Link.CREATED, summary="no such file")],
        undecided=[an_undecided("secret-missing")],
        around=(Evidence(seen="kubectl wrote it", where="kubectl get", at=before(days=1)),),
    )

    job = the_job(
        a_result(
            status,
            diagnoses={KUBELET.key: diagnosis},
            memory={KUBELET.key: a_memory(KUBELET, state=status.state, since=before(days=9))},
            incidents={KUBELET.key: an_incident(KUBELET, starts_at=before(days=8))},
        )
    )

    assert job == {
        "prometheus": "monitoring/k8s",
        "pool": "serviceMonitor/monitoring/kubelet/0",
        "source": "monitor",
        "monitor": {
            "kind": "ServiceMonitor",
            "namespace": "monitoring",
            "name": "kubelet",
            "endpoint": 0,
        },
        "state": "unstarted",
        "since": "2026-11-14T05:00:00Z",
        "last_sample_at": None,
        "incident": {"status": "firing", "starts_at": "2026-11-15T05:00:00Z"},
        "targets": {"active": 0, "up": 0, "dropped": None, "expected": 3},
        "servers": [
            {
                "server": "prometheus-k8s-0",
                "state": "unstarted",
                "targets": {"active": 0, "up": 0},
            }
        ],
        "cause": "hand-patch-reverted",
        "confidence": "certain",
        "link": "created",
        "summary": "the mount stood only on the StatefulSet",
        "evidence": [
            {"seen": "no mount", "where": "kubectl get pod", "at": "2026-11-21T05:00:00Z"}
        ],
        "around": [
            {"seen": "kubectl wrote it", "where": "kubectl get", "at": "2026-11-22T05:00:00Z"}
        ],
        "fix": [{"do": "mount the Secret", "command": "kubectl patch …"}],
        "findings": [
            {
                "cause": "tls-file-missing",
                "link": "created",
                "confidence": "certain",
                "summary": "no such file",
            }
        ],
        "undecided": [
            {
                "cause": "secret-missing",
                "lacking": "secret_keys",
                "permission": "get secrets in shop",
            }
        ],
        "ignored": None,
    }


@pytest.mark.parametrize("state", ["healthy", "dormant"])
def test_a_job_that_needs_no_explaining_has_none_even_when_one_was_made(state):
    result = a_result(a_status(state), diagnoses={a_key(): a_diagnosis()})

    job = the_job(result)

    assert [job[key] for key in ABOUT_A_LOSS] == [None] * 4 + [[]] * 4 + [None]


def test_an_unknown_job_without_a_diagnosis_has_no_cause_and_says_what_is_not_known():
    job = the_job(a_result(a_status("unknown")))

    assert (job["cause"], job["confidence"], job["link"]) == (None, None, None)
    assert job["summary"] == "it cannot be told how the job is"


def test_a_job_that_no_rule_explains_is_cause_unknown_at_the_first_link_not_proven():
    diagnosis = a_diagnosis(None, Link.ACCEPTED, undecided=[an_undecided()])

    job = the_job(a_result(a_status("missing"), diagnoses={a_key(): diagnosis}))

    assert (job["cause"], job["confidence"], job["link"]) == ("cause-unknown", None, "accepted")
    assert job["summary"] == ("the job is not in the running configuration; no rule explains why")


def test_a_suspicion_keeps_its_word():
    diagnosis = a_diagnosis("reload-pending", Link.LOADED, confidence=Confidence.POSSIBLE)

    job = the_job(a_result(a_status("missing"), diagnoses={a_key(): diagnosis}))

    assert (job["confidence"], job["link"]) == ("possible", "loaded")


def test_what_was_not_asked_is_null_and_never_zero():
    status = a_status("unknown", targets=TargetCounts())

    job = the_job(a_result(status))

    assert set(job["targets"].values()) == {None}
    assert (job["since"], job["last_sample_at"], job["incident"]) == (None, None, None)


def test_what_is_remembered_of_another_state_does_not_date_this_one():
    memory = a_memory(state=JobState.HEALTHY)

    job = the_job(a_result(a_status("down"), memory={a_key(): memory}))

    assert job["since"] is None


def test_an_incident_that_ended_is_not_shown_as_going_on():
    incident = an_incident(status=Status.RESOLVED, ends_at=NOW)

    job = the_job(a_result(a_status("healthy"), incidents={a_key(): incident}))

    assert job["incident"] is None


def test_a_pinned_job_has_no_monitor():
    job = the_job(a_result(a_status("missing", a_pinned_job())))

    assert (job["source"], job["monitor"]) == ("pinned", None)


def test_the_monitor_of_a_probe_has_no_endpoint():
    job = the_job(a_result(a_status("healthy", a_job(kind="Probe"))))

    assert job["monitor"]["endpoint"] is None


def test_an_ignored_job_says_why_and_until_when():
    until = NOW + timedelta(days=1)

    job = the_job(a_result(a_status("down", an_ignored_job(reason="moving", until=until))))

    assert job["ignored"] == {"reason": "moving", "until": "2026-11-24T05:00:00Z"}


def test_a_job_whose_ignoring_has_run_out_is_no_longer_ignored():
    job = the_job(a_result(a_status("down", an_ignored_job(until=before(minutes=1)))))

    assert job["ignored"] is None


def test_times_are_utc_in_whole_seconds():
    at = NOW.replace(microsecond=987654).astimezone(timezone(timedelta(hours=5, minutes=30)))

    told = plain(document(a_result(a_status(), at=at, last_samples={a_key(): at})))

    assert told["at"] == told["jobs"][0]["last_sample_at"] == "2026-11-23T05:00:00Z"


def test_jobs_are_sorted_by_prometheus_and_pool():
    jobs = [a_job("b"), a_job("a"), a_job("z", prometheus="infra/main")]

    told = plain(document(a_result(*(a_status(job=job) for job in jobs))))

    assert [(j["prometheus"], j["pool"]) for j in told["jobs"]] == [
        ("infra/main", "serviceMonitor/shop/z/0"),
        ("monitoring/k8s", "serviceMonitor/shop/a/0"),
        ("monitoring/k8s", "serviceMonitor/shop/b/0"),
    ]


def test_an_unreadable_server_says_why_and_a_readable_one_its_version():
    gone = UnreadableServer(
        server=an_expected_server("prometheus-k8s-1", replica=1), error="connection refused"
    )

    told = plain(document(a_result(observations=(an_observation(gone, a_server()),))))

    assert told["prometheuses"] == [
        {
            "prometheus": "monitoring/k8s",
            "servers": [
                {
                    "server": SERVER,
                    "shard": 0,
                    "replica": 0,
                    "readable": True,
                    "version": "3.5.3",
                    "error": None,
                },
                {
                    "server": "prometheus-k8s-1",
                    "shard": 0,
                    "replica": 1,
                    "readable": False,
                    "version": None,
                    "error": "connection refused",
                },
            ],
        }
    ]


def test_a_prometheus_that_was_not_asked_is_listed_all_the_same():
    result = a_result(
        observations=(), expectations=some_expectations(prometheuses=(a_prometheus("a/b"),))
    )

    [prometheus] = plain(document(result))["prometheuses"]

    assert prometheus["prometheus"] == "a/b"
    assert prometheus["servers"][0]["readable"] is False


def test_without_any_expectations_every_key_is_there_and_empty():
    told = plain(document(a_result(expectations=None, observations=(), comparisons=())))

    assert list(told) == [
        "schema", "at", "prometheuses", "jobs", "unselected", "unexpected", "unreadable", "summary",
    ]  # fmt: skip
    assert set(told["summary"].values()) == {0}


def test_what_nobody_selects_or_expects_or_can_read_is_listed():
    result = a_result()
    [comparison] = result.comparisons
    result = replace(
        result,
        expectations=some_expectations(
            unselected=(
                Unselected(
                    monitor=a_monitor(), cause="labels-not-selected", nearest=None, lacks="team=a"
                ),
            ),
            unreadable=(Unreadable(source="kubernetes", error="403"),),
        ),
        comparisons=(replace(comparison, unexpected=("z", "a")),),
        unreadable=(Unreadable(source="kubernetes", error="403", since=before(hours=1)),),
    )

    told = plain(document(result))

    assert told["unselected"] == [
        {
            "monitor": {"kind": "ServiceMonitor", "namespace": "shop", "name": "web"},
            "cause": "labels-not-selected",
            "nearest": None,
            "lacks": "team=a",
        }
    ]
    assert [u["pool"] for u in told["unexpected"]] == ["a", "z"]
    assert told["unreadable"] == [
        {"source": "kubernetes", "error": "403", "since": "2026-11-23T04:00:00Z"}
    ]


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_makes_a_document_that_the_schema_accepts(state):
    diagnosis = a_diagnosis(findings=[a_found()], undecided=[an_undecided()])
    result = a_result(
        a_status(state), a_status(state, an_ignored_job("b")), diagnoses={a_key(): diagnosis}
    )

    jsonschema.validate(plain(document(result)), schema())


def test_the_schema_refuses_a_key_too_many_and_a_key_too_few():
    told = plain(document(a_result(a_status())))
    validator = jsonschema.Draft202012Validator(schema())

    assert validator.is_valid(told)
    assert not validator.is_valid(told | {"more": 1})
    assert not validator.is_valid({key: told[key] for key in told if key != "summary"})
    del told["jobs"][0]["ignored"]
    assert not validator.is_valid(told)


def test_the_committed_schema_is_the_generated_one():
    committed = Path(__file__).parents[2] / "docs" / "schema-v1.json"

    assert json.loads(committed.read_text(encoding="utf-8")) == schema()


def test_an_audit_lists_its_risks_in_order_and_what_could_not_be_asked():
    undecided = an_undecided("operator-down", lacking="operator", permission=None)
    audit = an_audit(a_risk("b"), a_risk("a", pool="x"), a_risk("a"), undecided=(undecided,))

    told = plain(audit_document(audit))

    jsonschema.validate(told, schema())
    assert list(told) == ["schema", "at", "risks", "undecided", "unreadable"]
    assert [(r["pool"], r["code"]) for r in told["risks"]] == [(None, "a"), (None, "b"), ("x", "a")]
    assert told["undecided"] == [
        {"cause": "operator-down", "lacking": "operator", "permission": None}
    ]


@pytest.mark.parametrize(
    ("jobs", "states", "kept"),
    [
        ((), (), ["kubelet", "pay", "web"]),
        (("*/kubelet/*",), (), ["kubelet"]),
        (("monitoring/kubelet",), (), ["kubelet"]),
        (("web", "pay"), (), ["pay", "web"]),
        ((), ("lost",), ["kubelet", "pay"]),
        ((), ("down", "healthy"), ["pay", "web"]),
        (("kubelet",), ("healthy",), []),
    ],
)
def test_a_document_narrows_by_job_and_state(jobs, states, kept):
    whole = document(
        a_result(
            a_status("unstarted", KUBELET),
            a_status("down", a_job("pay")),
            a_status("healthy", a_job("web")),
        )
    )

    fewer = narrowed(whole, jobs, states)

    assert [job.monitor.name for job in fewer.jobs if job.monitor] == kept
    assert fewer.summary == whole.summary


def test_narrowing_by_a_word_that_is_no_state_says_which_there_are():
    with pytest.raises(ConfigError, match="'broken' is no state: name one of lost, healthy"):
        narrowed(document(a_result()), states=["broken"])
