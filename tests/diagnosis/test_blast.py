"""An alert cannot fire when the series of every way to fire come from lost jobs alone."""

from tests.builders import a_job, a_pool_name, a_status
from watcher.diagnosis.blast import blast, told
from watcher.model.rules import LoadedRule

KUBELET = a_pool_name("kubelet")


def an_alert(name="KubeletDown", expr='up{job="kubelet"} == 0', **fields):
    return LoadedRule(name=name, expr=expr, alerting=True, **fields)


def a_recording(name, expr):
    return LoadedRule(name=name, expr=expr, alerting=False)


def lost(state="unstarted", **labels):
    labels = labels or {"job": "kubelet", "metrics_path": "/metrics"}
    return a_status(state, a_job("kubelet"), labels=tuple(sorted(labels.items())))


def live(job="web", name="web", **fields):
    return a_status("healthy", a_job(name, **fields), labels=(("job", job), ("namespace", "shop")))


def names(found):
    return {pool: [rule.name for rule in rules] for pool, rules in found.items()}


def test_an_alert_on_series_of_a_lost_job_cannot_fire():
    found = blast([an_alert(), an_alert("WebDown", 'up{job="web"} == 0')], [lost(), live()])

    assert names(found) == {KUBELET: ["KubeletDown"]}


def test_a_lost_job_silences_by_the_labels_that_it_must_have_had():
    status = a_status("missing", a_job("kubelet"), supposed=(("job", "kubelet"),))

    assert names(blast([an_alert()], [status, live()])) == {KUBELET: ["KubeletDown"]}


def test_an_alert_that_another_job_may_feed_is_not_counted():
    rules = [an_alert("Any", "kubelet_running_pods > 5"), an_alert("Both", 'm{job=~"kubelet|web"}')]

    assert blast(rules, [lost(), live()]) == {}


def test_what_fires_on_absence_fires_now():
    assert blast([an_alert(expr='absent(up{job="kubelet"} == 1)')], [lost(), live()]) == {}


def test_a_target_that_is_down_still_has_its_up():
    rules = [an_alert(), an_alert("Pods", 'kubelet_running_pods{job="kubelet"} > 5')]

    assert names(blast(rules, [lost("down"), live()])) == {KUBELET: ["Pods"]}


def test_the_way_leads_through_recorded_series():
    rules = [
        an_alert("Slow", "node:pods:sum > 5"),
        a_recording("node:pods:sum", 'sum(pods:count{x="y"})'),
        a_recording("pods:count", 'kubelet_running_pods{job="kubelet"}'),
    ]

    assert names(blast(rules, [lost(), live()])) == {KUBELET: ["Slow"]}


def test_a_recorded_series_that_reads_itself_proves_nothing():
    rules = [an_alert("Loop", "a:b > 1"), a_recording("a:b", "a:b + 1")]

    assert blast(rules, [lost(), live()]) == {}


def test_the_labels_that_a_job_may_write_itself_exclude_it_not():
    rules = [an_alert("Pod", 'kube_pod_info{namespace="elsewhere"} > 0')]

    assert blast(rules, [lost(job="kubelet", namespace="elsewhere"), live()]) == {}


def test_a_federation_may_feed_anything():
    assert blast([an_alert()], [lost(), live("federate", path="/federate")]) == {}


def test_a_lost_job_of_unknown_labels_silences_nothing_that_can_be_proven():
    status = a_status("unstarted", a_job("kubelet"))

    assert blast([an_alert()], [status, live()]) == {}


def test_one_endpoint_of_two_is_told_apart_by_its_path():
    rules = [
        an_alert("Pods", 'pods{job="kubelet",metrics_path="/metrics"} > 5'),
        an_alert("Cadvisor", 'cpu{job="kubelet",metrics_path="/metrics/cadvisor"} > 5'),
    ]
    other = a_status(
        "healthy",
        a_job("kubelet", endpoint=1),
        labels=(("job", "kubelet"), ("metrics_path", "/metrics/cadvisor")),
    )

    assert names(blast(rules, [lost(), other])) == {KUBELET: ["Pods"]}


def test_the_critical_ones_come_first_and_are_counted():
    rules = [an_alert(f"A{n}", f'm{n}{{job="kubelet"}} > 1') for n in range(6)]
    rules.append(an_alert("Worst", 'm{job="kubelet"} > 1', severity="critical"))

    evidence = told(blast(rules, [lost(), live()])[KUBELET], "http://x")

    assert evidence.seen == (
        "7 alerts cannot fire while this lasts, 1 of them critical: Worst, A0, A1, A2, A3, …"
    )


def test_a_rule_of_a_newer_language_is_passed_over():
    assert names(blast([an_alert(expr="}{"), an_alert("Good")], [lost(), live()])) == {
        KUBELET: ["Good"]
    }
