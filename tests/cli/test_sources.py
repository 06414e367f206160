"""Other places that say what should be scraped, all combined, through the real command line."""

import subprocess
import sys

import pytest
import yaml

from tests.cli.place import pool
from tests.kube_objects import a_service_monitor, an_object

SHOP = pool("web")


def once(place, *words):
    ran = place.run("once", *words, "--format", "json")
    return {job["pool"]: job for job in ran.json["jobs"]}


def alone(place, **expect):
    """One Prometheus by its address, without a cluster."""
    return place.settings(
        kubernetes=None,
        prometheuses=[{"name": "edge", "servers": [{"name": "edge-0", "url": place.server.url}]}],
        expect=expect,
    )


@pytest.fixture
def no_cluster(place, monkeypatch):
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return place


def test_manifests_of_git_are_expected_whatever_the_cluster_says(place):
    folder = place.folder / "git"
    folder.mkdir()
    (folder / "web.yaml").write_text(yaml.safe_dump(a_service_monitor("web", "shop")))
    place.settings(expect={"manifests": [str(folder)]})

    jobs = once(place)

    assert jobs[SHOP]["source"] == "manifests"
    assert jobs[SHOP]["state"] == "missing"
    assert jobs[SHOP]["cause"] == "monitor-deleted"


def test_what_both_ask_for_is_expected_once_and_the_cluster_speaks(place):
    place.api.apply(a_service_monitor("web", "shop"))
    file = place.write("git.yaml", a_service_monitor("web", "shop"))
    place.settings(expect={"manifests": [str(file)]})
    place.scrapes(SHOP)

    jobs = once(place)

    assert {name: (job["source"], job["state"]) for name, job in jobs.items()} == {
        SHOP: ("monitor", "healthy")
    }


def test_rendered_manifests_come_by_standard_input(place):
    place.settings(expect={"manifests": ["-"]})
    place.scrapes(SHOP)
    ran = subprocess.run(
        [sys.executable, "-m", "watcher", "expect", "--config", place.settings()],
        input=yaml.safe_dump(a_service_monitor("web", "shop")),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert SHOP in ran.stdout
    assert "manifests" in ran.stdout


def test_a_configuration_file_is_expected_of_the_only_prometheus(no_cluster):
    file = no_cluster.write(
        "prometheus.yml",
        {
            "scrape_configs": [
                {"job_name": "node", "static_configs": [{"targets": ["a:1", "b:1"]}]},
                {"job_name": "lost", "static_configs": [{"targets": ["c:1"]}]},
            ]
        },
    )
    alone(no_cluster, config_files=[str(file)])
    no_cluster.scrapes("node", targets=1)

    jobs = once(no_cluster)

    assert {name: (job["source"], job["state"]) for name, job in jobs.items()} == {
        "node": ("config_file", "degraded"),
        "lost": ("config_file", "missing"),
    }
    assert jobs["node"]["targets"]["expected"] == 2


def test_several_prometheuses_each_have_their_own_file(no_cluster):
    files = {
        name: str(no_cluster.write(name, {"scrape_configs": [{"job_name": f"of-{name}"}]}))
        for name in ("one", "two")
    }
    server = {"name": "s", "url": no_cluster.server.url}
    expect = {"config_files": [{"path": files[n], "prometheus": n} for n in files]}
    no_cluster.settings(
        kubernetes=None,
        prometheuses=[{"name": name, "servers": [server]} for name in files],
        expect=expect,
    )

    ran = no_cluster.run("expect", "--format", "json")

    assert [(job["prometheus"], job["pool"]) for job in ran.json["expected"]] == [
        ("one", "of-one"),
        ("two", "of-two"),
    ]


@pytest.mark.parametrize("prometheus", [None, "other"])
def test_a_configuration_file_of_nobody_is_wrong_usage(place, prometheus):
    server = {"name": "s", "url": place.server.url}
    place.settings(
        prometheuses=[{"name": name, "servers": [server]} for name in ("a", "b")],
        expect={"config_files": [{"path": "x.yml", "prometheus": prometheus}]},
    )

    ran = place.run("expect")

    assert ran.code == 3
    assert "set its prometheus to one of those" in ran.err


def test_without_any_source_the_running_configuration_is_remembered(no_cluster):
    alone(no_cluster)
    no_cluster.scrapes("node", "db")
    no_cluster.run("run", "--cycles", "1")
    no_cluster.scrapes("node")

    jobs = once(no_cluster)

    assert {name: job["state"] for name, job in jobs.items()} == {
        "node": "healthy",
        "db": "missing",
    }


def test_what_was_learned_is_missed_when_it_goes(place):
    place.api.apply(a_service_monitor("web", "shop"))
    place.settings(expect={"learned": True})
    place.scrapes(SHOP, "by-hand")
    place.run("run", "--cycles", "1")
    place.scrapes(SHOP)

    jobs = once(place)

    assert {name: (job["source"], job["state"]) for name, job in jobs.items()} == {
        SHOP: ("monitor", "healthy"),
        "by-hand": ("learned", "missing"),
    }


def test_a_pin_for_the_nodes_is_degraded_with_fewer_targets_than_there_are(place):
    for number in range(3):
        place.api.apply(an_object("Node", f"node-{number}"))
    pinned = [{"name": "kubelet", "pool": "*/kubelet/*", "targets": "nodes"}]
    place.settings(expect={"pinned": pinned})
    kubelet = pool("kubelet", "monitoring")
    place.scrapes(kubelet, targets=2)
    fewer = once(place)
    place.scrapes(kubelet, targets=3)

    assert fewer[kubelet]["state"] == "degraded"
    assert once(place)[kubelet]["state"] == "healthy"


def test_an_ignored_job_comes_back_when_its_time_is_over(place):
    raw = a_service_monitor("web", "shop")
    raw["metadata"]["annotations"] = {"watcher/ignore": "true", "watcher/until": "2999-01-01"}
    place.api.apply(raw)
    while_ignored = place.run("once")
    raw["metadata"]["annotations"]["watcher/until"] = "2020-01-01"
    place.api.apply(raw)
    after = place.run("once")

    assert (while_ignored.code, after.code) == (0, 1)
    assert "MISSING serviceMonitor/shop/web/0 (ignored until 2999-01-01 00:00 UTC)" in (
        while_ignored.out
    )
    assert "ignored" not in after.out
