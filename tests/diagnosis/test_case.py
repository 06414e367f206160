"""What a case tells of its job before any rule is asked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOW, a_job, a_pool, a_running_job, a_server, an_observation
from watcher.diagnosis.catalogue import causes
from watcher.diagnosis.diagnose import first_open_link, rules_for
from watcher.diagnosis.rule import Case
from watcher.engine.compare import compare
from watcher.model.facts import Facts
from watcher.model.findings import Link


def a_case(job, running, *, pool=None):
    """A job whose only target is down, as it runs on one server."""
    server = a_server(pools=[pool or a_pool(down=1)])
    server = replace(server, jobs={running.name: running})
    observation = an_observation(server)
    [status] = compare([job], observation).statuses
    return Case(status=status, observation=observation, facts=Facts(), now=NOW)


def keeping(port, label="__meta_kubernetes_endpoint_port_name", action="keep"):
    steps = [
        {"source_labels": ["job"], "target_label": "__tmp_prometheus_job_name"},
        {"source_labels": [label], "regex": port, "action": action},
    ]
    return a_running_job(raw={"relabel_configs": steps})


@pytest.mark.parametrize(
    ("job", "running"),
    [
        pytest.param(a_job(path="/new"), a_running_job(), id="path"),
        pytest.param(a_job(scheme="https"), a_running_job(), id="scheme"),
        pytest.param(a_job(port="http"), keeping("metrics"), id="port"),
        pytest.param(
            a_job(kind="PodMonitor", port="9090"),
            replace(
                keeping(8080, "__meta_kubernetes_pod_container_port_number"),
                name=a_job(kind="PodMonitor").pool,
            ),
            id="number",
        ),
    ],
)
def test_a_job_that_runs_otherwise_than_asked_may_be_broken_from_reconciled_on(job, running):
    case = a_case(job, running, pool=a_pool(running.name, down=1))

    assert case.outdated
    assert first_open_link(case) is Link.RECONCILED


@pytest.mark.parametrize(
    ("job", "running"),
    [
        pytest.param(a_job(scheme="HTTPS"), a_running_job(scheme="https"), id="upper-case"),
        pytest.param(a_job(port="metrics"), keeping("metrics"), id="same-port"),
        pytest.param(a_job(port="http"), a_running_job(), id="kept-by-no-port"),
        pytest.param(a_job(port="http"), keeping("metrics", action="drop"), id="own-relabelling"),
        pytest.param(a_job(port=None, path=None), keeping("metrics"), id="nothing-asked"),
        pytest.param(a_job(monitor=None, path="/new"), a_running_job(), id="of-no-object"),
    ],
)
def test_a_job_that_runs_as_asked_holds_up_to_its_pool(job, running):
    case = a_case(job, running)

    assert not case.outdated
    assert first_open_link(case) is Link.KEPT


@pytest.mark.parametrize(
    ("running", "reconciled_is_asked"),
    [
        pytest.param(a_running_job(), False, id="as-asked"),
        pytest.param(a_running_job(path="/old"), True, id="otherwise"),
        pytest.param(None, True, id="nowhere"),
    ],
)
def test_what_another_server_has_loaded_the_operator_has_written(running, reconciled_is_asked):
    without, beside = a_server(name="p-0", jobs=[]), a_server(name="p-1", jobs=[])
    jobs = {} if running is None else {running.name: running}
    observation = an_observation(without, replace(beside, jobs=jobs))
    [status] = compare([a_job()], observation).statuses
    case = Case(status=status, observation=observation, facts=Facts(), now=NOW)

    asked = {rule.link for rule in rules_for(case, causes())}

    assert (Link.RECONCILED in asked) == reconciled_is_asked


@pytest.mark.parametrize(
    ("ago", "lately"),
    [(timedelta(minutes=4), True), (timedelta(minutes=-4), True), (timedelta(minutes=6), False)],
)
def test_a_change_is_late_by_whichever_clock_is_ahead(ago, lately):
    case = a_case(replace(a_job(), changed_at=NOW - ago), a_running_job())

    assert case.changed_lately == lately
