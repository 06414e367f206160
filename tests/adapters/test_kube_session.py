"""Where the Kubernetes API is found, and as whom it is spoken to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kube_api import KubeApi as Cluster
from tests.kube_objects import connected
from tests.patience import PATIENCE
from watcher.adapters.kubernetes.api import connect
from watcher.adapters.kubernetes.resources import NAMESPACES
from watcher.errors import ConfigError, SourceUnavailable
from watcher.settings import KubernetesSettings

ASK = """
from watcher.adapters.kubernetes.api import connect
found = connect(None)
print(found and found.server)
"""


@pytest.fixture
def cluster():
    with Cluster(check_tokens=True) as api:
        yield api


def found_by_a_new_process(**environment):
    """What a process finds by its surroundings; the client reads KUBECONFIG when imported."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KUBE")}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return done.stdout.strip()


def test_kubeconfig_of_the_environment_is_taken(cluster, tmp_path):
    path = cluster.kubeconfig(tmp_path / "kubeconfig")

    assert found_by_a_new_process(KUBECONFIG=str(path)) == cluster.url


def test_a_kubeconfig_that_merely_lies_in_the_home_directory_is_left_alone(cluster, tmp_path):
    (tmp_path / ".kube").mkdir()
    cluster.kubeconfig(tmp_path / ".kube" / "config")

    assert found_by_a_new_process(HOME=str(tmp_path)) == "None"


def test_a_context_without_a_kubeconfig_is_an_error(monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    with pytest.raises(ConfigError, match=r"kubernetes\.context: there is no kubeconfig"):
        connect(KubernetesSettings(context="production"))


def test_a_context_that_is_not_in_the_kubeconfig_is_an_error(cluster, tmp_path):
    path = cluster.kubeconfig(tmp_path / "kubeconfig")

    with pytest.raises(ConfigError, match="production"):
        connect(KubernetesSettings(kubeconfig=path, context="production"))


def test_the_token_goes_to_the_api_server_and_nowhere_else(cluster, tmp_path):
    with Cluster(check_tokens=True) as other:
        session = connected(cluster, tmp_path).proxy_session()

        with session:
            at_home = session.get(f"{cluster.url}/version", timeout=PATIENCE)
            elsewhere = session.get(f"{other.url}/version", timeout=PATIENCE)

    assert (at_home.status_code, elsewhere.status_code) == (200, 401)
    assert [request.user for request in other.requests] == [""]


def test_a_token_is_in_no_error(cluster, tmp_path):
    api = connected(cluster, tmp_path, token="s3cr3t-t0k3n")

    with pytest.raises(SourceUnavailable) as caught:
        api.list(NAMESPACES)
    assert "s3cr3t" not in str(caught.value)


def test_a_name_in_the_certificate_other_than_the_address_is_expected_where_said(tmp_path):
    with Cluster(tls=True) as cluster:
        path = cluster.kubeconfig(tmp_path / "kubeconfig")
        path.write_text(
            path.read_text().replace("server:", "tls-server-name: other.example\n    server:")
        )
        api = connect(KubernetesSettings(kubeconfig=path))

        with pytest.raises(SourceUnavailable, match=r"other\.example"):
            api.list(NAMESPACES)
