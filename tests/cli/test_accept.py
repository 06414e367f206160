"""``watcher accept``: what is gone was meant to go."""

import pytest

from tests.cli.place import pool
from tests.kube_objects import a_service_monitor


@pytest.fixture
def gone(place):
    """Two of three monitors have vanished, from two namespaces, and one watch has seen it."""
    for namespace, name in (("shop", "web"), ("shop", "db"), ("bank", "till")):
        place.api.apply(a_service_monitor(name, namespace))
    place.run("run", "--cycles", "1")
    place.api.delete("ServiceMonitor", "shop", "web")
    place.api.delete("ServiceMonitor", "bank", "till")
    place.run("run", "--cycles", "1")
    return place


def expected(place):
    return {job["pool"] for job in place.run("expect", "--format", "json").json["expected"]}


def test_an_accepted_removal_is_forgotten_at_once_and_the_others_stay(gone):
    ran = gone.run("accept", pool("web"))

    assert ran.code == 0
    assert ran.out == f"accepted: monitoring/k8s {pool('web')}\n"
    assert expected(gone) == {pool("db"), pool("till", "bank")}
    assert "missing" not in gone.run("once", "db").out


def test_all_removals_of_a_namespace_are_accepted_and_again_none(gone):
    first, second = gone.run("accept", "--all-in", "bank"), gone.run("accept", "--all-in", "bank")

    assert (first.code, second.code) == (0, 0)
    assert first.out == f"accepted: monitoring/k8s {pool('till', 'bank')}\n"
    assert second.out == "nothing in namespace bank is gone\n"
    assert expected(gone) == {pool("db"), pool("web")}


def test_an_accepted_job_that_comes_back_is_expected_again(gone):
    gone.run("accept", "web")
    gone.run("run", "--cycles", "1")
    gone.api.apply(a_service_monitor("web", "shop"))

    assert pool("web") in expected(gone)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["db"], f"{pool('db')} is not gone: ServiceMonitor shop/db asked for it"),
        (["nothing"], "nothing is no expected job"),
        ([], "name the JOBs whose removal is meant, or --all-in NAMESPACE"),
        (["web", "--all-in", "shop"], "one of them"),
    ],
)
def test_what_cannot_be_accepted_is_told(gone, words, told):
    ran = gone.run("accept", *words)

    assert ran.code == 3
    assert told in ran.err
    assert len(expected(gone)) == 3


def test_where_nothing_is_remembered_nothing_is_made(place):
    ran = place.run("accept", "web")

    assert ran.code == 2
    assert "nothing is remembered yet" in ran.err
    assert not (place.folder / "watcher.db").exists()
