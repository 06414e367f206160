from dataclasses import replace
from datetime import timedelta

from tests.builders import NOW, a_job, a_monitor, a_prometheus, some_expectations
from watcher.engine.mass_loss import mass_losses
from watcher.engine.merge import Keeping, combined, remember
from watcher.engine.pins import with_pins
from watcher.model.expectations import Origin, Pin, Unreadable, Unselected

KEEPING = Keeping(retire_after=timedelta(days=8), mass_loss=0.2)
OBJECT = {"kind": "ServiceMonitor", "metadata": {"name": "web"}}


def remembered(before, fresh, *, later=timedelta(0), accepted=frozenset()):
    return remember(before, fresh, keeping=KEEPING, now=NOW + later, accepted=accepted)


def gone(expectations):
    return {job.monitor.name for job in expectations.jobs if job.gone_since}


def test_what_vanished_stays_expected_and_is_marked_as_gone():
    before = some_expectations(a_job(), a_job("db"), objects={a_monitor(): OBJECT})

    merged = remembered(before, some_expectations(a_job("db")))

    assert gone(merged) == {"web"}
    assert merged.objects == {a_monitor(): OBJECT}


def test_the_first_sight_of_a_removal_dates_it():
    once = remembered(some_expectations(a_job()), some_expectations())

    [job] = remembered(once, some_expectations(), later=timedelta(days=1)).jobs

    assert job.gone_since == NOW


def test_a_monitor_that_comes_back_is_not_gone():
    lost = remembered(some_expectations(a_job()), some_expectations())

    merged = remembered(lost, some_expectations(a_job()))

    assert gone(merged) == set()


def test_a_removal_retires_by_age():
    lost = remembered(some_expectations(a_job(), a_job("db")), some_expectations(a_job("db")))

    merged = remembered(lost, some_expectations(a_job("db")), later=timedelta(days=8))

    assert [job.monitor.name for job in merged.jobs] == ["db"]


def test_an_accepted_removal_retires_at_once():
    before = some_expectations(a_job())

    merged = remembered(before, some_expectations(), accepted={a_job().key})

    assert merged.jobs == ()


def test_a_mass_loss_does_not_retire_by_age():
    jobs = [a_job(name) for name in "abcdefghij"]
    lost = remembered(some_expectations(*jobs), some_expectations(*jobs[:5]))

    merged = remembered(lost, some_expectations(*jobs[:5]), later=timedelta(days=99))

    assert gone(merged) == set("fghij")
    assert mass_losses(merged.jobs, (), 0.2).keys() == {"monitoring/k8s"}


def test_a_kind_that_the_api_server_does_not_know_any_more_is_never_forgotten_by_age():
    before = some_expectations(a_job(), a_job("pods", kind="PodMonitor"), a_job("db"))
    without = some_expectations(a_job("db"), unserved=("PodMonitor",))
    lost = remembered(before, without)

    merged = remembered(lost, without, later=timedelta(days=99))

    assert gone(merged) == {"web", "pods"}


def test_what_an_unreadable_kind_hides_is_not_gone():
    blind = Unreadable(source="servicemonitors", error="403", hides=("ServiceMonitor",))
    before = some_expectations(a_job(), a_job("pods", kind="PodMonitor"))

    merged = remembered(before, some_expectations(unreadable=(blind,)))

    assert len(merged.jobs) == 2
    assert gone(merged) == {"pods"}


def test_one_bad_object_hides_only_itself():
    blind = Unreadable(source="x", error="bad", hides=("ServiceMonitor shop/web",))

    merged = remembered(
        some_expectations(a_job(), a_job("db")), some_expectations(unreadable=(blind,))
    )

    assert gone(merged) == {"db"}


def test_without_pods_the_servers_stay_those_that_there_were():
    blind = Unreadable(source="pods", error="403", hides=("Pod",))
    fresh = some_expectations(
        a_job(), prometheuses=(a_prometheus(servers=()),), unreadable=(blind,)
    )

    [prometheus] = remembered(some_expectations(a_job()), fresh).prometheuses

    assert prometheus.servers == a_prometheus().servers


