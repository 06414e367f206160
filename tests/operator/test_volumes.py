import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.operator.things import NOW, prometheus, thing
from watcher.operator.drift import drift, owner_of
from watcher.operator.resource_mounts import resource_mounts
from watcher.operator.volumes import (
    Mount,
    covers,
    normal,
    pod_mounts,
    pod_template_mounts,
    revision_mounts,
    volume_name,
)

KUBELET = "/etc/ssl/private/kubelet"


def pod_spec(*mounts, volumes=()):
    return {
        "containers": [
            {"name": "config-reloader", "volumeMounts": [{"name": "x", "mountPath": "/elsewhere"}]},
            {"name": "prometheus", "volumeMounts": list(mounts)},
        ],
        "volumes": list(volumes),
    }


def stateful_set(*mounts, volumes=(), **fields):
    spec = {"template": {"spec": pod_spec(*mounts, volumes=volumes)}}
    return thing("StatefulSet", "prometheus-k8s", spec=spec, **fields)


def mounted(path, name="tls", **fields):
    return {"name": name, "mountPath": path, **fields}


def of_secret(name="tls", named="kubelet-tls", **fields):
    return {"name": name, "secret": {"secretName": named, **fields}}


OWN = [
    mounted("/etc/prometheus/config_out", "config-out"),
    mounted("/etc/prometheus/certs", "tls-assets"),
    mounted("/prometheus", "prometheus-k8s-db"),
    mounted("/etc/prometheus/rules/prometheus-k8s-rulefiles-4", "prometheus-k8s-rulefiles-4"),
    mounted("/etc/prometheus/web_config/web-config.yaml", "web-config"),
    mounted("/etc/prometheus/web_config/secret/x", "web-config-tls-secret-key-x"),
]


def test_a_file_is_covered_by_the_mount_above_it():
    mounts = pod_template_mounts(stateful_set(mounted(KUBELET), volumes=[of_secret()]))

    found = covers(mounts, f"{KUBELET}/tls.crt")

    assert found is not None
    assert (found.volume, found.secret, found.path) == ("tls", "kubelet-tls", KUBELET)
    assert covers(mounts, "/etc/ssl/private/kubelet-other/tls.crt") is None


@pytest.mark.parametrize(
    "file", [f"/{KUBELET}//tls.crt", f"{KUBELET}/../kubelet/./tls.crt", f"{KUBELET}/"]
)
def test_paths_are_compared_as_the_system_reads_them(file):
    assert covers([Mount(path=f"{KUBELET}/", volume="tls")], file) is not None


def test_a_relative_path_starts_where_the_configuration_stands():
    assert normal("tls.crt") == "/etc/prometheus/config_out/tls.crt"


@given(st.lists(st.sampled_from(["a", "b", ".", "..", ""]), max_size=8).map("/".join))
def test_a_normal_path_stays_as_it_is(path):
    assert normal(normal(path)) == normal(path)


def test_the_token_of_the_service_account_is_always_there():
    assert covers([], "/var/run/secrets/kubernetes.io/serviceaccount/token") is not None


def test_a_mount_that_takes_only_some_keys_covers_only_these():
    volume = of_secret(items=[{"key": "tls.crt", "path": "client/cert.pem"}])

    mounts = pod_template_mounts(stateful_set(mounted(KUBELET), volumes=[volume]))

    assert mounts[0].keys == (("tls.crt", "client/cert.pem"),)
    assert covers(mounts, f"{KUBELET}/client/cert.pem") is not None
    assert covers(mounts, f"{KUBELET}/tls.crt") is None


def test_one_file_can_be_mounted_alone():
    file = f"{KUBELET}/tls.crt"
    mounts = pod_template_mounts(
        stateful_set(mounted(file, subPath="tls.crt"), volumes=[of_secret()])
    )

    assert mounts[0].sub_path == "tls.crt"
    assert covers(mounts, file) is not None
    assert covers(mounts, f"{KUBELET}/tls.key") is None


def test_the_deepest_mount_hides_what_is_below_it():
    keys = (("a", "a"),)
    mounts = [Mount(path="/etc", volume="wide"), Mount(path="/etc/ssl", volume="deep", keys=keys)]

    assert covers(mounts, "/etc/other").volume == "wide"
    assert covers(mounts, "/etc/ssl/a").volume == "deep"
    assert covers(mounts, "/etc/ssl/b") is None


def test_a_projected_volume_of_one_secret_is_that_secret():
    one = {"name": "p", "projected": {"sources": [{"secret": {"name": "s"}}]}}
    sources = [
        {"secret": {"name": "s", "items": [{"key": "a", "path": "x"}]}},
        {"configMap": {"name": "c", "items": [{"key": "b", "path": "y"}]}},
    ]
    two = {"name": "p", "projected": {"sources": sources}}

    (single,) = pod_template_mounts(stateful_set(mounted("/p", "p"), volumes=[one]))
    (double,) = pod_template_mounts(stateful_set(mounted("/p", "p"), volumes=[two]))

    assert (single.secret, single.keys) == ("s", None)
    assert (double.secret, double.config_map) == (None, None)
    assert double.keys == (("a", "x"), ("b", "y"))


