import pytest

from tests.kube_objects import a_prometheus_pod, a_stateful_set
from tests.pems import verdicts
from watcher.model.facts import Known, Unavailable
from watcher.model.kube import KubeObject
from watcher.operator.spots import Spot, mounts_in_use, spots, standing
from watcher.operator.volumes import Mount

ASSETS = "/etc/prometheus/certs"
MOUNTS = (
    Mount(path="/etc/prometheus/secrets/web", volume="secret-web", secret="web"),
    Mount(path="/etc/ca", volume="ca", config_map="ca", keys=(("root.crt", "ca.crt"),)),
    Mount(path=ASSETS, volume="tls-assets", secret="prometheus-k8s-tls-assets-0"),
    Mount(path="/data", volume="data"),
)
FORBIDDEN = Unavailable("403 Forbidden", "get secrets in namespace monitoring")


def a_spot(name="web", key="tls.crt", kind="secret", namespace="monitoring"):
    return Spot(kind=kind, namespace=namespace, name=name, key=key)


@pytest.mark.parametrize(
    ("file", "behind"),
    [
        ("/etc/prometheus/secrets/web/tls.crt", [a_spot()]),
        ("../secrets/web/tls.crt", [a_spot()]),
        ("/etc/ca/ca.crt", [a_spot("ca", "root.crt", "configmap")]),
        ("/etc/ca/other.crt", []),
        ("/data/tls.crt", []),
        ("/etc/ssl/certs/ca.pem", []),
        (
            f"{ASSETS}/0_shop_web-tls_tls_key.pem",
            [
                a_spot("prometheus-k8s-tls-assets-0", "0_shop_web-tls_tls_key.pem"),
                a_spot("web-tls", "tls_key.pem", namespace="shop"),
            ],
        ),
        (
            f"{ASSETS}/1_shop_ca_ca.crt",
            [
                a_spot("prometheus-k8s-tls-assets-0", "1_shop_ca_ca.crt"),
                a_spot("ca", "ca.crt", "configmap", "shop"),
            ],
        ),
        (
            f"{ASSETS}/secret_shop_web-tls_tls.crt",
            [
                a_spot("prometheus-k8s-tls-assets-0", "secret_shop_web-tls_tls.crt"),
                a_spot("web-tls", "tls.crt", namespace="shop"),
            ],
        ),
    ],
)
def test_a_file_stands_under_a_key_of_what_is_mounted_and_that_may_be_a_copy(file, behind):
    assert list(spots(file, MOUNTS, "monitoring")) == behind


def test_copies_in_several_secrets_lead_to_their_source_alone():
    mounts = (Mount(path=ASSETS, volume="tls-assets"),)

    found = spots(f"{ASSETS}/0_shop_web-tls_tls.crt", mounts, "monitoring")

    assert found == (a_spot("web-tls", "tls.crt", namespace="shop"),)


def test_of_several_spots_the_first_counts_that_may_be_read():
    keys = {
        "secret/monitoring/web": FORBIDDEN,
        "secret/monitoring/source": Known(verdicts(tls__crt="certificate one")),
    }

    found = standing((a_spot(), a_spot("source")), keys)

    assert found.value[0] == a_spot("source")
    assert standing((a_spot(),), keys) == FORBIDDEN


@pytest.mark.parametrize("held", [None, {}])
def test_what_is_not_there_is_known_to_be_so(held):
    assert standing((a_spot(),), {"secret/monitoring/web": Known(held)}) == Known(None)


def test_a_file_that_no_secret_holds_is_not_known():
    assert "no Secret" in standing((), {}).reason


def test_mounts_are_those_of_the_pods_else_of_what_makes_them():
    template = (KubeObject(a_stateful_set(mounts=[("/a", "a")])),)
    spec = template[0].raw["spec"]["template"]["spec"]
    pods = (KubeObject(a_prometheus_pod() | {"spec": spec}),)

    of_pods = mounts_in_use(pods, FORBIDDEN)
    of_template = mounts_in_use((), template)

    assert [mount.secret for mount in of_pods] == ["a"]
    assert of_template == of_pods
    assert mounts_in_use((), ()) == ()
    assert mounts_in_use((), FORBIDDEN) is None
    assert mounts_in_use(FORBIDDEN, FORBIDDEN) is None


def test_the_commands_name_the_key():
    secret, config_map = a_spot(), a_spot(kind="configmap")

    assert secret.certificate() == (
        "kubectl -n monitoring get secret web -o go-template="
        "'{{index .data \"tls.crt\" | base64decode}}' | openssl x509 -noout -subject -dates"
    )
    assert '{{index .data "tls.crt"}}' in config_map.certificates()
    assert config_map.describe() == "kubectl -n monitoring describe configmap web"
    assert str(config_map) == "ConfigMap monitoring/web"
