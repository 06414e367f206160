"""A small Kubernetes API server on loopback, for the tests and the demo.

    with KubeApi() as api:
        api.apply({"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, ...})
        config = api.kubeconfig(tmp_path / "kubeconfig")

It speaks the real wire protocol: lists with selectors and paging, single objects, watches (plain
and WatchList), patches, RBAC, access reviews, pod logs, the pod proxy, discovery, and the Status
bodies of a real server.
"""

from tests.kube_api.access import User
from tests.kube_api.api import KubeApi, Logged
from tests.kube_api.resources import Object

__all__ = ["KubeApi", "Logged", "Object", "User"]