def test_a_revision_and_a_pod_are_read_as_the_stateful_set_is():
    spec = pod_spec(mounted(KUBELET), volumes=[of_secret()])
    revision = thing("ControllerRevision", "r", data={"spec": {"template": {"spec": spec}}})

    assert revision_mounts(revision) == pod_mounts(thing("Pod", "p", spec=spec))
    assert revision_mounts(revision)[0].secret == "kubelet-tls"


@pytest.mark.parametrize(
    ("name", "volume"),
    [
        ("kubelet-tls", "secret-kubelet-tls"),
        ("My.Secret_1", "secret-my-secret-1"),
        ("x" * 80, "secret-" + "x" * 56),
        ("a.", "secret-a"),
    ],
)
def test_names_of_volumes_are_made_as_the_operator_makes_them(name, volume):
    assert volume_name("secret", name) == volume


def test_what_the_resource_asks_for_is_mounted():
    resource = prometheus(
        secrets=["kubelet-tls"],
        configMaps=["ca.bundle"],
        volumes=[of_secret("extra", "other")],
        volumeMounts=[mounted("/extra", "extra")],
    )

    mounts = resource_mounts(resource)

    assert covers(mounts, "/etc/prometheus/secrets/kubelet-tls/tls.crt").secret == "kubelet-tls"
    assert covers(mounts, "/etc/prometheus/configmaps/ca.bundle/ca.crt").config_map == "ca.bundle"
    assert covers(mounts, "/extra/x").secret == "other"
    assert covers(mounts, f"{KUBELET}/tls.crt") is None


def test_a_merged_container_adds_mounts_and_replaces_those_at_its_paths():
    container = {
        "name": "prometheus",
        "volumeMounts": [mounted("/extra", "two"), mounted("/more", "two")],
    }
    resource = prometheus(
        volumes=[of_secret("one", "one"), of_secret("two", "two")],
        volumeMounts=[mounted("/extra", "one")],
        containers=[container, {"name": "proxy", "volumeMounts": [mounted("/no", "one")]}],
    )

    found = {mount.path: mount.secret for mount in resource_mounts(resource)}

    assert (found["/extra"], found["/more"]) == ("two", "two")
    assert "/no" not in found


def test_volumes_of_the_spec_do_nothing_for_an_agent_on_every_node():
    agent = prometheus(
        kind="PrometheusAgent",
        mode="DaemonSet",
        volumes=[of_secret()],
        volumeMounts=[mounted(KUBELET)],
    )

    assert covers(resource_mounts(agent), f"{KUBELET}/tls.crt").secret is None


def test_what_the_operator_itself_mounts_is_no_drift():
    volumes = [
        {"name": "config", "secret": {"secretName": "prometheus-k8s"}},
        of_secret("secret-a"),
    ]
    found = stateful_set(*OWN, mounted("/etc/prometheus/secrets/a", "secret-a"), volumes=volumes)

    assert not drift(prometheus(secrets=["a"]), found)


def test_a_hand_patch_is_drift():
    found = drift(prometheus(), stateful_set(*OWN, mounted(KUBELET), volumes=[of_secret()]))

    assert found
    assert [(m.path, m.secret) for m in found.mounts] == [(KUBELET, "kubelet-tls")]
    assert found.volumes == ("tls",)


def test_a_patch_that_takes_over_an_expected_path_is_drift_too():
    patched = mounted("/etc/prometheus/secrets/a", "tls")

    found = drift(prometheus(secrets=["a"]), stateful_set(patched, volumes=[of_secret()]))

    assert [m.volume for m in found.mounts] == ["tls"]


def test_a_custom_claims_name_is_no_drift():
    storage = {"volumeClaimTemplate": {"metadata": {"name": "data"}, "spec": {}}}

    assert not drift(prometheus(storage=storage), stateful_set(mounted("/prometheus", "data")))


def managed(manager, time, *, volume=None, path=None):
    pod = {
        "f:volumes": {f'k:{{"name":"{volume}"}}': {".": {}}} if volume else {},
        "f:containers": {
            'k:{"name":"prometheus"}': {
                "f:volumeMounts": {f'k:{{"mountPath":"{path}"}}': {".": {}}} if path else {}
            }
        },
    }
    fields = {"f:spec": {"f:template": {"f:spec": pod}}}
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields}


def test_managed_fields_tell_who_mounted_what_and_when():
    found = stateful_set(
        managedFields=[
            managed("PrometheusOperator", "2026-11-23T04:00:00Z", path="/etc/prometheus/certs"),
            managed("kubectl-edit", "2026-11-22T05:00:00Z", volume="tls"),
            managed("kubectl-patch", "2026-11-23T05:00:00Z", volume="tls", path=KUBELET),
        ]
    )

    by_mount, by_volume = owner_of(found, mount_path=KUBELET), owner_of(found, volume="tls")

    assert by_mount is not None
    assert (by_mount.manager, by_mount.operation, by_mount.at) == ("kubectl-patch", "Update", NOW)
    assert by_volume == by_mount
    assert owner_of(found, volume="other") is None
    assert owner_of(stateful_set(), mount_path=KUBELET) is None
