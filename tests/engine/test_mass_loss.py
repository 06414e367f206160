"""Removals that are too many at once to be believed."""

from dataclasses import replace

from tests.builders import a_job, before
from watcher.engine.mass_loss import mass_losses


def some_jobs(gone, standing, *, prometheus="a/a", kind="ServiceMonitor"):
    jobs = [a_job(f"j{n}", prometheus=prometheus, kind=kind) for n in range(gone + standing)]
    lost = [replace(job, gone_since=before(hours=n + 1)) for n, job in enumerate(jobs[:gone])]
    return (*lost, *jobs[gone:])


def lost_of(*jobs, unserved=()):
    return mass_losses(jobs, unserved, 0.2)


def test_four_removals_are_no_mass_loss_whatever_their_share():
    assert lost_of(*some_jobs(4, 0)) == {}


def test_five_removals_are_one_when_they_exceed_the_share():
    assert lost_of(*some_jobs(5, 20)) == {}
    assert lost_of(*some_jobs(5, 19)).keys() == {"a/a"}


def test_one_prometheus_can_have_it_while_the_others_stand():
    found = lost_of(*some_jobs(5, 5), *some_jobs(0, 90, prometheus="b/b"))

    assert found.keys() == {"a/a"}
    assert len(found["a/a"].gone) == 5
    assert found["a/a"].expected == 10
    assert found["a/a"].since == before(hours=5)


def test_few_in_each_of_many_are_a_mass_loss_together():
    jobs = [job for p in ("a/a", "b/b", "c/c") for job in some_jobs(4, 0, prometheus=p)]

    assert lost_of(*jobs, *some_jobs(0, 3, prometheus="d/d")).keys() == {"a/a", "b/b", "c/c"}


def test_a_kind_that_is_not_served_makes_any_removal_of_it_one():
    jobs = (*some_jobs(1, 50), *some_jobs(1, 0, prometheus="b/b", kind="PodMonitor"))

    found = lost_of(*jobs, unserved=("PodMonitor", "Probe"))

    assert {name: each.unserved for name, each in found.items()} == {"b/b": ("PodMonitor",)}


def test_without_the_kind_prometheus_whatever_is_gone_is_a_mass_loss():
    found = lost_of(*some_jobs(1, 50), unserved=("Prometheus",))

    assert found["a/a"].unserved == ("Prometheus",)