def test_an_endpoint_that_its_owner_removed_is_not_lost():
    before = some_expectations(a_job(), a_job(endpoint=1))

    merged = remembered(before, some_expectations(a_job()))

    assert merged.jobs == (a_job(),)


def test_a_prometheus_that_is_gone_is_watched_on_for_its_jobs():
    merged = remembered(some_expectations(a_job()), some_expectations(prometheuses=()))

    assert [p.name for p in merged.prometheuses] == ["monitoring/k8s"]


def test_what_stays_expected_is_not_listed_as_unselected():
    unselected = Unselected(monitor=a_monitor(), cause="x", nearest=None, lacks="y")

    merged = remembered(some_expectations(a_job()), some_expectations(unselected=(unselected,)))

    assert merged.unselected == ()


def test_of_several_sources_the_first_one_speaks():
    manifest = a_job(origin=Origin.MANIFESTS)

    both = combined([some_expectations(a_job()), some_expectations(manifest, a_job("db"))])

    assert [job.origin for job in both.jobs] == [Origin.MONITOR, Origin.MONITOR]


def test_a_learned_job_that_another_source_explains_is_not_expected_twice():
    learned = replace(a_job(), key="learned", origin=Origin.LEARNED, monitor=None)

    both = combined([some_expectations(a_job()), some_expectations(learned)])

    assert both.jobs == (a_job(),)


def test_a_monitor_that_another_source_has_selected_is_not_called_unselected():
    nobody = Unselected(monitor=a_monitor(), cause="x", nearest=None, lacks="y")
    other = Unselected(monitor=a_monitor("db"), cause="x", nearest=None, lacks="y")
    cluster = some_expectations(unselected=(nobody, other))

    both = combined([cluster, some_expectations(a_job(), unselected=(other,))])

    assert both.unselected == (other,)


def test_a_learned_job_that_is_explained_later_is_no_removal():
    learned = replace(a_job(), key="learned", origin=Origin.LEARNED, monitor=None)

    merged = remembered(some_expectations(learned), some_expectations(a_job()))

    assert merged.jobs == (a_job(),)


def test_a_pool_that_runs_on_for_a_monitor_that_is_gone_is_not_expected_twice():
    running = replace(a_job(), key="running", monitor=None, origin=Origin.CONFIG_FILE)

    [job] = remembered(some_expectations(a_job()), some_expectations(running)).jobs

    assert job.monitor == a_job().monitor
    assert job.gone_since == NOW


def test_a_pin_that_the_settings_have_no_more_is_no_removal():
    pinned = with_pins(some_expectations(a_job()), [Pin(name="x", pool="*")])

    merged = remembered(pinned, some_expectations(a_job()))

    assert merged.jobs == (a_job(),)


def test_a_pin_stays_while_the_prometheuses_cannot_be_read():
    blind = Unreadable(source="prometheuses", error="403", hides=("Prometheus",))
    pinned = with_pins(some_expectations(), [Pin(name="x", pool="*")])

    merged = remembered(pinned, some_expectations(prometheuses=(), unreadable=(blind,)))

    assert [(job.pin.name, job.gone_since) for job in merged.jobs] == [("x", None)]


def test_jobs_of_one_prometheus_or_origin_can_be_hidden_alone():
    jobs = [
        a_job(prometheus="a/a"),
        a_job(prometheus="b/b"),
        replace(a_job("file", prometheus="c/c"), origin=Origin.CONFIG_FILE, monitor=None),
    ]
    blind = Unreadable(source="x", error="y", hides=("monitor a/a", "config_file"))

    merged = remembered(some_expectations(*jobs), some_expectations(unreadable=(blind,)))

    assert [job.prometheus for job in merged.jobs if job.gone_since] == ["b/b"]


def test_a_pin_is_expected_of_every_prometheus_or_of_the_one_it_names():
    two = some_expectations(prometheuses=(a_prometheus("a/a"), a_prometheus("b/b")))

    pinned = with_pins(two, [Pin(name="x", pool="*"), Pin(name="y", prometheus="b/b", least=3)])

    assert [(j.prometheus, j.pin.name, j.steering.min_targets) for j in pinned.jobs] == [
        ("a/a", "x", 1),
        ("b/b", "x", 1),
        ("b/b", "y", 3),
    ]
