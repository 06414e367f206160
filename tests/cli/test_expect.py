"""``watcher expect``: what should be scraped, the last seen objects, and monitors before a merge."""

import subprocess
import sys

import pytest
import yaml

from tests.cli.place import pool
from tests.kube_objects import a_service, a_service_monitor, an_object
from tests.pems import a_secret

UNTIL = "2999-01-01T00:00:00Z"


def monitor(name="web", **spec):
    return a_service_monitor(name, "shop", **spec)


def serving(place, *ports):
    """Something behind each of *ports* for a monitor that selects every Service, and the right to see it."""
    named = [{"name": port, "port": 80} for port in ports]
    place.api.apply(a_service("web", "shop", ports=named))
    subset = {"addresses": [{"ip": "10.0.1.1"}], "ports": named}
    place.api.apply(an_object("Endpoints", "web", "shop") | {"subsets": [subset]})
    place.api.allow("system:serviceaccount:monitoring:prometheus-k8s", "*")


def of(document):
    return {job["pool"]: job for job in document["expected"]}


def test_every_expected_job_is_listed_with_its_source(place):
    place.api.apply(monitor())
    place.settings(expect={"pinned": [{"name": "nodes", "pool": "*/node-exporter/*"}]})

    ran = place.run("expect", "--format", "json")

    assert ran.code == 0
    assert {(job["pool"], job["source"]) for job in ran.json["expected"]} == {
        (pool("web"), "monitor"),
        ("*/node-exporter/*", "pinned"),
    }


def test_the_text_names_source_and_sum(place):
    place.api.apply(monitor())

    ran = place.run("expect")

    assert pool("web") in ran.out
    assert "monitor" in ran.out
    assert "1 job expected" in ran.out


def test_a_job_that_is_gone_is_listed_and_marked(place):
    place.api.apply(monitor("web"))
    place.api.apply(monitor("db"))
    place.run("run", "--cycles", "1")
    place.api.delete("ServiceMonitor", "shop", "web")

    text, jobs = place.run("expect"), of(place.run("expect", "--format", "json").json)

    assert "gone since" in text.out
    assert "1 of them gone" in text.out
    assert jobs[pool("web")]["gone_since"] is not None
    assert jobs[pool("db")]["gone_since"] is None


def test_an_ignored_job_is_listed_with_reason_and_end(place):
    annotations = {"watcher/ignore": "true", "watcher/reason": "moves", "watcher/until": UNTIL}
    raw = monitor()
    raw["metadata"]["annotations"] = annotations
    place.api.apply(raw)

    ran = place.run("expect")

    assert "ignored until 2999-01-01 00:00 UTC: moves" in ran.out


def test_the_last_seen_object_can_be_applied_again(place):
    raw = monitor(endpoints=[{"port": "http", "path": "/métriques", "interval": "1e3"}])
    raw["metadata"] |= {"managedFields": [{"manager": "kubectl"}], "labels": {"release": "0o17"}}
    place.api.apply(raw)
    place.run("run", "--cycles", "1")
    place.api.delete("ServiceMonitor", "shop", "web")

    ran = place.run("expect", pool("web"), "--manifest")
    again = yaml.safe_load(ran.out)

    assert ran.code == 0
    assert again == {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"release": "0o17"}},
        "spec": raw["spec"],
    }
    assert 'release: "0o17"' in ran.out
    place.api.apply_all(ran.out)
    assert of(place.run("expect", "--format", "json").json)[pool("web")]["gone_since"] is None


def test_two_jobs_of_one_monitor_print_it_once(place):
    place.api.apply(monitor("two", endpoints=[{"port": "a"}, {"port": "b"}]))
    place.api.apply(monitor("db"))

    ran = place.run("expect", "shop/two", "db", "--manifest")

    assert [each["metadata"]["name"] for each in yaml.safe_load_all(ran.out)] == ["db", "two"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["expect", "shop/nothing"],
            "shop/nothing is no expected job: `watcher expect` lists them",
        ),
        (["expect", "--manifest"], "--manifest: name the JOB whose object is wanted"),
        (["expect", "pinned-*", "--manifest"], "no object of it was ever seen"),
        (["expect", "web", "--monitor", "x.yaml"], "--monitor: alone"),
        (["expect", "--monitor", "/nowhere/x.yaml"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_told_and_is_wrong_usage(place, words, told):
    place.api.apply(monitor())
    place.settings(expect={"pinned": [{"name": "x", "pool": "pinned-*"}]})

    ran = place.run(*words)

    assert ran.code == 3
    assert told in ran.err


def test_nothing_expected_at_all_is_cannot_tell(place):
    assert place.run("expect").code == 2


def test_a_monitor_in_a_file_would_be_selected_and_accepted(place):
    serving(place, "a", "b")
    file = place.write("new.yaml", monitor("new", endpoints=[{"port": "a"}, {"port": "b"}]))

    ran = place.run("expect", "--monitor", file)

    assert ran.code == 0
    assert "ServiceMonitor shop/new: would be taken" in ran.out
    assert f"selected and accepted: {pool('new', endpoint=0)}, {pool('new', endpoint=1)}" in ran.out


def test_a_monitor_that_nobody_would_select_says_what_lacks(place):
    prometheus = place.api.get("Prometheus", "monitoring", "k8s")
    prometheus["spec"]["serviceMonitorSelector"] = {"matchLabels": {"release": "main"}}
    place.api.apply(prometheus)
    file = place.write("new.yaml", monitor("new"))

    ran = place.run("expect", "--monitor", file)

    assert ran.code == 1
    assert "ServiceMonitor shop/new: would not be scraped" in ran.out
    assert "monitoring/k8s: not selected: " in ran.out
    assert "release" in ran.out


def test_a_monitor_that_the_operator_would_reject_says_so_in_its_words(place):
    late = {"port": "http", "interval": "30s", "scrapeTimeout": "1m"}
    file = place.write("new.yaml", monitor("new", endpoints=[late]))

    ran = place.run("expect", "--monitor", file, "--format", "json")
    [told] = ran.json["monitors"]

    assert ran.code == 1
    assert told["taken"] is False
    assert told["prometheuses"][0]["accepted"] is False
    assert (
        'scrapeTimeout "1m" greater than scrapeInterval "30s"' in told["prometheuses"][0]["why"][0]
    )


def test_of_several_monitors_each_is_judged_and_one_that_fails_is_found(place):
    bad = monitor("bad", selector={"matchExpressions": [{"key": "a", "operator": "In"}]})
    file = place.write("new.yaml", "---\n".join(yaml.safe_dump(m) for m in (monitor("good"), bad)))

    ran = place.run("expect", "--monitor", file, "--format", "json")

    assert ran.code == 1
    assert [(m["monitor"]["name"], m["taken"]) for m in ran.json["monitors"]] == [
        ("good", True),
        ("bad", False),
    ]


def secret(name="login", **keys):
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": keys}


def with_login():
    password = {"name": "login", "key": "password"}
    return monitor(
        "new",
        endpoints=[{"port": "http", "basicAuth": {"username": password, "password": password}}],
    )


def test_a_secret_that_is_not_there_makes_the_operator_reject(place):
    file = place.write("new.yaml", with_login())

    ran = place.run("expect", "--monitor", file)

    assert ran.code == 1
    assert 'secrets "login" not found' in ran.out


def test_a_secret_in_the_cluster_or_beside_the_monitor_in_the_file_is_there(place):
    serving(place, "http")
    file = place.write("alone.yaml", with_login())
    both = "---\n".join(map(yaml.safe_dump, (with_login(), secret(password="eA=="))))
    together = place.run("expect", "--monitor", place.write("both.yaml", both))
    place.api.apply(secret(password="eA=="))

    assert together.code == 0
    assert place.run("expect", "--monitor", file).code == 0


def test_secrets_that_may_not_be_read_leave_it_open(place):
    user = "system:serviceaccount:monitoring:watcher"
    for group, kinds in (("monitoring.coreos.com", "*"), ("apps", "*"), ("", "namespaces")):
        place.api.allow(user, "list", group, kinds, "*")
    token = place.api.token_for("monitoring", "watcher")
    kubeconfig = place.api.kubeconfig(place.folder / "poor", token)
    place.settings(kubernetes={"kubeconfig": str(kubeconfig)})

    ran = place.run("expect", "--monitor", place.write("new.yaml", with_login()))

    assert ran.code == 2
    assert "whether it is accepted cannot be told: " in ran.out
    assert "'login' could not be read" in ran.out


def test_certificates_in_the_cluster_or_beside_the_monitor_are_judged_before_the_merge(place):
    tls = {"cert": {"secret": {"name": "tls", "key": "tls.crt"}}}
    tls |= {"keySecret": {"name": "tls", "key": "tls.key"}}
    new = monitor("new", endpoints=[{"port": "http", "tlsConfig": tls}])
    pair = a_secret(namespace="shop", tls__crt="certificate one", tls__key="key one")
    place.api.apply(a_secret(namespace="shop", tls__crt="certificate one", tls__key="key two"))

    serving(place, "http")
    alone = place.run("expect", "--monitor", place.write("new.yaml", new))
    fixed = place.run(
        "expect",
        "--monitor",
        place.write("both.yaml", "---\n".join(map(yaml.safe_dump, (new, pair)))),
    )

    assert alone.code == 1
    assert "tls: private key does not match public key" in " ".join(alone.out.split())
    assert fixed.code == 0


def test_a_file_without_a_namespace_goes_by_the_option(place):
    raw = monitor("new")
    del raw["metadata"]["namespace"]
    file = place.write("new.yaml", raw)

    ran = place.run("expect", "--monitor", file, "--namespace", "shop", "--format", "json")

    assert ran.json["monitors"][0]["monitor"]["namespace"] == "shop"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind: ConfigMap\nmetadata: {name: x}\n", "there is no monitor in it"),
        ("kind: ServiceMonitor\nspec: [\n", "not valid YAML"),
        ("kind: ServiceMonitor\nmetadata: {}\n", "field metadata.name: expected a name"),
        (
            "kind: ServiceMonitor\nmetadata: {name: x}\nspec: {endpoints: {port: http}}\n",
            "ServiceMonitor default/x: field spec.endpoints: expected a list",
        ),
    ],
)
def test_a_file_that_cannot_be_used_names_the_field(place, text, told):
    ran = place.run("expect", "--monitor", place.write("new.yaml", text))

    assert ran.code == 3
    assert told in ran.err


def test_rendered_output_comes_by_standard_input(place):
    serving(place, "http")
    command = [sys.executable, "-m", "watcher", "expect", "--monitor", "-"]
    ran = subprocess.run(
        [*command, "--config", place.settings()],
        input=yaml.safe_dump(monitor("new")),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert "shop/new: would be taken" in ran.stdout
